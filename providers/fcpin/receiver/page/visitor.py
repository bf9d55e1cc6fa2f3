"""Who is asking: the login cookie, or the user that an authenticating proxy names."""

import hmac
import re
from collections.abc import Sequence
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

from fcpin.clock import Clock
from fcpin.receiver.ledger.base import Ledger
from fcpin.receiver.page.session import LASTS, Session, SessionKey
from fcpin.receiver.settings.model import PageSettings
from fcpin.receiver.web.limits import Network, is_among, peer_address

COOKIE: Final = "fcpin_session"
NOTE: Final = "fcpin_note"
NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,80}")
"""Of a user."""


class Doorkeeper:
    """Knows everybody by their session; a session that was logged out is remembered in the ledger, by all machines."""

    def __init__(self, settings: PageSettings, ledger: Ledger, clock: Clock, proxies: Sequence[Network]) -> None:
        """*proxies*: networks whose `X-Forwarded-Proto` is believed."""
        self._settings, self._ledger, self._clock, self._proxies = settings, ledger, clock, proxies
        self.key: Final = SessionKey(settings)

    def visitor(self, request: HTTPConnection) -> Session | None:
        """None for somebody who has to log in. A user of the proxy gets a session at the first look.

        Reads the ledger: raises LedgerUnavailable, and is for threads that may wait.
        """
        session = self._in_cookie(request)
        named = self.named_by_proxy(request)
        if named is not None:
            known = session is not None and session.by_proxy and session.user == named
            return session if known else Session.begin(named, self._clock.now(), by_proxy=True)
        if session is None or session.by_proxy or self._ledger.get(_ended(session)) is not None:
            return None
        return session

    def named_by_proxy(self, request: HTTPConnection) -> str | None:
        """The user in the header, if it was set by who may set it. No other header says where a request is from."""
        if not self._settings.user_header or not is_among(peer_address(request), self._settings.trusted):
            return None
        names = request.headers.getlist(self._settings.user_header)
        return names[0] if len(names) == 1 and NAME.fullmatch(names[0]) else None

    def is_token(self, given: str) -> bool:
        """Compared in constant time."""
        token = self._settings.token
        return token is not None and hmac.compare_digest(given.encode(), token.value.encode())

    def end(self, session: Session) -> None:
        """Log out: the cookie is worth nothing from now on, wherever a copy of it is."""
        self._ledger.put(_ended(session), {"until": session.until.isoformat()})

    def has_cookie(self, request: HTTPConnection, session: Session) -> bool:
        """False for a session that began with this request."""
        return self._in_cookie(request) == session

    def give_cookie(self, request: HTTPConnection, response: Response, session: Session) -> None:
        self._set(request, response, COOKIE, self.key.sign(session), int(LASTS.total_seconds()))

    def give_note(
        self, request: HTTPConnection, response: Response, session: Session, tone: str, sentence: str
    ) -> None:
        """Shown once, on the next page."""
        self._set(request, response, NOTE, self.key.sign_note(session, tone, sentence[:1000]), 60)

    def _in_cookie(self, request: HTTPConnection) -> Session | None:
        return self.key.read(request.cookies.get(COOKIE, ""), self._clock.now())

    def _set(self, request: HTTPConnection, response: Response, name: str, value: str, seconds: int) -> None:
        secure = request.url.scheme == "https" or (
            is_among(peer_address(request), self._proxies) and request.headers.get("x-forwarded-proto") == "https"
        )
        response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="strict", secure=secure)


def _ended(session: Session) -> str:
    return f"session-ended:{session.id}"
