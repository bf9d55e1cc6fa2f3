"""Who may see the page: logins by token, sessions, and users that an authenticating proxy names."""

from collections.abc import Mapping
from dataclasses import replace
from http.cookies import SimpleCookie
from ipaddress import ip_network
from typing import Final

import pytest
from msgspec import structs

from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.settings.model import PageSettings
from fcpin.receiver.settings.secrets import Secret
from fcpin.receiver.web.limits import WRONG_SECRETS_PER_MINUTE
from tests.receiver.page.page_client import SETTINGS, TOKEN, PageClient, PageHarness
from tests.receiver.page.samples import everything

PROXY: Final = "10.1.2.3"
NETWORKS: Final = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
BEHIND_PROXY: Final = structs.replace(SETTINGS, user_header="X-User", trusted=NETWORKS)
ANN: Final = {"x-user": "ann"}


def test_a_client_without_a_session_is_sent_to_the_login_and_back(anonymous: PageClient) -> None:
    for path in ("/", "/history", "/functions/prod/checkout", "/jobs/5b1d0c9f2a77"):
        answer = anonymous.get(path)
        assert (answer.status, answer.text) == (303, "")
        assert answer.header("location") == f"/login?next={path}"
        assert replace(anonymous, cookies={}).log_in(target=path).header("location") == path
    form = anonymous.get(anonymous.get("/functions/prod/a%20b%2Fc").header("location"))
    assert 'name="next" value="/functions/prod/a%20b/c"' in form.text


def test_a_client_without_a_session_gets_no_events(anonymous: PageClient, ledger: Ledger) -> None:
    everything(ledger)
    answer = anonymous.get("/events")
    assert answer.status == 401
    assert "main-12" not in answer.text


REJECTED = [
    *({"token": token} for token in ("", "x", TOKEN[:-1], TOKEN + " x", TOKEN.upper(), "ä")),
    *({"user": user} for user in ("", "x" * 81, "a\nb")),
]


@pytest.mark.parametrize("fields", REJECTED)
def test_a_rejected_login(anonymous: PageClient, fields: dict[str, str]) -> None:
    answer = anonymous.log_in(**fields)
    assert (answer.status, answer.cookies) == (403 if "token" in fields else 400, [])
    assert ("The token is wrong" if "token" in fields else "Enter your name") in answer.words
    assert anonymous.get("/").status == 303


ELSEWHERE = ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a//b", ""]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_login_leads_to_no_other_site(anonymous: PageClient, target: str) -> None:
    assert anonymous.log_in(target=target).header("location") == "/"


HTTPS = [("203.0.113.9", "http", {}, ""), ("203.0.113.9", "https", {}, True), ("203.0.113.9", "http", {"x-forwarded-proto": "https"}, ""), (PROXY, "http", {"x-forwarded-proto": "https"}, True)]  # fmt: skip


@pytest.mark.parametrize(("peer", "scheme", "headers", "secure"), HTTPS)
def test_the_cookie(harness: PageHarness, peer: str, scheme: str, headers: Mapping[str, str], secure: object) -> None:
    """A trusted proxy may name the scheme."""
    client = PageClient(harness.page(proxies=NETWORKS), peer, scheme)
    (text,) = client.log_in(**headers).cookies
    (cookie,) = SimpleCookie(text).values()
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "strict", secure)
    assert (cookie["path"], cookie["domain"]) == ("/", "")


@pytest.mark.parametrize("peer", ["203.0.113.9", PROXY])
def test_wrong_tokens_are_throttled_by_client_and_the_right_one_never(harness: PageHarness, peer: str) -> None:
    """The client is the peer, or whom a trusted proxy names."""
    app = harness.page(proxies=NETWORKS)
    if peer == PROXY:
        one, other = ((PageClient(app, PROXY), {"x-forwarded-for": f"198.51.100.{n}"}) for n in (7, 8))
    else:
        one, other = (PageClient(app, peer), {}), (PageClient(app, "198.51.100.7"), {})

    def guess(client: PageClient, headers: Mapping[str, str]) -> int:
        return client.log_in(token="a guess", **headers).status

    assert [guess(*one) for _ in range(WRONG_SECRETS_PER_MINUTE + 1)] == [403] * WRONG_SECRETS_PER_MINUTE + [429]
    assert "retry in" in one[0].log_in(token="a guess", **one[1]).words
    assert (guess(*other), one[0].log_in(**one[1]).status) == (403, 303)
    harness.clock.advance(60)
    assert guess(*one) == 403


def test_a_session_lasts_half_a_day(ann: PageClient, harness: PageHarness) -> None:
    harness.clock.advance(12 * 3600 - 1)
    assert ann.get("/").status == 200
    harness.clock.advance(1)
    assert ann.get("/").status == 303


def test_a_logout_ends_every_copy_of_the_cookie_in_every_process(ann: PageClient, harness: PageHarness) -> None:
    copy = replace(ann, cookies=dict(ann.cookies))
    elsewhere = replace(copy, app=harness.page())
    assert elsewhere.get("/").status == 200
    assert ann.post("/logout", {"form_token": ann.form_token()}).header("location") == "/login"
    assert ann.cookies == {}
    assert [copy.get("/").status, elsewhere.get("/").status] == [303, 303]


CHANGED: list[tuple[str, Mapping[str, object]]] = [
    ("another token", {"token": Secret("env:T", "t" * 20)}),
    ("another key", {"session_key": Secret("env:K", "n" * 32)}),
    ("a restart without a key", {"session_key": None}),
]


@pytest.mark.parametrize("change", [pytest.param(row[1], id=row[0]) for row in CHANGED])
def test_what_ends_every_session(ann: PageClient, harness: PageHarness, change: Mapping[str, object]) -> None:
    assert replace(ann, app=harness.page(structs.replace(SETTINGS, **change))).get("/").status == 303


@pytest.mark.parametrize("cookie", ["", "x", "WzEsMiwzXQ.AAAA", "." * 5000, "another user"])
def test_an_invalid_cookie(ann: PageClient, cookie: str) -> None:
    name, _, signature = ann.cookies["fcpin_session"].rpartition(".")
    ann.cookies["fcpin_session"] = f"{name[:-2]}AA.{signature}" if cookie == "another user" else cookie
    assert ann.get("/").status == 303


def test_a_link_on_another_site_finds_the_session(anonymous: PageClient) -> None:
    """Its request has no SameSite cookie; the page requests itself again, and that request has."""
    crossed = anonymous.get("/login?next=/jobs/1", {"sec-fetch-site": "cross-site"})
    assert crossed.header("refresh") == "0; url=/jobs/1"
    assert anonymous.get("/login?next=/jobs/1", {"sec-fetch-site": "same-origin"}).header("refresh") == ""


def test_an_unavailable_ledger(ann: PageClient, ledger: Ledger) -> None:
    ledger.close()
    answer = ann.get("/")
    assert (answer.status, answer.header("refresh"), answer.header("location")) == (503, "5", "")
    assert ann.get("/events").status == 503


@pytest.mark.parametrize("path", ["/login", "/", "/events", "/static/page.css"])
def test_security_headers(ann: PageClient, path: str) -> None:
    answer = ann.get(path) if path != "/events" else replace(ann, cookies={}).get(path)
    policy = answer.header("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.header("x-content-type-options") == "nosniff"
    assert (answer.header("cache-control") == "no-store") == ("static" not in path)


NAMED: list[tuple[str, str, Mapping[str, str], bool]] = [
    ("the proxy names a user", PROXY, ANN, True),
    ("a proxy on IPv6", "fd00::1", ANN, True),
    ("a proxy at a dual-stack socket", "::ffff:10.1.2.3", ANN, True),
    ("the proxy names no user", PROXY, {}, False),
    ("an empty header", PROXY, {"x-user": ""}, False),
    ("an invalid name", PROXY, {"x-user": "a\x01b"}, False),
    ("a long name", PROXY, {"x-user": "x" * 81}, False),
    ("another header", PROXY, {"x-remote-user": "ann"}, False),
    ("another client", "203.0.113.9", ANN, False),
    ("another client with X-Forwarded-For", "203.0.113.9", ANN | {"x-forwarded-for": PROXY}, False),
    ("another client with Forwarded", "203.0.113.9", ANN | {"forwarded": f"for={PROXY}"}, False),
    ("a peer without an address", "", ANN, False),
]


@pytest.mark.parametrize(("peer", "headers", "is_in"), [pytest.param(*row[1:], id=row[0]) for row in NAMED])
def test_a_user_that_a_proxy_names(harness: PageHarness, peer: str, headers: Mapping[str, str], is_in: bool) -> None:
    assert PageClient(harness.page(BEHIND_PROXY), peer).get("/", headers).status == (200 if is_in else 303)


def test_a_proxy_for_addresses_names_no_user(harness: PageHarness) -> None:
    settings = structs.replace(BEHIND_PROXY, trusted=(ip_network("10.9.0.0/16"),))
    assert PageClient(harness.page(settings, NETWORKS), PROXY).get("/", ANN).status == 303


def test_the_session_of_a_proxys_user(harness: PageHarness) -> None:
    client = PageClient(harness.page(BEHIND_PROXY), PROXY)
    page = client.get("/", ANN)
    assert page.cookies
    assert "Log out" not in page.words, "users log out at the proxy"
    assert client.get("/").status == 303, "the cookie without the header is worth nothing"
    form = {"form_token": client.form_token(ANN), "reason": "release day"}
    assert client.post("/actions/freeze", form, {"x-user": "bob"}).status == 403
    assert client.post("/actions/freeze", form, ANN).status == 303
    assert "Frozen by ann" in client.get("/", ANN).words
    assert client.log_in().status == 303, "a login by token is still possible"
    assert client.get("/").status == 200


@pytest.mark.parametrize("left", ["an invalid cookie", "an expired session", "a session by token"])
def test_a_cookie_from_before_disables_no_button(harness: PageHarness, left: str) -> None:
    client = PageClient(harness.page(BEHIND_PROXY), PROXY)
    client.log_in("bob")
    if left == "an invalid cookie":
        client.cookies["fcpin_session"] = "x"
    elif left == "an expired session":
        harness.clock.advance(13 * 3600)
    form = {"form_token": client.form_token(ANN), "reason": "release day"}
    assert client.post("/actions/freeze", form, ANN).status == 303


@pytest.mark.parametrize("token", ["", "anything"])
def test_without_a_token_the_proxy_is_the_only_login(harness: PageHarness, token: str) -> None:
    client = PageClient(harness.page(PageSettings(user_header="X-User", trusted=NETWORKS)))
    assert client.log_in(token=token).status == 403
    assert "Open the page through the proxy" in client.get("/login").words
