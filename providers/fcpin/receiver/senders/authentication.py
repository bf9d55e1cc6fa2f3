"""How a sender authenticates: a secret in the URL or in a header, or a signature of the body.

Every request costs the same work, whatever it carries and whether the sender exists: each location is read, compared
with each secret without stopping at a match, and only then limited to the locations that the sender may use.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from fcpin.receiver.errors import InvalidSecret
from fcpin.receiver.settings.secrets import Secret

SIGNATURE_HEADER: Final = "x-hub-signature-256"
EVENTBRIDGE_HEADER: Final = "x-eventbridge-signature-token"
_INSTANCE: Final = "cri-"
_COMPARED: Final = 2
"""Secrets of a sender, which is the most that are valid at once."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What of a request may carry a secret."""

    headers: Mapping[str, str]
    """By lower-case names."""
    query: Mapping[str, str]
    segments: Sequence[str]
    """Of the path after the sender's name."""


def _header(name: str) -> Callable[[Carried], bytes]:
    return lambda carried: carried.headers.get(name, "").encode(errors="replace")


def _path(carried: Carried) -> bytes:
    rest = [segment for segment in carried.segments if not segment.startswith(_INSTANCE)]
    return (rest[0] if len(rest) == 1 else "").encode(errors="replace")


def _query(carried: Carried) -> bytes:
    return carried.query.get("secret", "").encode(errors="replace")


def _authorization(carried: Carried) -> bytes:
    header = carried.headers.get("authorization", "")
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode(errors="replace")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return header.encode(errors="replace")


@dataclass(frozen=True, slots=True)
class LocationFacts:
    """Everything that depends on the location alone."""

    documented: str
    """In the table of docs/receiver/senders.md."""
    request: str
    """How a sender is set up, with `{hook}` for `/hooks/<name>`; `fcpin receiver check` prints it."""
    read: Callable[[Carried], bytes]
    """The value in a request; empty if there is none, which takes as long to compare."""
    schemes: Mapping[str, Mapping[str, Any]]
    """Its security schemes of OpenAPI; none for a parameter of the path."""
    is_signature: bool = False
    """Whether it carries the signature of the body instead of the secret."""


class SecretLocation(Enum):
    """Where a request may carry its secret. A location is entered here; its readers derive the rest."""

    PATH = LocationFacts("path", "{hook}/<secret>", _path, {})
    QUERY = LocationFacts(
        "`?secret=`", "{hook}?secret=<secret>", _query, {"query": {"type": "apiKey", "in": "query", "name": "secret"}}
    )
    AUTHORIZATION = LocationFacts(
        "`Authorization`",
        "{hook} with Authorization: Bearer <secret>",
        _authorization,
        {"bearer": {"type": "http", "scheme": "bearer"}, "basic": {"type": "http", "scheme": "basic"}},
    )
    """`Bearer …`, the password of `Basic …`, or the bare secret."""
    EVENTBRIDGE = LocationFacts(
        "the token of the HTTP target",
        "{hook} with the token <secret>",
        _header(EVENTBRIDGE_HEADER),
        {"eventbridge": {"type": "apiKey", "in": "header", "name": EVENTBRIDGE_HEADER}},
    )
    SIGNATURE = LocationFacts(
        "`X-Hub-Signature-256: sha256=<HMAC-SHA256 of the body>`",
        "{hook} with X-Hub-Signature-256",
        _header(SIGNATURE_HEADER),
        {
            "signature": {
                "type": "apiKey",
                "in": "header",
                "name": SIGNATURE_HEADER,
                "description": "sha256= and the HMAC-SHA256 of the body in hexadecimal digits.",
            }
        },
        is_signature=True,
    )

    @property
    def facts(self) -> LocationFacts:
        return self.value


IN_URL: Final = frozenset({SecretLocation.PATH, SecretLocation.QUERY})


def check_secret(
    carried: Carried, body: bytes, secrets: Sequence[Secret], locations: Collection[SecretLocation]
) -> None:
    """Raise InvalidSecret unless one of *secrets* stands in one of *locations*."""
    values = {location: location.facts.read(carried) for location in SecretLocation}
    valid = set[SecretLocation]()
    for secret in (*secrets, *secrets)[:_COMPARED]:
        key = secret.value.encode()
        signature = _signature(key, body)
        for location, value in values.items():
            if _equal(value, signature if location.facts.is_signature else key):
                valid.add(location)
    if not valid & set(locations):
        raise InvalidSecret


def instance_of(segments: Sequence[str]) -> str:
    """Return the `cri-…` among the path segments; empty if there is none."""
    return next((segment for segment in segments if segment.startswith(_INSTANCE)), "")


def _signature(key: bytes, body: bytes) -> bytes:
    return b"sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest().encode()


def _equal(one: bytes, other: bytes) -> bool:
    """Compare in a time that depends neither on the first difference nor on the lengths."""
    return hmac.compare_digest(hashlib.sha256(one).digest(), hashlib.sha256(other).digest())
