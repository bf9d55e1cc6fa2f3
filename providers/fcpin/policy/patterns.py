"""The regular expressions of the user, matched by RE2: never in more than linear time, whatever they are.

A pattern is matched against many tags at once, one a line, because a call of RE2 costs more than its work on a tag:
it runs over all lines that match, up to the first that does not. So the anchors of the user are made those of a line,
and no other part may match a line's end (`never_nl`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeVar

from fcpin.errors import InvalidPolicy, Problem
from fcpin.policy.fields import Fields, shown

T = TypeVar("T")

_LONGEST_PATTERN = 1000
_INLINE_FLAGS = re.compile(r"\(\?[a-zA-Z]+\)")
_ATOM = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*\]|.", re.DOTALL)
_OF_A_LINE: Mapping[str, str] = {
    "^": "(?m:^)",
    r"\A": "(?m:^)",
    "$": "(?m:$)",
    r"\z": "(?m:$)",
    r"\C": "(?s:.)",  # one byte, of which never_nl knows nothing
}


class Match(Protocol):
    """What the groups of a pattern matched: bytes, or None for one that took no part."""

    def __getitem__(self, group: int, /) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that was read."""

    source: str
    """As the user wrote it."""
    groups: Sequence[str]
    """The names of its groups in their order; the number of one that has none."""
    _line: Any = field(repr=False, compare=False)
    """A line with a match in it."""
    _inside: Any = field(repr=False, compare=False)
    """A run of such lines, each with its end: `\\C` is any byte, and there is no other left."""
    _whole: Any = field(repr=False, compare=False)
    """A run of lines that are a match."""

    @classmethod
    def compile(cls, source: str) -> Self:
        """Raises InvalidPolicy with RE2's reason."""
        if len(source) > _LONGEST_PATTERN:
            raise _problem(f"is a pattern of {len(source)} characters; {_LONGEST_PATTERN} are the most")
        import re2  # only a pattern needs it

        options = re2.Options()
        options.log_errors = False
        options.never_nl = True
        lines = "".join(_OF_A_LINE.get(atom, atom) for atom in _ATOM.findall(source))
        try:
            plain = re2.compile(source, options)
            line = re2.compile(f"(?m:^).*?(?:{lines}).*".encode(), options)
            inside = re2.compile(rf"(?:(?m:^).*?(?:{lines}).*(?m:$)\C)+".encode(), options)
            whole = re2.compile(rf"(?:(?m:^)(?:{lines})(?m:$)\C)+".encode(), options)
        except re2.error as error:
            reason = error.args[0].decode(errors="replace") if error.args else "it cannot be read"
            raise _problem(f"{shown(source)} is no regular expression of RE2: {reason}") from None
        except UnicodeEncodeError:
            raise _problem(f"{shown(source)} is no regular expression of RE2: it has half a character") from None
        names = {number: name for name, number in plain.groupindex.items()}
        return cls(
            source, [names.get(number, str(number)) for number in range(1, plain.groups + 1)], line, inside, whole
        )

    def search(self, tags: Sequence[str]) -> Sequence[bool]:
        """For each of *tags*, which are ASCII and not empty, whether it matches anywhere."""
        return _flags(self._inside, tags)

    def fullmatch(self, tags: Sequence[str]) -> Sequence[bool]:
        """For each of *tags*, which are ASCII and not empty, whether it matches as a whole."""
        return _flags(self._whole, tags)

    def extract(self, tags: Sequence[str], take: Callable[[Match], T]) -> Sequence[T]:
        """What is taken of the first match in each of *tags*, all of which match."""
        return [take(match) for match in self._line.finditer("\n".join(tags).encode())] if tags else []


def read_pattern(fields: Fields, key: str, source: str) -> Pattern | None:
    """The compiled pattern, or None and a problem with *key*."""
    try:
        return Pattern.compile(source)
    except InvalidPolicy as error:
        for problem in error.problems:
            fields.wrong(key, problem.reason)
        return None


def _problem(reason: str) -> InvalidPolicy:
    return InvalidPolicy(Problem("", reason))


def _flags(runs: Any, tags: Sequence[str]) -> Sequence[bool]:
    found: list[bool] = []
    at = 0
    lines = "".join(f"{tag}\n" for tag in tags).encode()
    for run in runs.finditer(lines):
        start, end = run.span()
        found += [False] * lines.count(b"\n", at, start)
        found += [True] * lines.count(b"\n", start, end)
        at = end
    return [*found, *[False] * (len(tags) - len(found))]


def unanchored(source: str) -> bool:
    """Whether *source* may match in the middle of a tag: some alternative lacks `^` or `$`."""
    body = _INLINE_FLAGS.sub("", source, count=1) if source.startswith("(?") else source
    return any(not _is_anchored(alternative) for alternative in _alternatives(body))


def _alternatives(source: str) -> Sequence[Sequence[str]]:
    """What stands between the outermost `|`s, each as its atoms."""
    found: list[list[str]] = [[]]
    depth = 0
    for atom in _ATOM.findall(source):
        depth += {"(": 1, ")": -1}.get(atom, 0)
        if atom == "|" and depth == 0:
            found.append([])
        else:
            found[-1].append(atom)
    return found


def _is_anchored(atoms: Sequence[str]) -> bool:
    return bool(atoms) and atoms[0] in ("^", r"\A") and atoms[-1] in ("$", r"\z")
