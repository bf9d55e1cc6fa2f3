"""Semantic versions as tuples that compare as the specification says (https://semver.org, section 11)."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import compress, repeat
from typing import Final, TypeAlias

from fcpin.policy.lines import expecting, strays

VersionKey: TypeAlias = tuple[object, ...]
"""(major, minor, patch, 1) of a release, (major, minor, patch, 0, identifiers) of a pre-release; a shorter tuple comes
before every version that begins with it."""

_PRE = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
TAIL: Final = rf"(?:-(?P<pre>{_PRE}(?:\.{_PRE})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
"""Pre-release and build metadata."""

_WHOLE = re.compile(rf"v?([0-9]+)\.([0-9]+)\.([0-9]+){TAIL}")
_LOOSE = re.compile(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?{TAIL}")
_FIRST = frozenset("v0123456789")
"""What a version begins with."""
_RELEASES = expecting(r"v?[0-9]+\.[0-9]+\.[0-9]+")


def parse_version(text: str) -> VersionKey | None:
    """Return the key of `X.Y.Z`, or None if *text* is not a version. Build metadata is ignored.

    As in Flux: `v` is optional, and the three numbers may begin with zeros (`2022.04.2`). Others may not.
    """
    return None if (match := _WHOLE.fullmatch(text)) is None else _key(*match.groups())


def parse_loose_version(text: str) -> VersionKey | None:
    """Return the same for versions whose minor and patch numbers may be missing."""
    return None if (match := _LOOSE.fullmatch(text)) is None else _key(*match.groups())


def version_keys(texts: Sequence[str], parse: Callable[[str], VersionKey | None]) -> Sequence[VersionKey | None]:
    """The key of each of *texts*: of releases all at once, of whatever *parse* makes of the others."""
    others = strays(texts, _RELEASES)
    if not others:
        return list(_releases(texts))
    is_release = [text not in others for text in texts]
    releases = _releases(list(compress(texts, is_release)))
    known = {text: parse(text) for text in others if text[:1] in _FIRST}
    return [next(releases) if plain else known.get(text) for text, plain in zip(texts, is_release, strict=True)]


def _releases(texts: Sequence[str]) -> Iterator[VersionKey]:
    joined = ",".join(texts).replace("v", "").replace(".", ",")
    try:
        numbers = iter(json.loads(f"[{joined}]"))  # the fastest reader of integers; it takes no leading zeros
    except ValueError:
        numbers = map(int, joined.split(","))
    return zip(numbers, numbers, numbers, repeat(1))


def identifiers(pre: str) -> tuple[tuple[int, int | str], ...]:
    """Those of a pre-release. Numbers compare as numbers and come before words."""
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in pre.split("."))


def _key(major: str, minor: str | None, patch: str | None, pre: str | None) -> VersionKey:
    if pre is None:
        return (int(major), int(minor or 0), int(patch or 0), 1)
    return (int(major), int(minor or 0), int(patch or 0), 0, identifiers(pre))
