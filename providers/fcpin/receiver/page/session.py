"""The login cookie: signed, with an end, and with a secret of its own for the buttons."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from itsdangerous import BadData, URLSafeSerializer

from fcpin.receiver.settings.model import PageSettings

LASTS: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has logged in, or whom the proxy names."""

    id: str
    user: str
    until: datetime
    by_proxy: bool = False
    """Good only beside the proxy's header of the same user."""

    @classmethod
    def begin(cls, user: str, now: datetime, *, by_proxy: bool = False) -> Self:
        return cls(secrets.token_urlsafe(16), user, (now + LASTS).replace(microsecond=0), by_proxy)


class SessionKey:
    """Signs cookies and makes the tokens of forms. A changed login token ends every session that it began."""

    def __init__(self, settings: PageSettings) -> None:
        key = settings.session_key.value if settings.session_key else secrets.token_urlsafe(32)
        token = settings.token.value if settings.token else ""
        self._key = hashlib.sha256(f"{len(key)}:{key}{token}".encode()).digest()
        self._cookies = URLSafeSerializer(self._key, salt="fcpin-session")
        self._notes = URLSafeSerializer(self._key, salt="fcpin-note")

    def sign(self, session: Session) -> str:
        """For the cookie. It is not encrypted: it holds nothing that its owner may not know."""
        until = int(session.until.timestamp())
        return _text(self._cookies.dumps([session.id, session.user, until, session.by_proxy]))

    def read(self, cookie: str, now: datetime) -> Session | None:
        """None for one that is not ours, was tampered with, or is over."""
        try:
            name, user, until, by_proxy = self._cookies.loads(cookie)
        except BadData:
            return None
        session = Session(name, user, datetime.fromtimestamp(until, UTC), by_proxy)
        return session if now < session.until else None

    def form_token(self, session: Session) -> str:
        """What a form of this session carries, and no other site can know."""
        return hmac.new(self._key, f"form:{session.id}".encode(), "sha256").hexdigest()

    def is_form_token(self, given: str, session: Session) -> bool:
        return hmac.compare_digest(given.encode(), self.form_token(session).encode())

    def sign_note(self, session: Session, tone: str, sentence: str) -> str:
        """What became of a button, for the next page."""
        return _text(self._notes.dumps([session.id, tone, sentence]))

    def read_note(self, cookie: str, session: Session) -> tuple[str, str] | None:
        try:
            owner, tone, sentence = self._notes.loads(cookie)
        except BadData:
            return None
        return (tone, sentence) if owner == session.id else None


def _text(signed: str | bytes) -> str:
    return signed if isinstance(signed, str) else signed.decode()
