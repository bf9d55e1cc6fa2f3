"""The regular expressions of users, matched by RE2 in linear time, and the templates of `filter_tags.extract`.

Templates are Go's, as Flux has them: `$name`, `${name}`, `$1`; `$$` is a dollar sign. As in Go the longest name counts:
`$1x` is the group `1x`. Unlike in Go a group that the pattern does not have is a problem and not the empty text.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from fcpin.errors import InvalidPolicy, Problem, shown
from fcpin.models import from_text

_LONGEST: Final = 1000
_LARGEST_SET: Final = 50_000
"""Size of the program of a set. A set has no slower way for a program that is too large, as a single pattern has."""
_SET_MEMORY: Final = 1 << 26
_INLINE_FLAGS: Final = re.compile(r"\(\?[a-zA-Z]+\)")
_ATOM: Final = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*\]|.", re.DOTALL)
_REFERENCE: Final = re.compile(r"\$(?:(\w+)|\{(\w+)\}|(\$)|)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that compiles."""

    source: str
    """As the user wrote it."""
    regexp: Any = field(repr=False, compare=False)

    @classmethod
    def compile(cls, source: str) -> Self:
        """Raises InvalidPolicy with RE2's reason."""
        if not source.strip():
            raise _problem("must not be empty; remove it or fill it in")
        if len(source) > _LONGEST:
            raise _problem(f"is a pattern of {len(source)} characters; {_LONGEST} are the most")
        import re2  # only a pattern needs it

        options = re2.Options()
        options.log_errors = False
        try:
            return cls(source, re2.compile(source, options))
        except re2.error as error:
            reason = error.args[0].decode(errors="replace") if error.args else "it cannot be read"
            raise _problem(f"{shown(source)} is not a valid RE2 pattern: {reason}") from None
        except UnicodeEncodeError:
            raise _problem(f"{shown(source)} is not a valid RE2 pattern: it contains an unpaired surrogate") from None

    @property
    def groups(self) -> Sequence[str]:
        """The names of the groups in their order; the number of one without a name."""
        names = {number: name for name, number in self.regexp.groupindex.items()}
        return [names.get(number, str(number)) for number in range(1, self.regexp.groups + 1)]

    @property
    def is_anchored(self) -> bool:
        """Whether every alternative has `^` and `$`: it cannot match in the middle of a tag."""
        body = _INLINE_FLAGS.sub("", self.source, count=1) if self.source.startswith("(?") else self.source
        return all(atoms and atoms[0] in ("^", r"\A") and atoms[-1] in ("$", r"\z") for atoms in _alternatives(body))


if TYPE_CHECKING:
    PatternText: TypeAlias = Pattern
else:
    PatternText = from_text(Pattern, Pattern.compile)


@dataclass(frozen=True, slots=True)
class PatternSet:
    """Patterns that are matched all at once: RE2 takes as long for many as for one."""

    matches: Callable[[str], Sequence[int] | None]
    """The positions of the patterns that match a tag; None, too, for none of them."""

    @classmethod
    def of(cls, patterns: Sequence[Pattern], *, whole: bool) -> Self:
        """*whole*: a pattern must match a tag as a whole, and not anywhere in it."""
        if sum(pattern.regexp.programsize for pattern in patterns) > _LARGEST_SET:
            return cls(partial(_matches, [pattern.regexp for pattern in patterns], whole))
        import re2

        options = re2.Options()
        options.log_errors = False
        options.max_mem = _SET_MEMORY
        regexps = re2.Set.FullMatchSet(options) if whole else re2.Set.SearchSet(options)
        for pattern in patterns:
            regexps.Add(pattern.source)
        regexps.Compile()
        return cls(regexps.Match)


def _matches(regexps: Sequence[Any], whole: bool, tag: str) -> Sequence[int]:
    """What a set of RE2 returns, one pattern after the other."""
    data = tag.encode()
    return [
        index for index, one in enumerate(regexps) if (one.fullmatch(data) if whole else one.search(data)) is not None
    ]


@dataclass(frozen=True, slots=True)
class Template:
    """What `filter_tags.extract` makes of a match: text, and groups by their number."""

    parts: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str, pattern: Pattern) -> Self:
        """Raises InvalidPolicy."""
        parts: list[str | int] = []
        position, groups = 0, pattern.groups
        for reference in _REFERENCE.finditer(text):
            parts.append(text[position : reference.start()])
            position = reference.end()
            name = reference[1] or reference[2]
            if reference[3]:
                parts.append("$")
            elif name is None:
                raise _problem(f"has a lone $ at position {reference.start()}; write $name, ${{name}} or $$")
            elif (index := _group(name, groups)) is None:
                raise _problem(f"{reference[0]} names no group of the pattern; {_named(groups)}")
            else:
                parts.append(index)
        parts.append(text[position:])
        return cls(tuple(part for part in parts if part != ""))

    def expand(self, pattern: Pattern, tag: str) -> str | None:
        """Return what is extracted of the first match in *tag*, which is ASCII; None without a match."""
        match = pattern.regexp.search(tag.encode())  # a third faster than with text
        if match is None:
            return None
        return "".join(part if isinstance(part, str) else (match[part] or b"").decode() for part in self.parts)


def _problem(reason: str) -> InvalidPolicy:
    return InvalidPolicy(Problem("", reason))


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


def _group(name: str, groups: Sequence[str]) -> int | None:
    """The number of the group, or None if there is no such group."""
    if name.isdecimal():
        return int(name) if len(name) < 4 and int(name) <= len(groups) else None
    return groups.index(name) + 1 if name in groups else None


def _named(groups: Sequence[str]) -> str:
    if not groups:
        return "it has none: put ( ) round what is compared"
    return f"it has {', '.join(f'${name}' for name in groups)}; a letter right after a group needs ${{…}}"
