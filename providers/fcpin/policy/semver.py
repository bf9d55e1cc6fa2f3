"""Semantic versions and ranges of them, as Masterminds/semver and so Flux and Helm read them.

Versions are tuples that compare by the specification (https://semver.org, section 11). A range is OR-groups
(`||`) of comparisons that all must hold (space or comma). Every comparison is an interval `[low, high)` of version
keys, or the exclusion of one:

1. `1.2.3` and `=1.2.3` are that version; `1.2`, `1.2.x`, `1.2.*` and `~1.2.3` stay inside 1.2, and `1`, `1.x` inside 1.
2. `^1.2.3` stays below the next change of the leftmost number that is not zero: 2, or 0.3, or 0.0.4.
3. `>1.2` is beyond every 1.2, `<=1.2` includes them all, `1.2 - 1.4` is `>=1.2, <=1.4`.
4. A pre-release satisfies an OR-group only if some comparison of that group names a pre-release (`>=1.0.0-0`).

Where Masterminds surprises (`~0.0.0` is everything, `!=4.1-alpha` excludes alpha of every 4.1) it is followed; a test
holds a table of its own answers.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from fcpin.errors import InvalidPolicy, Problem
from fcpin.models import from_text

VersionKey: TypeAlias = tuple[Any, ...]
"""(major, minor, patch, 1) of a release, (major, minor, patch, 0, identifiers) of a pre-release; a shorter tuple comes
before every version that begins with it."""

_PRE = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_TAIL = rf"(?:-(?P<pre>{_PRE}(?:\.{_PRE})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
"""Pre-release and build metadata."""
_RELEASE = re.compile(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)")
_WHOLE = re.compile(_RELEASE.pattern + _TAIL)
_LOOSE = re.compile(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?{_TAIL}")


def parse_version(text: str) -> VersionKey | None:
    """Return the key of `X.Y.Z`, or None if *text* is not a version. Build metadata is ignored.

    As in Flux: `v` is optional, and the three numbers may begin with zeros (`2022.04.2`). Others may not.
    """
    if (match := _RELEASE.fullmatch(text)) is not None:
        major, minor, patch = match.groups()
        return (int(major), int(minor), int(patch), 1)
    return None if (match := _WHOLE.fullmatch(text)) is None else _key(*match.groups())


def parse_loose_version(text: str) -> VersionKey | None:
    """Return the same for versions whose minor and patch numbers may be missing."""
    return None if (match := _LOOSE.fullmatch(text)) is None else _key(*match.groups())


def _key(major: str, minor: str | None, patch: str | None, pre: str | None) -> VersionKey:
    release = (int(major), int(minor or 0), int(patch or 0))
    return (*release, 1) if pre is None else (*release, 0, _identifiers(pre))


def _identifiers(pre: str) -> tuple[tuple[int, int | str], ...]:
    """Those of a pre-release. Numbers compare as numbers and come before words."""
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in pre.split("."))


_OPERATOR = r"(?P<op>=>|=<|>=|<=|!=|~>|[=<>~^])?"
_PART = r"(?:[0-9]+|[xX*])"
_VERSION = rf"v?{_PART}(?:\.{_PART}){{0,2}}{_TAIL}"
_COMPARISON = re.compile(
    rf"\s*{_OPERATOR}\s*v?(?P<major>{_PART})(?:\.(?P<minor>{_PART}))?(?:\.(?P<patch>{_PART}))?{_TAIL}(?=[\s,]|$)"
)
_UNNAMED = _VERSION.replace("?P<pre>", "?:")
_HYPHEN = re.compile(rf"(?<![^\s,|])({_UNNAMED})\s+-\s+({_UNNAMED})(?![^\s,|])")
_LONGEST = 1000
_END: VersionKey = (float("inf"),)


def _after(key: VersionKey) -> VersionKey:
    """The smallest key that is greater than *key*."""
    return (*key, 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: inside `[low, high)`, or outside it."""

    low: VersionKey
    high: VersionKey
    excluded: bool = False
    tail: VersionKey = ()
    """An exclusion with wildcards is of versions with exactly this release or pre-release part."""
    pre: bool = False
    """Whether it names a pre-release."""

    def holds(self, version: VersionKey) -> bool:
        inside = self.low <= version < self.high
        if not self.excluded:
            return inside
        return not (inside and (not self.tail or version[3:] == self.tail))


@dataclass(frozen=True, slots=True)
class Group:
    """Comparisons that must all hold: one interval and what is excluded from it."""

    low: VersionKey
    high: VersionKey
    exclusions: tuple[Comparison, ...]
    pre: bool

    @classmethod
    def of(cls, comparisons: Sequence[Comparison]) -> Self:
        intervals = [comparison for comparison in comparisons if not comparison.excluded]
        return cls(
            low=max((interval.low for interval in intervals), default=()),
            high=min((interval.high for interval in intervals), default=_END),
            exclusions=tuple(comparison for comparison in comparisons if comparison.excluded),
            pre=any(comparison.pre for comparison in comparisons),
        )

    def has(self, version: VersionKey) -> bool:
        if self.low <= version < self.high and (self.pre or version[3]):
            return not self.exclusions or all(exclusion.holds(version) for exclusion in self.exclusions)
        return False


@dataclass(frozen=True, slots=True)
class VersionRange:
    """A range that was read. `str()` is what the user wrote."""

    text: str
    groups: tuple[Group, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InvalidPolicy, quoting the part that cannot be read."""
        if len(text) > _LONGEST:
            raise InvalidPolicy(Problem("", f"has {len(text)} characters; a range has {_LONGEST} at most"))
        parts = _HYPHEN.sub(r">=\1, <=\2", text).split("||")
        return cls(text, tuple(Group.of(_comparisons(part, text)) for part in parts))

    def __str__(self) -> str:
        return self.text

    def has(self, version: VersionKey) -> bool:
        """Whether *version* lies inside."""
        for group in self.groups:  # noqa: SIM110 - any() of a generator takes three times as long
            if group.has(version):
                return True
        return False

    def wants_prereleases(self, version: VersionKey) -> bool:
        """Whether *version* is left out for nothing but being a pre-release."""
        return version[3] == 0 and any(not group.pre and group.low <= version < group.high for group in self.groups)


if TYPE_CHECKING:
    RangeText: TypeAlias = VersionRange
else:
    RangeText = from_text(VersionRange, VersionRange.parse)


def _comparisons(part: str, whole: str) -> Sequence[Comparison]:
    """The comparisons of one OR-group."""
    found = []
    rest = part.strip()
    if not rest:
        raise _unreadable(part, whole)
    while rest:
        match = _COMPARISON.match(rest)
        if match is None:
            raise _unreadable(rest, whole)
        found.append(_comparison(match))
        rest = rest[match.end() :].lstrip()
        if rest.startswith(","):
            rest = rest[1:].lstrip()
            if not rest:
                raise _unreadable(",", whole)
    return found


def _unreadable(rest: str, whole: str) -> InvalidPolicy:
    where = f"at {rest.strip()[:40]!r}" if rest.strip() else "at an empty part of '||'" if "||" in whole else "empty"
    return InvalidPolicy(
        Problem(
            "",
            f"{whole[:80]!r} is not a valid version range ({where}); "
            "write such as '1.x', '~1.2', '>=1.0.0 <2.0.0 || ^3'",
        )
    )


def _comparison(match: re.Match[str]) -> Comparison:
    """What an operator and a version with wildcards admit."""
    numbers: list[int] = []
    for name in ("major", "minor", "patch"):
        part = match[name]
        if part is None or part in "xX*":
            break
        numbers.append(int(part))
    known = tuple(numbers)
    pre = match["pre"]
    tail: VersionKey = (1,) if pre is None else (0, _identifiers(pre))
    exact = (*known, *(0,) * (3 - len(known)), *tail)
    build = _OPERATORS[match["op"] or "="]
    return build(known, exact, pre is not None)


Known: TypeAlias = tuple[int, ...]
"""The numbers before the first wildcard."""


def _beyond(known: Known, exact: VersionKey) -> VersionKey:
    """The first key beyond everything that *known* stands for: after 1.2.3, or (1, 3) for `1.2`, or (2,) for `1`."""
    return (*known[:-1], known[-1] + 1) if 0 < len(known) < 3 else _after(exact)


def _equal(known: Known, exact: VersionKey, pre: bool) -> Comparison:
    return Comparison(exact, _after(exact), pre=pre) if len(known) == 3 else _tilde(known, exact, pre)


def _not_equal(known: Known, exact: VersionKey, pre: bool) -> Comparison:
    low = known if 0 < len(known) < 3 else exact
    return Comparison(low, _beyond(known, exact), excluded=True, tail=exact[3:] if len(known) == 2 else (), pre=pre)


def _greater(known: Known, exact: VersionKey, pre: bool) -> Comparison:
    return Comparison(_beyond(known, exact), _END, pre=pre)


def _at_least(known: Known, exact: VersionKey, pre: bool) -> Comparison:  # noqa: ARG001 - one signature for all
    return Comparison(exact, _END, pre=pre)


def _less(known: Known, exact: VersionKey, pre: bool) -> Comparison:  # noqa: ARG001 - one signature for all
    return Comparison((), exact, pre=pre)


def _at_most(known: Known, exact: VersionKey, pre: bool) -> Comparison:
    return Comparison((), _beyond(known, exact) if known else (0, 1), pre=pre)


def _tilde(known: Known, exact: VersionKey, pre: bool) -> Comparison:
    if known in ((), (0, 0, 0)):
        return Comparison(exact, _END, pre=pre)
    return Comparison(exact, _beyond(known[:2], exact), pre=pre)


def _caret(known: Known, exact: VersionKey, pre: bool) -> Comparison:
    major, minor, patch = (*known, *(0,) * (3 - len(known)))
    if major > 0 or len(known) == 1:
        return Comparison(exact, (major + 1,), pre=pre)
    if minor > 0 or len(known) == 2:
        return Comparison(exact, (0, minor + 1), pre=pre)
    return Comparison(exact, (0, 0, patch + 1), pre=pre)


_OPERATORS: Mapping[str, Callable[[Known, VersionKey, bool], Comparison]] = {
    "=": _equal,
    "!=": _not_equal,
    ">": _greater,
    ">=": _at_least,
    "=>": _at_least,
    "<": _less,
    "<=": _at_most,
    "=<": _at_most,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}
