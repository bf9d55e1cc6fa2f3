"""Sessions: signed login cookies, their form tokens, and users that an authenticating proxy names.

Starlette's SessionMiddleware fits neither the `Secure` flag of each request nor the logout (docs/adr/0027).
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from fcpin.clock import Clock
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.settings.model import PageSettings
from fcpin.receiver.web.limits import Network, is_among, peer_address

LIFETIME: Final = timedelta(hours=12)
USER_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,80}")
_COOKIE: Final = "fcpin_session"
_NOTE: Final = "fcpin_note"
_NOTE_SECONDS: Final = 60
_NOTE_CHARACTERS: Final = 1000


@dataclass(frozen=True, slots=True)
class Session:
    """A user who has logged in, or whom the proxy names."""

    id: str
    user: str
    until: datetime
    by_proxy: bool = False
    """Valid only with the proxy's header of the same user."""

    @classmethod
    def begin(cls, user: str, now: datetime, *, by_proxy: bool = False) -> Self:
        return cls(secrets.token_urlsafe(16), user, (now + LIFETIME).replace(microsecond=0), by_proxy)


class Sessions:
    """Finds, begins and ends sessions.

    A change of the login token or of the session key ends every session. Logouts are in the ledger, so that they hold
    on every machine that shares it.
    """

    def __init__(self, settings: PageSettings, ledger: Ledger, clock: Clock, proxies: Sequence[Network]) -> None:
        """*proxies*: networks whose `X-Forwarded-Proto` is trusted."""
        self._settings, self._ledger, self._clock, self._proxies = settings, ledger, clock, proxies
        key = settings.session_key.value if settings.session_key else secrets.token_urlsafe(32)
        token = settings.token.value if settings.token else ""
        self._key = hashlib.sha256(f"{len(key)}:{key}{token}".encode()).digest()
        self._cookies = URLSafeSerializer(self._key, salt="fcpin-session")
        self._notes = URLSafeSerializer(self._key, salt="fcpin-note")

    def find(self, request: HTTPConnection) -> Session | None:
        """Return the session of *request*; None for a client that has to log in. A user of the proxy gets a new one.

        Reads the ledger: raises LedgerUnavailable and may block.
        """
        session = self._in_cookie(request)
        named = self._user_of_proxy(request)
        if named is not None:
            known = session is not None and session.by_proxy and session.user == named
            return session if known else Session.begin(named, self._clock.now(), by_proxy=True)
        if session is None or session.by_proxy or self._ledger.get(_ended(session)) is not None:
            return None
        return session

    def is_token(self, token: str) -> bool:
        """Compared in constant time."""
        expected = self._settings.token
        return expected is not None and hmac.compare_digest(token.encode(), expected.value.encode())

    def begin(self, request: HTTPConnection, response: Response, user: str) -> None:
        self._set_session(request, response, Session.begin(user, self._clock.now()))

    def keep(self, request: HTTPConnection, response: Response, session: Session) -> None:
        """Set the cookie of a session that began with this request, and remove the note that was shown."""
        if self._in_cookie(request) != session:
            self._set_session(request, response, session)
        if _NOTE in request.cookies:
            response.delete_cookie(_NOTE, path="/", httponly=True, samesite="strict")

    def end(self, response: Response, session: Session) -> None:
        """Copies of the cookie are invalid from now on."""
        self._ledger.put(_ended(session), {"until": session.until.isoformat()})
        response.delete_cookie(_COOKIE, path="/", httponly=True, samesite="strict")

    def form_token(self, session: Session) -> str:
        """Return the token in the forms of this session, which no other site knows."""
        return hmac.new(self._key, f"form:{session.id}".encode(), "sha256").hexdigest()

    def is_form_token(self, token: str, session: Session) -> bool:
        return hmac.compare_digest(token.encode(), self.form_token(session).encode())

    def set_note(self, request: HTTPConnection, response: Response, session: Session, level: str, text: str) -> None:
        """Show *text* once, on the next page. *level* is `done` or `failed`."""
        note = _text(self._notes.dumps([session.id, level, text[:_NOTE_CHARACTERS]]))
        self._set_cookie(request, response, _NOTE, note, _NOTE_SECONDS)

    def note(self, request: HTTPConnection, session: Session) -> tuple[str, str] | None:
        """Return level and text."""
        try:
            owner, level, text = self._notes.loads(request.cookies.get(_NOTE, ""))
        except BadData:
            return None
        return (level, text) if owner == session.id else None

    def _user_of_proxy(self, request: HTTPConnection) -> str | None:
        """Return the user in the header, if the other end of the connection may set it."""
        if not self._settings.user_header or not is_among(peer_address(request), self._settings.trusted):
            return None
        names = request.headers.getlist(self._settings.user_header)
        return names[0] if len(names) == 1 and USER_NAME.fullmatch(names[0]) else None

    def _in_cookie(self, request: HTTPConnection) -> Session | None:
        """Return None for a cookie that is not ours, was changed or has expired."""
        try:
            name, user, until, by_proxy = self._cookies.loads(request.cookies.get(_COOKIE, ""))
        except BadData:
            return None
        session = Session(name, user, datetime.fromtimestamp(until, UTC), by_proxy)
        return session if self._clock.now() < session.until else None

    def _set_session(self, request: HTTPConnection, response: Response, session: Session) -> None:
        """The cookie is signed and not encrypted: it holds nothing that its owner may not know."""
        value = [session.id, session.user, int(session.until.timestamp()), session.by_proxy]
        self._set_cookie(request, response, _COOKIE, _text(self._cookies.dumps(value)), int(LIFETIME.total_seconds()))

    def _set_cookie(self, request: HTTPConnection, response: Response, name: str, value: str, seconds: int) -> None:
        secure = request.url.scheme == "https" or (
            is_among(peer_address(request), self._proxies) and request.headers.get("x-forwarded-proto") == "https"
        )
        response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="strict", secure=secure)


def _ended(session: Session) -> str:
    return f"session-ended:{session.id}"


def _text(signed: str | bytes) -> str:
    return signed if isinstance(signed, str) else signed.decode()
