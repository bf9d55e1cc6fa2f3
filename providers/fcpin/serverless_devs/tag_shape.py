"""The shape of a tag: which of its parts are numbers, dates, commits and versions, and which are text that stays."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["text", "number", "day", "year", "date", "commit", "version"]

_VARIANTS: Final = """
al alinux almalinux alpine amazonlinux amd anolis arm armv apache aspnet avx azurelinux bionic bookworm bullseye
buster busybox centos corretto cp cpu cpuv cu cuda cudnn deb debian distroless dotnet el elixir erlang es fedora focal
fpm ghc glibc go golang gpu graalvm i iron java jammy jdk jessie jetty jre kafka leap liberica linux ltsc mariadb
mariner mpi musl mysql nanoserver net nginx noble node nodejs openeuler openjdk opensuse oracular otp perl pg photon
php postgres ppc py python pytorch redis rhel riscv rocky rocm ruby rust sapmachine scala semeru sles spark sse
stretch swift temurin tf tomcat torch trixie ubi ubuntu windows windowsservercore wolfi x xenial zulu
"""
_VARIANT_NAMES: Final = frozenset(_VARIANTS.split())
"""Systems, runtimes and processors. A number after one of them names a variant: `alpine3.20`, `debian-12`, `amd64`."""

_BRANCHES: Final = """
branch bug bugfix chore dependabot feat feature fix hotfix issue merge mr pr pull renovate story task ticket
"""
_BRANCH_NAMES: Final = frozenset(_BRANCHES.split())
"""A number after one of them names a branch."""

_COUNTERS: Final = frozenset({"b", "build", "ci", "r", "rev", "run", "v", "w"})
"""Words before a counter, although all their letters may be hexadecimal digits."""

# The number after a dot must not begin a commit, as in 1.2.83f96b6.
_VERSION: Final = re.compile(r"v?[0-9]{1,5}(?:\.(?!(?=[0-9]+[a-f])[0-9a-f]{7,64}(?![0-9A-Za-z]))[0-9]+)+(?![0-9])")
_DIGITS: Final = re.compile(r"[0-9]+(?![0-9A-Za-z])")
_COMMIT: Final = re.compile(r"(g?)([0-9a-f]{7,64})(?![0-9A-Za-z])")
_WORD_AND_NUMBER: Final = re.compile(
    r"([A-Za-z]+(?:[0-9]+[A-Za-z]+)*?)([0-9]+(?:\.[0-9]+)*)(?![0-9A-Za-z])"  # k3s1, rke2r1
)
_QUARTER: Final = re.compile(r"([QqWwHh])([0-9]+)\.([0-9]+)(?![0-9A-Za-z.])")
_TIME: Final = re.compile(r"([0-9]+)([TtWwQq])([0-9]+)([Zz]?)(?![0-9A-Za-z])")
_ZULU: Final = re.compile(r"([0-9]+)([Zz])(?![0-9A-Za-z])")
_LETTERS: Final = re.compile(r"[a-z]+")
_HEXADECIMAL: Final = frozenset("0123456789abcdef")
_WORD: Final = re.compile(r"[A-Za-z]+")
_LAST_WORD: Final = re.compile(r"[A-Za-z]+$")
_REST: Final = re.compile(r"[^-_.]+")
_DATE: Final = re.compile(
    r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?)?"
)
_SECONDS: Final = re.compile(r"1[0-9]{9}(?:[0-9]{3})?")
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
MAJOR: Final = 100
"""A number below it may be a major version: `16`, `8-jre`."""
_SHORT: Final = 6
"""Digits of a counter at most; a commit has seven at least."""
_LONGEST_COMMIT: Final = 64


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a tag."""

    kind: Kind
    text: str

    @property
    def pattern(self) -> str:
        """A pattern of RE2 for what other tags of the shape have here."""
        if self.kind == "text":
            return self.text.replace(".", r"\.")
        if self.kind == "commit":
            return f"[0-9a-f]{{{len(self.text)}}}"
        if self.kind in ("date", "year"):
            return f"[0-9]{{{len(self.text)}}}"
        if self.kind == "day":
            return "[0-9]{1,2}"
        if self.kind == "number":
            return f"[0-9]{{1,{max(_SHORT, len(self.text))}}}"
        return r"\.".join(["[0-9]+"] * len(self.numbers))

    @property
    def shape(self) -> str:
        """What it is, for a reader."""
        digits = f"{len(self.text)}-digit " if self.kind == "commit" else ""
        return self.text if self.kind == "text" else f"<{digits}{self.kind}>"

    @property
    def numbers(self) -> Sequence[int]:
        """Of a version."""
        return [int(number) for number in self.text.removeprefix("v").split(".")]

    @property
    def counts(self) -> bool:
        """Whether it is a number that may order tags."""
        return self.kind in ("number", "year", "date")

    def as_text(self) -> "Piece":
        """The same for a number that does not count."""
        return replace(self, kind="text") if self.kind == "number" else self


def shape(pieces: Sequence[Piece]) -> str:
    """The shape for a reader: `main-<number>`, `<date>-<7-digit commit>`."""
    return "".join(piece.shape for piece in pieces)


def pieces_of(tag: str) -> Sequence[Piece]:
    """Return the pieces of *tag*; no two texts are adjacent.

    The number of a variant (`alpine3.20`, `debian-12`) or of a branch (`pr-12`) is text, and so is a version after the
    name of a variant where the tag has something else to follow or to name a variant.
    """
    found = list(_scanned(tag))
    found = [
        replace(piece, kind="text")
        if piece.kind == "version" and _follows_name(found, index, _VARIANT_NAMES) and _has_other(found, index)
        else piece
        for index, piece in enumerate(found)
    ]
    return _with_years(merged(found))


def _has_other(pieces: Sequence[Piece], index: int) -> bool:
    """Whether there is another version, date or commit, or digits before the one at *index*: `8-jre-alpine-3.20`.

    A name that has digits already, as `amd64-1.2.3` begins with, has no other.
    """
    if any(character.isdigit() for character in pieces[index - 2].text):
        return False
    others = [*pieces[:index], *pieces[index + 1 :]]
    return any(piece.kind in ("version", "date", "commit") for piece in others) or any(
        character.isdigit() for piece in pieces[:index] for character in piece.text
    )


def merged(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Return *pieces* with adjacent texts joined."""
    found: list[Piece] = []
    for is_text, group in groupby(pieces, lambda piece: piece.kind == "text"):
        run = list(group)
        found += [Piece("text", "".join(piece.text for piece in run))] if is_text else run
    return found


def ordering(pieces: Sequence[Piece]) -> Sequence[int]:
    """The indices of what orders tags. A number after a commit may count the builds of that commit, so it does not."""
    found, counts = [], True
    for index, piece in enumerate(pieces):
        counts = piece.kind in ("year", "date") or (counts and piece.kind != "commit")
        if counts and piece.counts:
            found.append(index)
    return found


def pattern(pieces: Sequence[Piece], grouped: Sequence[int] = (), groups: int = 0) -> str:
    """A pattern for *pieces*, with a group for each index of *grouped*, after as many *groups*.

    From the fourth group on they are to be identifiers of a pre-release, which must not begin with zeros.
    """
    found = []
    for index, piece in enumerate(pieces):
        if index in grouped:
            groups += 1
            found.append(f"{'0*' if groups > 3 and piece.kind == 'number' else ''}({piece.pattern})")
        else:
            found.append(piece.pattern)
    return "".join(found)


def with_day_first(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Return *pieces* with a day, a month and a year where their first numbers are those of `22-11-2026`.

    Whether the day or the month is first is not known, so the two are of one kind. Other pieces are returned as they
    are.
    """
    at = [index for index, piece in enumerate(pieces) if piece.kind == "number"][:3]
    numbers = [pieces[index].text for index in at]
    if len(at) < 3 or not _YEAR.fullmatch(numbers[2]) or max(map(int, numbers[:2])) > 31:
        return pieces
    kinds: Sequence[Kind] = ("day", "day", "year")
    found = list(pieces)
    for index, kind in zip(at, kinds, strict=True):
        found[index] = replace(pieces[index], kind=kind)
    return found


def without_names(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Return *pieces* with the first number as text where it is part of a name or a major version.

    It is part of a name where letters that name no counter precede it, and another number or a commit follows:
    `stage2-83f96b6`. It is a major version where the tag names a variant and has another number: `23_37-jdk`.
    """
    at = next((index for index, piece in enumerate(pieces) if piece.kind != "text"), len(pieces))
    if (
        len(pieces) - at < 2
        or pieces[at].kind != "number"
        or not any(piece.kind != "text" for piece in pieces[at + 1 :])
    ):
        return pieces
    word = _LAST_WORD.search(pieces[at - 1].text) if at else None
    is_name = word is not None and word[0].lower() not in _COUNTERS - {"v"}
    words = {word.lower() for piece in pieces if piece.kind == "text" for word in _WORD.findall(piece.text)}
    is_major = (
        at == 0 and int(pieces[0].text) < MAJOR and len(ordering(pieces)) > 1 and not words.isdisjoint(_VARIANT_NAMES)
    )
    return merged([*pieces[:at], pieces[at].as_text(), *pieces[at + 1 :]]) if is_name or is_major else pieces


def _scanned(tag: str) -> Iterator[Piece]:
    found: list[Piece] = []
    at = 0
    while at < len(tag):
        pieces = [Piece("text", tag[at])] if tag[at] in "-_." else _part(tag, at, found)
        found += pieces
        at += sum(len(piece.text) for piece in pieces)
    yield from found


def _part(tag: str, at: int, before: Sequence[Piece]) -> Sequence[Piece]:
    """The pieces of what begins at *at*, where a separator or a version has ended."""
    names = _VARIANT_NAMES | _BRANCH_NAMES
    if match := _VERSION.match(tag, at):
        return _dotted(match[0]) if _is_in_date(before) else [Piece("version", match[0])]
    if match := _DIGITS.match(tag, at):
        piece = _number(match[0], before)
        is_name = piece.kind != "date" and _follows_name([*before, piece], len(before), names)
        return [replace(piece, kind="text") if is_name else piece]
    if match := _COMMIT.match(tag, at):
        return [*([Piece("text", "g")] if match[1] else []), Piece("commit", match[2])]
    if (match := _QUARTER.match(tag, at)) and len(before) > 1 and _YEAR.fullmatch(before[-2].text):
        return [Piece("text", match[1]), Piece("number", match[2]), Piece("text", "."), Piece("number", match[3])]
    if match := _WORD_AND_NUMBER.match(tag, at):
        if match[1].lower() == "v" and _follows_name([*before, Piece("text", match[0])], len(before), _VARIANT_NAMES):
            return [Piece("text", match[0])]
        return _word_and_number(match)
    if match := _TIME.match(tag, at):
        first, last = _number(match[1], before), Piece("number", match[3])
        if first.kind != "commit" and len(last.text) <= _SHORT:
            return [first, Piece("text", match[2]), last, *([Piece("text", match[4])] if match[4] else [])]
    if (match := _ZULU.match(tag, at)) and before and len(match[1]) <= _SHORT:
        return [Piece("number", match[1]), Piece("text", match[2])]
    match = _REST.match(tag, at)
    return [Piece("text", match[0] if match else tag[at:])]


def _word_and_number(match: re.Match[str]) -> Sequence[Piece]:
    word, number = match[1], match[2]
    name = word.lower()
    first = _LETTERS.match(name)
    is_name = first is not None and first[0] in _VARIANT_NAMES | _BRANCH_NAMES
    if is_name or (name not in _COUNTERS and set(name) <= _HEXADECIMAL):
        return [Piece("text", match[0])]
    if "." in number:
        return [Piece("text", word), Piece("version", number)]
    return [Piece("text", word), _number(number, ())]


def _is_in_date(before: Sequence[Piece]) -> bool:
    """Whether what follows *before* is the day of `2026-11-22.1`."""
    if len(before) < 4:
        return False
    year, dash, month, other = before[-4:]
    return bool(_YEAR.fullmatch(year.text)) and month.kind == "number" and dash.text == other.text in {"-", "_"}


def _dotted(version: str) -> Sequence[Piece]:
    return [Piece("number" if part.isdigit() else "text", part) for part in re.split(r"(\.)", version)]


def _number(digits: str, before: Sequence[Piece]) -> Piece:
    if _DATE.fullmatch(digits) or _SECONDS.fullmatch(digits):
        return Piece("date", digits)
    if len(digits) <= _SHORT or (len(digits) <= 9 and any(piece.kind == "date" for piece in before[-2:])):
        return Piece("number", digits)
    return Piece("commit" if len(digits) <= _LONGEST_COMMIT else "text", digits)


def _follows_name(pieces: Sequence[Piece], index: int, names: Collection[str]) -> bool:
    """Whether the piece before, but for a separator, is one of *names*, digits or not."""
    if index < 2 or pieces[index - 1].text not in {"-", "_"}:
        return False
    name = pieces[index - 2]
    return name.kind == "text" and name.text.rstrip("0123456789.").lower() in names


def _with_years(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """*pieces*, where the number that begins `2026-11-22` or `2026-W47` is a year."""
    return [
        replace(piece, kind="year")
        if piece.kind == "number"
        and _YEAR.fullmatch(piece.text)
        and [after.kind for after in pieces[index + 1 : index + 3]] == ["text", "number"]
        and len(pieces[index + 1].text) < 3
        else piece
        for index, piece in enumerate(pieces)
    ]
