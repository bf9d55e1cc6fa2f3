"""Write a hold into the file that has a function's entry, or remove it, and leave every other byte as it is.

The YAML parser tells where things stand, and the text is cut there. What comes out is read once more, and must say
what was meant and nothing else: what is written in a way that this cannot edit (through anchors, say) is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from yaml.nodes import MappingNode, Node

from fcpin.function_files import FUNCTIONS
from fcpin.stack.yaml_text import (
    Pair,
    data,
    end_of,
    end_of_line,
    insert_lines,
    newline_of,
    pair,
    parsed,
    refused,
    scalar,
    start_of,
)

_HOLD: Final = "hold"


def with_hold(text: str, name: str, hold: Mapping[str, str] | None, path: str, *, is_stack: bool = True) -> str:
    """*text* with *hold* in the entry *name*; None removes a hold.

    *text* is a stack's file, with the entries under `fcpin:functions`, or a file of functions, which are the whole
    document. The values are printable text. *path* is the file's name in errors. Raises InvalidSettings.
    """
    key, entry = _entry(_functions(parsed(text, path), path, is_stack=is_stack), name, path)
    edited = _without(text, entry) if hold is None else _with(text, key, entry, hold)
    if data(edited) != _meant(text, name, hold, is_stack=is_stack):
        raise refused(path, f"{FUNCTIONS}.{name} is written in a way that cannot be edited; write its hold by hand")
    return edited


def _meant(text: str, name: str, hold: Mapping[str, str] | None, *, is_stack: bool) -> Any:
    document = data(text)
    entries = document["config"][FUNCTIONS] if is_stack else document
    entry = {key: value for key, value in entries[name].items() if key != _HOLD} | ({_HOLD: hold} if hold else {})
    functions = {**entries, name: entry}
    return {**document, "config": {**document["config"], FUNCTIONS: functions}} if is_stack else functions


def _functions(root: Node | None, path: str, *, is_stack: bool) -> Node | None:
    if not is_stack:
        return root
    config = pair(root, "config")
    found = pair(config and config[1], FUNCTIONS)
    if found is None:
        raise refused(path, f"{FUNCTIONS} is not set; the functions are named elsewhere, so write the hold there")
    return found[1]


def _entry(functions: Node | None, name: str, path: str) -> tuple[Node, MappingNode]:
    """The entry of *name* and its key."""
    if not isinstance(functions, MappingNode):
        raise refused(path, f"{FUNCTIONS} is text; write it as a YAML mapping, and a hold can be written into it")
    if pair(functions, "secure") and len(functions.value) == 1:
        raise refused(path, f"{FUNCTIONS} is encrypted as a whole; encrypt only the settings that are secret")
    entry = pair(functions, name)
    if entry is None or not isinstance(entry[1], MappingNode):
        raise refused(path, f"{FUNCTIONS}.{name} is not there as a YAML mapping; write its hold by hand")
    return entry[0], entry[1]


def _with(text: str, name: Node, entry: MappingNode, hold: Mapping[str, str]) -> str:
    old = pair(entry, _HOLD)
    if entry.flow_style:
        new = f"{_HOLD}: {{{', '.join(f'{key}: {scalar(value)}' for key, value in hold.items())}}}"
        if old is not None:
            return f"{text[: start_of(old)]}{new}{text[end_of(old[1], text) :]}"
        end = end_of(entry.value[-1][1], text) if entry.value else entry.start_mark.index + 1
        return f"{text[:end]}{', ' if entry.value else ''}{new}{text[end:]}"
    indent, step = entry.start_mark.column, entry.start_mark.column - name.start_mark.column
    lines = [f"{' ' * indent}{_HOLD}:", *(f"{' ' * (indent + step)}{key}: {scalar(hold[key])}" for key in hold)]
    if old is None:
        return insert_lines(text, end_of_line(entry.value[-1][1], text), lines)
    lines_of = _Lines.of(old, text)
    newline = newline_of(text)
    return f"{text[: lines_of.start]}{newline.join(lines)}{newline}{text[lines_of.end :]}"


def _without(text: str, entry: MappingNode) -> str:
    old = pair(entry, _HOLD)
    if old is None:
        return text
    if not entry.flow_style:
        lines_of = _Lines.of(old, text)
        return f"{text[: lines_of.start]}{text[lines_of.end :]}"
    before, after = text[: start_of(old)], text[end_of(old[1], text) :]
    if rest := re.match(r"\s*,\s*", after):
        return f"{before}{after[rest.end() :]}"
    return before.rstrip().removesuffix(",") + after


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where the lines begin and end that a pair of a block mapping takes up."""

    start: int
    end: int

    @classmethod
    def of(cls, pair: Pair, text: str) -> "_Lines":
        return cls(text.rfind("\n", 0, start_of(pair)) + 1, end_of_line(pair[1], text))
