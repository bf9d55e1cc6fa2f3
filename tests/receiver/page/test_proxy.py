"""A user whom an authenticating proxy names, and clients that pretend to be the proxy."""

from ipaddress import ip_network

import pytest
from msgspec.structs import replace
from starlette.applications import Starlette

from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.page import LedgerActions, Page
from fcpin.receiver.settings.model import PageSettings
from fcpin.receiver.web.limits import WRONG_SECRETS_PER_MINUTE
from tests.receiver.page.conftest import SETTINGS, STACKS
from tests.receiver.page.page_client import HoldsFile, PageClient, Wakes
from tests.receiver.page.samples import TOKEN
from tests.support.clock import ManualClock

PROXY = "10.1.2.3"


@pytest.fixture
def settings() -> PageSettings:
    return replace(SETTINGS, user_header="X-User", trusted=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")))


BELIEVED: list[tuple[str, str, dict[str, str], bool]] = [
    ("the proxy names a user", PROXY, {"x-user": "ann"}, True),
    ("a proxy on IPv6 does", "fd00::1", {"x-user": "ann"}, True),
    ("a proxy behind a socket for both does", "::ffff:10.1.2.3", {"x-user": "ann"}, True),
    ("the proxy names no user", PROXY, {}, False),
    ("the proxy's header is empty", PROXY, {"x-user": ""}, False),
    ("another client names a user", "203.0.113.9", {"x-user": "ann"}, False),
    (
        "another client with X-Forwarded-For of the proxy",
        "203.0.113.9",
        {"x-user": "ann", "x-forwarded-for": PROXY},
        False,
    ),
    (
        "another client with Forwarded of the proxy",
        "203.0.113.9",
        {"x-user": "ann", "forwarded": f"for={PROXY}"},
        False,
    ),
    ("a name that is none", PROXY, {"x-user": "a\x01b"}, False),
    ("a name without end", PROXY, {"x-user": "x" * 81}, False),
    ("another header", PROXY, {"x-remote-user": "ann"}, False),
    ("a peer without an address", "", {"x-user": "ann"}, False),
]


@pytest.mark.parametrize(("label", "peer", "headers", "is_in"), BELIEVED, ids=[row[0] for row in BELIEVED])
def test_who_is_believed(anonymous: PageClient, label: str, peer: str, headers: dict[str, str], is_in: bool) -> None:
    anonymous.peer = peer
    assert anonymous.get("/", headers).status == (200 if is_in else 303)


def test_the_cookie_of_a_proxys_user_is_worth_nothing_without_the_header(anonymous: PageClient) -> None:
    anonymous.peer = PROXY
    assert anonymous.get("/", {"x-user": "ann"}).cookies
    assert anonymous.get("/").status == 303


def test_a_button_is_pressed_by_whom_the_proxy_names_now(anonymous: PageClient) -> None:
    anonymous.peer = PROXY
    form = {"form_token": _form_token(anonymous, "ann"), "reason": "release day"}
    assert anonymous.post("/actions/freeze", form, {"x-user": "bob"}).status == 403
    assert anonymous.post("/actions/freeze", form, {"x-user": "ann"}).status == 303
    assert "Frozen by ann" in anonymous.get("/", {"x-user": "ann"}).words


def test_a_proxy_that_names_no_users_is_believed_in_the_address_and_the_scheme_only(
    ledger: Ledger, holds: HoldsFile, wakes: Wakes, clock: ManualClock
) -> None:
    settings = replace(SETTINGS, user_header="X-User", trusted=(ip_network("10.9.0.0/16"),))
    actions = LedgerActions(ledger, holds, wakes, clock)
    page = Page(ledger, actions, settings, STACKS, clock, proxies=(ip_network("10.1.0.0/16"),))
    behind = PageClient(Starlette(routes=[*page.routes()]), peer=PROXY)
    assert behind.get("/", {"x-user": "ann"}).status == 303, "it may not name a user"
    wrong, right = ({"token": token, "user": "ann", "next": "/"} for token in ("guess" * 4, TOKEN))
    for _ in range(WRONG_SECRETS_PER_MINUTE):
        assert behind.post("/login", wrong, {"x-forwarded-for": "198.51.100.7"}).status == 403
    assert behind.post("/login", wrong, {"x-forwarded-for": "198.51.100.7"}).status == 429
    assert behind.post("/login", wrong, {"x-forwarded-for": "198.51.100.8"}).status == 403
    come = {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https"}
    answer = behind.post("/login", right, come)
    assert answer.status == 303, "the right token is never throttled"
    assert "secure" in answer.header("set-cookie").lower()


LEFT_OVER = ["nothing of ours", "a login that is over", "a login by the token"]


@pytest.mark.parametrize("left", LEFT_OVER)
def test_a_cookie_that_was_left_over_takes_no_button_away(anonymous: PageClient, clock: ManualClock, left: str) -> None:
    if left == LEFT_OVER[0]:
        anonymous.cookies["fcpin_session"] = "x"
    else:
        anonymous.log_in("bob")
        clock.advance(13 * 3600 if left == LEFT_OVER[1] else 0)
    anonymous.peer = PROXY
    form = {"form_token": _form_token(anonymous, "ann"), "reason": "release day"}
    assert anonymous.post("/actions/freeze", form, {"x-user": "ann"}).status == 303


def test_the_proxys_users_log_out_at_the_proxy(anonymous: PageClient) -> None:
    anonymous.peer = PROXY
    assert "Log out" not in anonymous.get("/", {"x-user": "ann"}).words


def test_the_token_still_lets_in(anonymous: PageClient) -> None:
    assert anonymous.log_in().status == 303
    assert anonymous.get("/").status == 200


def test_a_trusted_proxy_names_the_scheme(anonymous: PageClient) -> None:
    anonymous.peer = PROXY
    (cookie,) = anonymous.get("/", {"x-user": "ann", "x-forwarded-proto": "https"}).cookies
    assert "Secure" in cookie


class TestWithoutAToken:
    """The proxy is the only way in."""

    @pytest.fixture
    def settings(self) -> PageSettings:
        return PageSettings(user_header="X-User", trusted=(ip_network("10.0.0.0/8"),))

    @pytest.mark.parametrize("token", ["", "anything"])
    def test_no_token_is_right(self, anonymous: PageClient, token: str) -> None:
        assert anonymous.log_in(token=token).status == 403
        assert "Open the page through the proxy" in anonymous.get("/login").words


def _form_token(visitor: PageClient, user: str) -> str:
    text = visitor.get("/", {"x-user": user}).text
    return text.partition('name="form_token" value="')[2].partition('"')[0]
