"""Verify ACS3-HMAC-SHA256, the signature of every call to an Alibaba Cloud API.

1. The header `Authorization: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…` is there and complete.
2. The access key is known and active; a temporary one comes with its unexpired security token.
3. `x-acs-date` is within 15 minutes of the gateway's time.
4. `x-acs-signature-nonce` was not seen in that time.
5. `x-acs-content-sha256` is the digest of the body, and everything that matters is among the signed headers.
6. The signature is that of the canonical request, in which the query is encoded anew: the wire has `a+b` where the
   canonical form has `a%20b`.
"""

import hashlib
import hmac
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from urllib.parse import quote

from emulator.errors import ApiError
from emulator.wire import WireRequest

_ALGORITHM = "ACS3-HMAC-SHA256"
_AUTHORIZATION = re.compile(rf"{_ALGORITHM} Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{{64}})")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_MUST_BE_SIGNED = frozenset(
    {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
)
_WINDOW = 15 * 60


class Refusal(Enum):
    """Why a signature was refused. Each service has its own code for it."""

    MISSING = "no Authorization header"
    INCOMPLETE = "the Authorization header or a header that must be signed is incomplete"
    UNKNOWN_KEY = "the access key does not exist"
    INACTIVE_KEY = "the access key is disabled"
    TOKEN_MISSING = "the access key is temporary and needs its security token"  # noqa: S105 - a sentence
    TOKEN_MISMATCH = "the security token is not that of the access key"  # noqa: S105 - a sentence
    TOKEN_EXPIRED = "the security token has expired"  # noqa: S105 - a sentence
    EXPIRED = "the date of the request is not within 15 minutes of the server's time"
    NONCE_USED = "the nonce was used before"
    BODY = "x-acs-content-sha256 is not the digest of the body"
    MISMATCH = "the signature is not the one we calculated"


class SignatureRefused(Exception):
    """The request is not signed as it has to be."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(f"{refusal.value}: {detail}" if detail else refusal.value)
        self.refusal = refusal
        self.detail = detail


@dataclass(frozen=True, slots=True)
class AccessKey:
    """Who may sign. With a security token it is temporary (STS)."""

    id: str
    secret: str
    security_token: str = ""
    expires: float | None = None
    """Seconds since 1970 on the emulator's clock."""
    active: bool = True


class Verifier:
    """Checks signatures against a table of access keys, and remembers nonces."""

    def __init__(
        self, keys: Mapping[str, AccessKey], gateway_now: Callable[[], float], now: Callable[[], float]
    ) -> None:
        self._keys = keys
        self._gateway_now = gateway_now
        self._now = now
        self._nonces: set[tuple[str, str]] = set()
        self._nonce_ages: deque[tuple[float, tuple[str, str]]] = deque()

    def verify(self, request: WireRequest) -> AccessKey:
        """The key that signed. Raises SignatureRefused."""
        authorization = request.header("authorization")
        if not authorization:
            raise SignatureRefused(Refusal.MISSING)
        match = _AUTHORIZATION.fullmatch(authorization.strip())
        if match is None:
            raise SignatureRefused(Refusal.INCOMPLETE)
        key_id, names, signature = match.groups()
        signed = names.lower().split(";")
        key = self._key(key_id, request, signed)
        self._check_date(request)
        self._check_body(request, signed)
        to_sign = string_to_sign(request, signed)
        expected = hmac.new(key.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, signature):
            raise SignatureRefused(Refusal.MISMATCH, to_sign.replace("\n", "\\n"))
        self._check_nonce(key_id, request)
        return key

    def admit(self, request: WireRequest, refused: Callable[[SignatureRefused], ApiError]) -> AccessKey:
        """The key that signed. Raises what a service's *refused* makes of a refusal."""
        try:
            return self.verify(request)
        except SignatureRefused as error:
            raise refused(error) from None

    def _key(self, key_id: str, request: WireRequest, signed: list[str]) -> AccessKey:
        key = self._keys.get(key_id)
        if key is None:
            raise SignatureRefused(Refusal.UNKNOWN_KEY)
        if not key.active:
            raise SignatureRefused(Refusal.INACTIVE_KEY)
        token = request.header("x-acs-security-token")
        if key.security_token and not (token and "x-acs-security-token" in signed):
            raise SignatureRefused(Refusal.TOKEN_MISSING)
        if not hmac.compare_digest(token.encode(), key.security_token.encode()):
            raise SignatureRefused(Refusal.TOKEN_MISMATCH)
        if key.expires is not None and self._now() >= key.expires:
            raise SignatureRefused(Refusal.TOKEN_EXPIRED)
        return key

    def _check_date(self, request: WireRequest) -> None:
        text = request.header("x-acs-date")
        if not _DATE.fullmatch(text):
            raise SignatureRefused(Refusal.EXPIRED, f"x-acs-date is {text!r}")
        try:
            date = datetime.fromisoformat(text).timestamp()
        except ValueError:
            raise SignatureRefused(Refusal.EXPIRED, f"x-acs-date is {text!r}") from None
        if abs(self._gateway_now() - date) > _WINDOW:
            raise SignatureRefused(Refusal.EXPIRED, f"x-acs-date is {text!r}")

    def _check_body(self, request: WireRequest, signed: list[str]) -> None:
        missing = _MUST_BE_SIGNED.difference(signed)
        if missing:
            raise SignatureRefused(Refusal.INCOMPLETE, f"not signed: {', '.join(sorted(missing))}")
        if request.header("x-acs-content-sha256") != hashlib.sha256(request.body).hexdigest():
            raise SignatureRefused(Refusal.BODY)

    def _check_nonce(self, key_id: str, request: WireRequest) -> None:
        """Last, so that a request with a wrong signature cannot use up somebody else's nonce."""
        now = self._gateway_now()
        while self._nonce_ages and now - self._nonce_ages[0][0] > 2 * _WINDOW:
            self._nonces.discard(self._nonce_ages.popleft()[1])
        nonce = (key_id, request.header("x-acs-signature-nonce"))
        if nonce in self._nonces:
            raise SignatureRefused(Refusal.NONCE_USED)
        self._nonces.add(nonce)
        self._nonce_ages.append((now, nonce))


def string_to_sign(request: WireRequest, signed: list[str]) -> str:
    """What the caller must have signed. *signed*: header names in lower case."""
    query = "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in sorted(request.query))
    headers = "".join(f"{name}:{request.header(name).strip()}\n" for name in sorted(signed))
    canonical = "\n".join(
        [
            request.method,
            request.raw_path,
            query,
            headers,
            ";".join(sorted(signed)),
            request.header("x-acs-content-sha256"),
        ]
    )
    return f"{_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
