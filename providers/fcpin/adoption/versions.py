"""Guess a policy from a tag with one version in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from fcpin.adoption.guessed import Guess, by_push, filtered
from fcpin.adoption.shape import Piece, merged, ordering, pattern, shape, with_day_first

_NUMBER: Final = "[0-9]+"
_DOT: Final = r"\."
_LABELS: Final = "alpha|beta|rc|pre|preview|dev|snapshot|canary|next|nightly|ea|m"
_NUMBERED_LABEL: Final = re.compile(rf"-({_LABELS})([.-]?)", re.IGNORECASE)
_LABEL: Final = re.compile(rf"-({_LABELS})((?:[-_.].+)?)", re.IGNORECASE)
_TOWARDS_A_RELEASE: Final = ("alpha", "beta", "rc")
_YEARS: Final = range(1970, 2100)
_SHORT_YEARS: Final = range(10, 100)


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
