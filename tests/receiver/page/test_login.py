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
    """The same visitor at a page that was started anew, perhaps on another machine."""
    page = Page(ledger, LedgerActions(ledger, HoldsFile(), Wakes(), clock), settings, STACKS, clock)
    return replace(visitor, app=Starlette(routes=list(page.routes())))


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_is_sent_to_the_login_and_then_to_where_it_was_going(stranger: PageClient, path: str) -> None:
    answer = stranger.get(path)
    assert (answer.status, answer.text) == (303, "")
    assert answer.header("location") == f"/login?next={path}"
    assert stranger.log_in(target=path).header("location") == path


def test_a_stranger_hears_nothing(stranger: PageClient, ledger: Ledger) -> None:
    everything(ledger)
    answer = stranger.get("/events")
    assert answer.status == 401
    assert "main-12" not in answer.text


ELSEWHERE = ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a//b", ""]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_login_leads_to_no_other_site(stranger: PageClient, target: str) -> None:
    assert stranger.log_in(target=target).header("location") == "/"


def test_a_name_with_signs_finds_its_way_through_the_login(stranger: PageClient) -> None:
    target = stranger.get("/functions/prod/a%20b%2Fc").header("location")
    form = stranger.get(target).text
    assert 'name="next" value="/functions/prod/a%20b/c"' in form


def test_the_cookie_is_for_this_site_alone_and_for_no_script(stranger: PageClient) -> None:
    (text,) = stranger.log_in().cookies
    (cookie,) = SimpleCookie(text).values()
    assert cookie["httponly"]
    assert cookie["samesite"] == "strict"
    assert (cookie["path"], cookie["domain"], cookie["secure"]) == ("/", "", "")


def test_over_https_the_cookie_travels_over_https_only(stranger: PageClient) -> None:
    stranger.scheme = "https"
    assert "Secure" in stranger.log_in().cookies[0]


def test_a_stranger_cannot_have_the_cookie_travel_in_the_clear_or_not(stranger: PageClient) -> None:
    answer = stranger.post("/login", {"user": "ann", "token": TOKEN}, {"x-forwarded-proto": "https"})
    assert "Secure" not in answer.cookies[0]


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + " x", TOKEN.upper(), "ä"])
def test_another_token_is_none(stranger: PageClient, token: str) -> None:
    answer = stranger.log_in(token=token)
    assert (answer.status, answer.cookies) == (403, [])
    assert "The token is wrong" in answer.words
    assert stranger.get("/").status == 303


@pytest.mark.parametrize("user", ["", "x" * 81, "a\nb"])
def test_whoever_logs_in_says_who_that_is(stranger: PageClient, user: str) -> None:
    answer = stranger.log_in(user=user)
    assert (answer.status, answer.cookies) == (400, [])


def test_a_peer_that_guesses_too_often_is_throttled_and_the_right_token_is_not(
    stranger: PageClient, clock: ManualClock
) -> None:
    guesses = [stranger.log_in(token="a guess").status for _ in range(70)]
    assert guesses[0] == 403
    assert guesses[-1] == 429
    refused = stranger.log_in(token="a guess")
    assert refused.status == 429
    assert "retry in" in refused.words
    assert replace(stranger, peer="198.51.100.7", cookies={}).log_in(token="a guess").status == 403
    assert stranger.log_in().status == 303
    clock.advance(60)
    assert stranger.log_in(token="a guess").status == 403


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
def test_a_cookie_that_is_not_ours_is_no_login(stranger: PageClient, cookie: str) -> None:
    stranger.cookies["fcpin_session"] = cookie
    assert stranger.get("/").status == 303


def test_a_cookie_whose_user_was_changed_is_no_login(ann: PageClient) -> None:
    name, _, signature = ann.cookies["fcpin_session"].rpartition(".")
    ann.cookies["fcpin_session"] = f"{name[:-2]}AA.{signature}"
    assert ann.get("/").status == 303


def test_a_link_on_another_site_finds_the_login_that_there_is(stranger: PageClient) -> None:
    """Its request brings no SameSite cookie along; the page asks again by itself, and that one does."""
    crossed = stranger.get("/login?next=/jobs/1", {"sec-fetch-site": "cross-site"})
    assert crossed.header("refresh") == "0; url=/jobs/1"
    assert stranger.get("/login?next=/jobs/1", {"sec-fetch-site": "same-origin"}).header("refresh") == ""


def test_a_page_whose_store_does_not_answer_says_so(ann: PageClient, ledger: Ledger, tmp_path: Path) -> None:
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
