"""Nothing is seen without a login, and what a login is worth."""

from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from msgspec import structs
from starlette.applications import Starlette

from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.page import LedgerActions, Page
from fcpin.receiver.settings.model import PageSettings
from fcpin.receiver.settings.secrets import Secret
from tests.receiver.page.conftest import SETTINGS, STACKS
from tests.receiver.page.page_client import HoldsFile, PageClient, Wakes
from tests.receiver.page.samples import TOKEN, everything
from tests.support.clock import ManualClock

PATHS = ["/", "/history", "/functions/prod/checkout", "/jobs/5b1d0c9f2a77"]


def another_page(ledger: Ledger, clock: ManualClock, settings: PageSettings, visitor: PageClient) -> PageClient:
    """The same client at another process."""
    page = Page(ledger, LedgerActions(ledger, HoldsFile(), Wakes(), clock), settings, STACKS, clock)
    return replace(visitor, app=Starlette(routes=list(page.routes())))


@pytest.mark.parametrize("path", PATHS)
def test_an_anonymous_client_is_sent_to_the_login_and_then_to_where_it_was_going(
    anonymous: PageClient, path: str
) -> None:
    answer = anonymous.get(path)
    assert (answer.status, answer.text) == (303, "")
    assert answer.header("location") == f"/login?next={path}"
    assert anonymous.log_in(target=path).header("location") == path


def test_an_anonymous_client_hears_nothing(anonymous: PageClient, ledger: Ledger) -> None:
    everything(ledger)
    answer = anonymous.get("/events")
    assert answer.status == 401
    assert "main-12" not in answer.text


ELSEWHERE = ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a//b", ""]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_login_leads_to_no_other_site(anonymous: PageClient, target: str) -> None:
    assert anonymous.log_in(target=target).header("location") == "/"


def test_a_name_with_signs_finds_its_way_through_the_login(anonymous: PageClient) -> None:
    target = anonymous.get("/functions/prod/a%20b%2Fc").header("location")
    form = anonymous.get(target).text
    assert 'name="next" value="/functions/prod/a%20b/c"' in form


def test_the_cookie_is_for_this_site_alone_and_for_no_script(anonymous: PageClient) -> None:
    (text,) = anonymous.log_in().cookies
    (cookie,) = SimpleCookie(text).values()
    assert cookie["httponly"]
    assert cookie["samesite"] == "strict"
    assert (cookie["path"], cookie["domain"], cookie["secure"]) == ("/", "", "")


def test_over_https_the_cookie_travels_over_https_only(anonymous: PageClient) -> None:
    anonymous.scheme = "https"
    assert "Secure" in anonymous.log_in().cookies[0]


def test_an_anonymous_client_cannot_have_the_cookie_travel_in_the_clear_or_not(anonymous: PageClient) -> None:
    answer = anonymous.post("/login", {"user": "ann", "token": TOKEN}, {"x-forwarded-proto": "https"})
    assert "Secure" not in answer.cookies[0]


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + " x", TOKEN.upper(), "ä"])
def test_another_token_is_none(anonymous: PageClient, token: str) -> None:
    answer = anonymous.log_in(token=token)
    assert (answer.status, answer.cookies) == (403, [])
    assert "The token is wrong" in answer.words
    assert anonymous.get("/").status == 303


@pytest.mark.parametrize("user", ["", "x" * 81, "a\nb"])
def test_a_login_needs_a_name(anonymous: PageClient, user: str) -> None:
    answer = anonymous.log_in(user=user)
    assert (answer.status, answer.cookies) == (400, [])


def test_a_peer_that_guesses_too_often_is_throttled_and_the_right_token_is_not(
    anonymous: PageClient, clock: ManualClock
) -> None:
    guesses = [anonymous.log_in(token="a guess").status for _ in range(70)]
    assert guesses[0] == 403
    assert guesses[-1] == 429
    refused = anonymous.log_in(token="a guess")
    assert refused.status == 429
    assert "retry in" in refused.words
    assert replace(anonymous, peer="198.51.100.7", cookies={}).log_in(token="a guess").status == 403
    assert anonymous.log_in().status == 303
    clock.advance(60)
    assert anonymous.log_in(token="a guess").status == 403


def test_a_login_ends_after_half_a_day(ann: PageClient, clock: ManualClock) -> None:
    clock.advance(12 * 3600 - 1)
    assert ann.get("/").status == 200
    clock.advance(1)
    assert ann.get("/").status == 303


def test_a_logout_ends_every_copy_of_the_cookie_on_every_machine(
    ann: PageClient, ledger: Ledger, clock: ManualClock
) -> None:
    copy = replace(ann, cookies=dict(ann.cookies))
    elsewhere = another_page(ledger, clock, SETTINGS, replace(ann, cookies=dict(ann.cookies)))
    assert elsewhere.get("/").status == 200
    assert ann.post("/logout", {"form_token": ann.form_token()}).header("location") == "/login"
    assert ann.cookies == {}
    assert [copy.get("/").status, elsewhere.get("/").status] == [303, 303]


CHANGED = [
    ("a new token ends every login that the old one began", structs.replace(SETTINGS, token=Secret("env:T", "t" * 20))),
    ("and so does a new key", structs.replace(SETTINGS, session_key=Secret("env:K", "n" * 32))),
    ("without a key a restart ends them too", structs.replace(SETTINGS, session_key=None)),
]


@pytest.mark.parametrize(("label", "changed"), CHANGED, ids=[row[0] for row in CHANGED])
def test_what_ends_a_login(
    ann: PageClient, ledger: Ledger, clock: ManualClock, label: str, changed: PageSettings
) -> None:
    assert another_page(ledger, clock, SETTINGS, ann).get("/").status == 200
    assert another_page(ledger, clock, changed, ann).get("/").status == 303


@pytest.mark.parametrize("cookie", ["", "x", "WzEsMiwzXQ.AAAA", "." * 5000])
def test_a_cookie_that_is_not_ours_is_no_login(anonymous: PageClient, cookie: str) -> None:
    anonymous.cookies["fcpin_session"] = cookie
    assert anonymous.get("/").status == 303


def test_a_cookie_whose_user_was_changed_is_no_login(ann: PageClient) -> None:
    name, _, signature = ann.cookies["fcpin_session"].rpartition(".")
    ann.cookies["fcpin_session"] = f"{name[:-2]}AA.{signature}"
    assert ann.get("/").status == 303


def test_a_link_on_another_site_finds_the_login_that_there_is(anonymous: PageClient) -> None:
    """Its request brings no SameSite cookie along; the page asks again by itself, and that one does."""
    crossed = anonymous.get("/login?next=/jobs/1", {"sec-fetch-site": "cross-site"})
    assert crossed.header("refresh") == "0; url=/jobs/1"
    assert anonymous.get("/login?next=/jobs/1", {"sec-fetch-site": "same-origin"}).header("refresh") == ""


def test_an_unavailable_ledger(ann: PageClient, ledger: Ledger, tmp_path: Path) -> None:
    ledger.close()
    answer = ann.get("/")
    assert answer.status == 503
    assert answer.header("refresh") == "5"
    assert "does" not in answer.header("location")


@pytest.mark.parametrize("path", ["/login", "/", "/events", "/static/page.css"])
def test_every_answer_keeps_other_code_and_other_frames_out(ann: PageClient, path: str) -> None:
    answer = ann.get(path) if path != "/events" else replace(ann, cookies={}).get(path)
    policy = answer.header("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.header("x-content-type-options") == "nosniff"
    if "static" not in path:
        assert answer.header("cache-control") == "no-store"
