"""Guess a policy from the one tag that a function runs.

A guess keeps the tag that runs among the candidates, follows tags of the same shape only, and has a note on what it
follows and what not. Where several policies would fit, it is the one that follows less.

1. `1.4.2`, `v1.4.2`: the same major version; before 1.0 the same minor one, because there each may break. A first
   number that is a year has no such limit. Text before and after is kept: `release-1.4.2`, `1.4.2-alpine3.20`.
2. `1.5.0-rc.1`: later pre-releases of the same kind or nearer to a release, and releases.
3. Numbers after the version count after it: `4.5.5-ls239`, `1.4.2-3`, and those of git-describe, `v1.2.3-9-g2414721`.
4. `release-83f96b6`, `main-12`: the family that is named before the last dash. `83f96b6`: the commit pushed last.
5. Dates and other numbers are compared from left to right; of equal ones the tag pushed last is taken:
   `20261122-83f96b6`, `2026-11-22T15-30-12Z`, `12-83f96b6`.
   A number in a name (`stage2-83f96b6`) or a major version (`23_37-jdk`) before others stays.
6. A number after a commit, or a date that begins with the day, is no order: the tag pushed last.
7. Anything else, `latest` or `16` say, is taken for a tag that moves.
"""

import re
from collections.abc import Sequence
from typing import Final

from fcpin.adoption.guessed import Guess, by_push, family, filtered
from fcpin.adoption.shape import (
    MAJOR,
    Piece,
    merged,
    ordering,
    pattern,
    pieces_of,
    shape,
    with_day_first,
    without_names,
)
from fcpin.adoption.versions import Versioned
from fcpin.policy.tag_names import ACCELERATED, original

_MOVING: Final = re.compile(r"(?:^|[-_.])(?:latest|current|x)(?:$|[-_.])", re.IGNORECASE)


def guess(tag: str) -> Guess:
    """Return the policy that *tag* looks as if it had been chosen by."""
    plain = original(tag)
    if plain in ("", tag):
        return _guess(tag)
    found = _guess(plain)
    note = f"{found.note}; deployed as the {ACCELERATED} image of a tag where there is one"
    return Guess({**found.spec, "accelerated": "prefer"}, note)


def _guess(tag: str) -> Guess:
    pieces = pieces_of(tag)
    texts = [piece.text for piece in pieces if piece.kind == "text"]
    versions = [index for index, piece in enumerate(pieces) if piece.kind == "version"]
    if len(texts) == len(pieces) or any(map(_MOVING.search, texts)):
        return _moving(tag)
    if len(versions) > 1:
        return _staying(tag, "it has two versions, and its name does not show which of them to follow")
    return Versioned(pieces, versions[0]).guess() if versions else _numbered(tag, pieces)


def _moving(tag: str) -> Guess:
    return Guess(
        {"policy": {"digest": {"tag": tag}}},
        f"{tag} looks like a tag that moves, and each push of it is an outage until the next up: "
        "push a tag a build, and follow its family",
    )


def _staying(tag: str, why: str) -> Guess:
    return Guess({"policy": {"digest": {"tag": tag}}}, f"stays on {tag} and follows no other tag: {why}")


def _numbered(tag: str, pieces: Sequence[Piece]) -> Guess:
    """The guess for a tag without a version, but with numbers, dates or commits."""
    start = next((index for index, piece in enumerate(pieces) if piece.kind in ("year", "date")), 0)
    pieces = with_day_first(merged([*(piece.as_text() for piece in pieces[:start]), *pieces[start:]]))
    pieces = without_names(pieces)
    ordered = ordering(pieces)
    if not ordered or family(pieces) or any(piece.kind == "day" for piece in pieces):
        return by_push(pieces)
    if _may_be_major(pieces):
        return _staying(tag, "it may be a major version; if it counts builds, write the policy numerical")
    follows = f"follows {shape(pieces)}, no other tag: the greatest"
    if len(pieces) == 1:
        return Guess(filtered({"numerical": {"order": "asc"}}, pattern(pieces)), f"{follows} {pieces[0].kind}")
    if len(ordered) == 1:
        spec = filtered({"numerical": {"order": "asc"}}, pattern(pieces, ordered), "$1")
        return Guess(spec, f"{follows} {pieces[ordered[0]].kind}, then the one pushed last")
    numbers = [f"${index + 1}" for index in range(len(ordered))]
    extract, more = ".".join([*numbers, "0"][:3]), ".".join(numbers[3:])
    spec = filtered(
        {"semver": {"range": ">=0.0.0-0" if more else "*"}},
        pattern(pieces, ordered),
        f"{extract}-{more}" if more else extract,
    )
    return Guess(spec, f"{follows} numbers from left to right, then the one pushed last")


def _may_be_major(pieces: Sequence[Piece]) -> bool:
    """Whether they are such as `16`, `v2` or `8-jre`."""
    first, *rest = pieces[1:] if pieces[0].text.lower() == "v" and len(pieces) > 1 else pieces
    is_number = first.kind == "number" and int(first.text) < MAJOR
    return is_number and all(piece.kind == "text" for piece in rest)
