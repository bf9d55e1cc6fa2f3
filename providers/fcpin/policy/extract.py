"""`filter_tags.extract`: Go's templates, as Flux has them. `$name`, `${name}`, `$1`; `$$` is a dollar sign."""

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from fcpin.policy.fields import Fields
from fcpin.policy.patterns import Match, Pattern

_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\}|(\$)|)", re.ASCII)

Extract: TypeAlias = Callable[[Match], str]
"""From a match to the extracted value."""


def compile_extract(fields: Fields, template: str, pattern: Pattern) -> Extract | None:
    """What extracts by *template*, or None and a problem with `extract`.

    As in Go the longest name counts: `$1x` is the group `1x`. Unlike in Go a group that the pattern lacks is a mistake
    and not the empty text.
    """
    parts: list[str | int] = []
    position = 0
    for reference in _REFERENCE.finditer(template):
        parts.append(template[position : reference.start()])
        position = reference.end()
        name = reference[1] or reference[2]
        if reference[3]:
            parts.append("$")
        elif name is None:
            fields.wrong("extract", f"has a lone $ at position {reference.start()}; write $name, ${{name}} or $$")
            return None
        elif (index := _group(name, pattern.groups)) is None:
            fields.wrong("extract", f"{reference[0]} names no group of the pattern; {_groups(pattern.groups)}")
            return None
        else:
            parts.append(index)
    parts.append(template[position:])
    pieces = [part for part in parts if part != ""]
    if len(pieces) == 1 and isinstance(only := pieces[0], int):
        return lambda match: (match[only] or b"").decode()
    return lambda match: "".join(part if isinstance(part, str) else (match[part] or b"").decode() for part in pieces)


def _group(name: str, groups: Sequence[str]) -> int | None:
    """The number of the group, or None if there is no such group."""
    if name.isdecimal():
        return int(name) if len(name) < 4 and int(name) <= len(groups) else None
    return groups.index(name) + 1 if name in groups else None


def _groups(groups: Sequence[str]) -> str:
    if not groups:
        return "it has none: put ( ) round what is compared"
    return f"it has {', '.join(f'${name}' for name in groups)}; a letter right after a group needs ${{…}}"
