"""`filter_tags.extract`: Go's templates, as Flux has them. `$name`, `${name}`, `$1`; `$$` is a dollar sign."""

import re
from collections.abc import Callable

from fcpin.policy.fields import Fields

_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\}|(\$)|)", re.ASCII)


def compile_extract(fields: Fields, template: str, pattern: re.Pattern[str]) -> Callable[[re.Match[str]], str] | None:
    """A function from a match to the extracted value, or None and a problem with `extract`.

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
        elif (index := _group(name, pattern)) is None:
            fields.wrong("extract", f"{reference[0]} names no group of the pattern; {_groups(pattern)}")
            return None
        else:
            parts.append(index)
    parts.append(template[position:])
    pieces = [part for part in parts if part != ""]
    if len(pieces) == 1 and isinstance(only := pieces[0], int):
        return lambda match: match[only] or ""
    return lambda match: "".join(part if isinstance(part, str) else match[part] or "" for part in pieces)


def _group(name: str, pattern: re.Pattern[str]) -> int | None:
    """The number of the group, or None if there is no such group."""
    if name.isdecimal():
        return int(name) if len(name) < 4 and int(name) <= pattern.groups else None
    return pattern.groupindex.get(name)


def _groups(pattern: re.Pattern[str]) -> str:
    if not pattern.groups:
        return "it has none: put ( ) round what is compared"
    names = {number: name for name, number in pattern.groupindex.items()}
    known = [f"${names.get(number, number)}" for number in range(1, pattern.groups + 1)]
    return f"it has {', '.join(known)}; a letter right after a group needs ${{…}}"
