"""How a sender authenticates: a secret in the URL or in a header, or a signature of the body.

Every request costs the same work, whatever it carries and whether the sender exists: each location is read, compared
with each secret without stopping at a match, and only then limited to the locations that the sender may use.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Final

from fcpin.receiver.errors import InvalidSecret
from fcpin.receiver.settings.secrets import Secret

SIGNATURE_HEADER: Final = "x-hub-signature-256"
EVENTBRIDGE_HEADER: Final = "x-eventbridge-signature-token"
_INSTANCE: Final = "cri-"
_COMPARED: Final = 2
"""Secrets of a sender, which is the most that are valid at once."""


class SecretLocation(Enum):
    """Where a request may carry its secret; the value is its column in the documentation."""

    PATH = "path"
    """`/hooks/<name>/<secret>`"""
    QUERY = "`?secret=`"
    AUTHORIZATION = "`Authorization`"
    """`Bearer …`, the password of `Basic …`, or the bare secret."""
    EVENTBRIDGE = "the token of the HTTP target"
    """Where EventBridge puts the token of an HTTP target."""
    SIGNATURE = "`X-Hub-Signature-256: sha256=<HMAC-SHA256 of the body>`"


IN_URL: Final = frozenset({SecretLocation.PATH, SecretLocation.QUERY})


def check_secret(
    headers: Mapping[str, str],
    query: Mapping[str, str],
    segments: Sequence[str],
    body: bytes,
    secrets: Sequence[Secret],
    locations: Collection[SecretLocation],
) -> None:
    """Raise InvalidSecret unless one of *secrets* stands in one of *locations*.

    *headers* have lower-case names; *segments* are those of the path after the sender's name.
    """
    carried = _carried(headers, query, segments)
    valid = set[SecretLocation]()
    for secret in (*secrets, *secrets)[:_COMPARED]:
        key = secret.value.encode()
        expected = dict.fromkeys(carried, key) | {SecretLocation.SIGNATURE: _signature(key, body)}
        valid |= {location for location, value in carried.items() if _equal(value, expected[location])}
    if not valid & set(locations):
        raise InvalidSecret


def instance_of(segments: Sequence[str]) -> str:
    """Return the `cri-…` among the path segments; empty if there is none."""
    return next((segment for segment in segments if segment.startswith(_INSTANCE)), "")


def _carried(
    headers: Mapping[str, str], query: Mapping[str, str], segments: Sequence[str]
) -> Mapping[SecretLocation, bytes]:
    """Return the value at each location; an absent one takes as long to compare."""
    rest = [segment for segment in segments if not segment.startswith(_INSTANCE)]
    return {
        SecretLocation.PATH: (rest[0] if len(rest) == 1 else "").encode(errors="replace"),
        SecretLocation.QUERY: query.get("secret", "").encode(errors="replace"),
        SecretLocation.AUTHORIZATION: _authorization(headers.get("authorization", "")),
        SecretLocation.EVENTBRIDGE: headers.get(EVENTBRIDGE_HEADER, "").encode(errors="replace"),
        SecretLocation.SIGNATURE: headers.get(SIGNATURE_HEADER, "").encode(errors="replace"),
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
    """Compare in a time that depends neither on the first difference nor on the lengths."""
    return hmac.compare_digest(hashlib.sha256(one).digest(), hashlib.sha256(other).digest())
