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
7. Anything else, such as `latest` or `16`, is treated as a tag that moves.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from fcpin.image import ACCELERATED, is_tag, original
from fcpin.serverless_devs.tag_shape import (
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

_MOVING: Final = re.compile(r"(?:^|[-_.])(?:latest|current|x)(?:$|[-_.])", re.IGNORECASE)
_NUMBER: Final = "[0-9]+"
_DOT: Final = r"\."
_LABELS: Final = "alpha|beta|rc|pre|preview|dev|snapshot|canary|next|nightly|ea|m"
_NUMBERED_LABEL: Final = re.compile(rf"-({_LABELS})([.-]?)", re.IGNORECASE)
_LABEL: Final = re.compile(rf"-({_LABELS})((?:[-_.].+)?)", re.IGNORECASE)
_TOWARDS_A_RELEASE: Final = ("alpha", "beta", "rc")
_YEARS: Final = range(1970, 2100)
_SHORT_YEARS: Final = range(10, 100)


@dataclass(frozen=True, slots=True)
class Guess:
    """A policy dictionary, and what its reader should know."""

    spec: Mapping[str, Any]
    note: str
    """What it follows, and what not. One line."""


def filtered(policy: Mapping[str, Any], pattern: str, extract: str = "") -> Mapping[str, Any]:
    """Return a policy dictionary for the tags that match *pattern* as a whole."""
    return {"policy": policy, "filter_tags": {"pattern": f"^{pattern}$", **({"extract": extract} if extract else {})}}


def family(pieces: Sequence[Piece]) -> str:
    """Return the name of the family where *pieces* are that name, a dash and one number or commit; else empty."""
    if len(pieces) != 2 or pieces[0].kind != "text" or pieces[1].kind not in ("number", "commit"):
        return ""
    name, dash, rest = pieces[0].text.rpartition("-")
    return name if dash and not rest and is_tag(name) and name[-1] != "-" else ""


def by_push(pieces: Sequence[Piece]) -> Guess:
    """Return the guess for tags that their push time orders; of a family also the one number at their end."""
    policy = {"family": {"name": name}} if (name := family(pieces)) else {"newest": {"by": "pushed"}}
    number = ", or the greatest number where the registry gives no push times" if pieces[-1].kind == "number" else ""
    note = f"follows {shape(pieces)}, no other tag: the one pushed last{number if name else ''}"
    return Guess(filtered(policy, pattern(pieces)), note)


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


@dataclass(frozen=True, slots=True)
class Line:
    """The versions to stay in: one major version, before 1.0 one minor version; of years all."""

    range: str
    """Of releases: `1.x`."""
    low: str
    high: str
    is_years: bool = False

    @classmethod
    def of(cls, version: Piece) -> Self:
        major, minor = version.numbers[:2]
        first, second = version.text.removeprefix("v").split(".")[:2]
        is_short_year = (
            len(first) == 2 and len(second) == 2 and second[0] == "0"
        )  # 24.04: no version would have the zero
        years = _YEARS if major in _YEARS else _SHORT_YEARS if is_short_year and major in _SHORT_YEARS else None
        if years:
            low, high = f"{years.start}.0.0", f"{years.stop}.0.0"
            return cls(f">={low}, <{high}", low, high, is_years=True)
        if major == 0 and len(version.numbers) > 2:
            return cls(f"0.{minor}.x", f"0.{minor}.0", f"0.{minor + 1}.0")
        return cls(f"{major}.x", f"{major}.0.0", f"{major + 1}.0.0")

    @property
    def limit(self) -> str:
        """What is not followed, for a reader."""
        return "of any year" if self.is_years else f"below {self.high}"


def _dotted(numbers: Sequence[str]) -> Sequence[Piece]:
    return [piece for number in numbers for piece in (Piece("text", "."), Piece("number", number))]


class Versioned:
    """A tag, cut at its version."""

    def __init__(self, pieces: Sequence[Piece], at: int) -> None:
        self.version, self.after = pieces[at], pieces[at + 1 :]
        self.before = merged([piece.as_text() for piece in pieces[:at]])
        self.shape = shape([*self.before, self.version, *self.after])
        self.line = Line.of(self.version)
        self.prefix = pattern(self.before)
        self.exact = _DOT.join([_NUMBER] * min(len(self.version.numbers), 3))
        """A pattern for its first three numbers, or its only two."""
        self.is_short = len(self.version.numbers) < 3
        self.whole = "$1.0" if self.is_short else "$1"
        """The three numbers, where the first group of a pattern is `exact`."""

    def guess(self) -> Guess:
        plain = self.version.text.removeprefix("v")
        first, *others = plain.split(".")
        date = with_day_first([Piece("number", first), *_dotted(others)])
        if len(others) == 2 and date[0].kind == "day":
            v = Piece("text", self.version.text.removesuffix(plain))
            return by_push(merged([*self.before, v, *date, *self.after]))
        return self._described() or self._pre_release() or self._counted() or self._plain()

    def _plain(self) -> Guess:
        """Nothing counts but the version."""
        line, order = self.line, self._semver(self.line.range)
        is_odd = line.is_years and self.is_short  # a year alone would be a version too
        value = f"v?{self.exact}"
        if not self.before and not self.after:
            note = f"follows the greatest version {line.limit}; no pre-releases, and no endings such as -alpine"
            return Guess(filtered(order, value) if is_odd else {"policy": order}, note)
        is_text = all(piece.kind == "text" for piece in (*self.before, *self.after))
        value = ".*" if is_text and not is_odd else value
        spec = filtered(order, f"{self.prefix}(?P<version>{value}){pattern(self.after)}", "$version")
        equal = "" if is_text else ", then the one pushed last"
        note = f"follows {self.shape}, no other tag: the greatest version {line.limit}{equal}; no pre-releases"
        return Guess(spec, note)

    def _counted(self) -> Guess | None:
        """Numbers count after the version."""
        after = [*_dotted(self.version.text.split(".")[3:]), *self.after]
        if not (ordered := ordering(after)):
            return None
        numbers = ".".join(f"${index + 2}" for index in range(len(ordered)))
        source = f"{self.prefix}v?({self.exact}){pattern(after, ordered, groups=3)}"
        order = "the greatest version, then the greatest numbers from left to right"
        return self._in_line(source, f"{self.whole}-{numbers}", order)

    def _described(self) -> Guess | None:
        """What git-describe prints: a version, the commits since, and the commit. For the version itself only that."""
        head, ending = self.after[:4], self.after[4:]
        parts = [piece.text if piece.kind == "text" else piece.kind for piece in head]
        if parts != ["-", "number", "-g", "commit"] or any(piece.kind != "text" for piece in ending):
            return None
        since = f"(?:-({_NUMBER})-g[0-9a-f]{{7,40}})?"
        # with a 1 before the commits since, the version itself has a number too, which is less than all others
        source = f"{self.prefix}v?({self.exact}){since}{pattern(ending)}"
        order = "the greatest version, then the most commits since; the version itself too"
        return self._in_line(source, f"{self.whole}-1$2", order) if len(self.version.numbers) < 4 else None

    def _pre_release(self) -> Guess | None:
        """Pre-releases with the same label or one nearer to a release, and releases."""
        kinds = [piece.kind for piece in self.after]
        if len(self.version.numbers) > 3 or not kinds or kinds[0] != "text":
            return None
        if kinds in (["text", "number"], ["text", "number", "text"]):
            found = _NUMBERED_LABEL.fullmatch(self.after[0].text)
            number, ending = self.after[1].text, pattern(self.after[2:])
        else:
            found = _LABEL.fullmatch(self.after[0].text) if kinds == ["text"] else None
            number, ending = "", pattern([Piece("text", found[2])]) if found else ""
        if found is None:
            return None
        at = _TOWARDS_A_RELEASE.index(found[1]) if found[1] in _TOWARDS_A_RELEASE else None
        labels = [found[1]] if at is None else _TOWARDS_A_RELEASE[at:]
        any_label = labels[0] if len(labels) == 1 else f"(?:{'|'.join(labels)})"
        source, extract = self._pre_releases(any_label, ending, found[2] if number else ".", number)
        low = ".".join(map(str, (*self.version.numbers, 0)[:2]))
        semver = self._semver(f">={low}.0-0, <{self.line.high}-0")
        note = f"follows releases {self.line.limit} and their pre-releases {', '.join(labels)}; no other pre-releases"
        note += f", and no other ending than {self.after[-1].text if number else found[2]}" if ending else " or endings"
        if not number:
            note += f"; if {found[1]} makes it a tag that moves, each push of it is an outage until the next up"
        return Guess(filtered(semver, source, extract), note)

    def _pre_releases(self, labels: str, ending: str, dot: str, number: str) -> tuple[str, str]:
        """A pattern and what it extracts. *dot*: what stands between a label and its number."""
        if dot == "." and not (number.startswith("0") and number != "0"):
            value = rf"v?{self.exact}(?:-{labels}(?:\.{_NUMBER})?)?"
            if self.prefix or ending:
                return f"{self.prefix}(?P<version>{value}){ending}", "$version"
            return value, ""
        # `rc10` is below `rc9` unless a dot stands before the number: the one between the first two numbers is taken
        first, rest = self.exact.split(_DOT, 1)
        labelled = f"({first}({_DOT}){rest}-{labels}){_DOT if dot == '.' else dot}0*({_NUMBER})"
        return f"{self.prefix}v?(?:{labelled}|({self.exact})){ending}", "$1$2$3$4"

    def _in_line(self, source: str, extract: str, order: str) -> Guess:
        """What is extracted are pre-releases: the numbers after a version are made their identifiers."""
        semver = {"semver": {"range": f">={self.line.low}-0, <{self.line.high}-0"}}
        return Guess(
            filtered(semver, source, extract), f"follows {self.shape} {self.line.limit}, no other tag: {order}"
        )

    def _semver(self, text: str) -> Mapping[str, Any]:
        return {"semver": {"range": text, **({"strict": False} if self.is_short else {})}}
