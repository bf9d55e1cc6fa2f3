"""How a sender proves who it is: a secret in the URL or in a header, or a signature of the body.

Every request costs the same work, whoever it is from and wherever it carries what: each place is looked at, compared
with each secret without stopping at a match, and only then it counts which of the places this sender may use.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from fcpin.receiver.errors import Forged
from fcpin.receiver.senders.base import HookRequest
from fcpin.receiver.senders.ways import Way
from fcpin.receiver.settings.model import Secret

SIGNATURE: Final = "x-hub-signature-256"
TOKEN: Final = "x-eventbridge-signature-token"  # noqa: S105 - the name of a header
_INSTANCE: Final = "cri-"
_AT_ONCE: Final = 2


def check_proof(request: HookRequest, secrets: Sequence[Secret], ways: Collection[Way]) -> None:
    """Raises Forged unless *request* carries one of *secrets* in one of *ways*. Says nothing of which was missing."""
    given = _given(request)
    proven = set[Way]()
    for secret in (*secrets, *secrets)[:_AT_ONCE]:
        key = secret.value.encode()
        expected = dict.fromkeys(given, key) | {Way.SIGNATURE: _signature(key, request.body)}
        proven |= {way for way, value in given.items() if _equal(value, expected[way])}
    if not proven & set(ways):
        raise Forged


def instance_of(request: HookRequest) -> str:
    """`cri-…` in the path, where there is one."""
    return next((segment for segment in request.segments if segment.startswith(_INSTANCE)), "")


def _given(request: HookRequest) -> Mapping[Way, bytes]:
    """What the request carries in each place; nothing is as long as something to compare."""
    rest = [segment for segment in request.segments if not segment.startswith(_INSTANCE)]
    return {
        Way.PATH: (rest[0] if len(rest) == 1 else "").encode(errors="replace"),
        Way.QUERY: request.query.get("secret", "").encode(errors="replace"),
        Way.AUTHORIZATION: _authorization(request.headers.get("authorization", "")),
        Way.TOKEN: request.headers.get(TOKEN, "").encode(errors="replace"),
        Way.SIGNATURE: request.headers.get(SIGNATURE, "").encode(errors="replace"),
    }


def _authorization(header: str) -> bytes:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode(errors="replace")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return header.encode(errors="replace")


def _signature(key: bytes, body: bytes) -> bytes:
    return b"sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest().encode()


def _equal(one: bytes, other: bytes) -> bool:
    """In a time that tells neither where they differ nor how long they are."""
    return hmac.compare_digest(hashlib.sha256(one).digest(), hashlib.sha256(other).digest())
