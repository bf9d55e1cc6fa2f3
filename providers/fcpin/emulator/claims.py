"""What a signed request claims, and why it is refused: shared by the schemes of signing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum


class Refusal(Enum):
    """Why a signature was refused. Each service has its own code for it."""

    MISSING = "no Authorization header"
    INCOMPLETE = "the Authorization header, or what must be signed, is incomplete"
    UNKNOWN_KEY = "the access key does not exist"
    INACTIVE_KEY = "the access key is disabled"
    TOKEN_MISSING = "the access key is temporary and needs its security token"  # noqa: S105 - a sentence
    TOKEN_MISMATCH = "the security token is not that of the access key"  # noqa: S105 - a sentence
    TOKEN_EXPIRED = "the security token has expired"  # noqa: S105 - a sentence
    EXPIRED = "the date of the request is not within 15 minutes of the server's time"
    NONCE_USED = "the nonce was used before"
    BODY = "the digest in the request is not that of the body"
    MISMATCH = "the signature is not the one we calculated"


class SignatureRefused(Exception):
    """The request is not signed as it has to be."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(f"{refusal.value}: {detail}" if detail else refusal.value)
        self.refusal = refusal
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Claim:
    """A signature as the request carries it, and how to calculate the right one."""

    key_id: str
    signature: str
    expected: Callable[[str], str]
    """From the secret of the key to the right signature."""
    to_sign: str
    time: float
    """Seconds since 1970."""
    nonce: str
    security_token: str


def iso_time(name: str, text: str) -> float:
    """Seconds since 1970 of `2026-12-01T12:00:00Z`. Raises SignatureRefused naming the parameter *name*."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise SignatureRefused(Refusal.EXPIRED, f"{name} is {text!r}") from None
