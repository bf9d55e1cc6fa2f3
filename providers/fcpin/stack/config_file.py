"""Write a hold into Pulumi.<stack>.yaml, or take it away, and leave every other byte of the file as it is.

The YAML parser tells where things stand, and the text is cut there. What comes out is read once more, and must say
what was meant and nothing else: what is written in a way that this cannot edit (through anchors, say) is refused.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ruamel.yaml import YAML, MappingNode, Node, ScalarNode
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode

from fcpin.errors import InvalidSettings, Problem

FUNCTIONS: Final = "fcpin:functions"
_HOLD: Final = "hold"
_PLAIN = re.compile(r"[A-Za-z_][\w./-]*(?: [\w./-]+)*", re.ASCII)
_NO_TEXT: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that some reader of YAML takes for something else."""

Pair: TypeAlias = tuple[Node, Node]


def with_hold(text: str, name: str, hold: Mapping[str, str] | None, path: str) -> str:
    """*text* with *hold* in the entry *name* of `fcpin:functions`; None takes a hold away.

    The values are printable text. *path* is what the file is called in errors. Raises InvalidSettings.
    """
    key, entry = _entry(_parsed(text, path), name, path)
    edited = _without(text, entry) if hold is None else _with(text, key, entry, hold)
    if _data(edited) != _meant(text, name, hold):
        raise _refused(path, f"{FUNCTIONS}.{name} is written in a way that cannot be edited; write its hold by hand")
    return edited


def _parsed(text: str, path: str) -> Node | None:
    try:
        node: Node | None = YAML(pure=True).compose(text)
    except YAMLError as error:
        raise _refused(path, f"is no YAML: {' '.join(str(error).split())}") from None
    return node


def _data(text: str) -> Any:
    """What *text* says; None when it is no YAML."""
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        return None


def _meant(text: str, name: str, hold: Mapping[str, str] | None) -> Any:
    document = _data(text)
    entries = document["config"][FUNCTIONS]
    entry = {key: value for key, value in entries[name].items() if key != _HOLD} | ({_HOLD: hold} if hold else {})
    return {**document, "config": {**document["config"], FUNCTIONS: {**entries, name: entry}}}


def _entry(root: Node | None, name: str, path: str) -> tuple[Node, MappingNode]:
    """The entry of *name* and the key that it stands under."""
    config = _pair(root, "config")
    found = _pair(config and config[1], FUNCTIONS)
    if found is None:
        raise _refused(path, f"{FUNCTIONS} is not set; the functions are named elsewhere, so write the hold there")
    functions = found[1]
    if not isinstance(functions, MappingNode):
        raise _refused(path, f"{FUNCTIONS} is text; write it as a YAML mapping, and a hold can be written into it")
    if _pair(functions, "secure") and len(functions.value) == 1:
        raise _refused(path, f"{FUNCTIONS} is encrypted as a whole; encrypt only the settings that are secret")
    entry = _pair(functions, name)
    if entry is None or not isinstance(entry[1], MappingNode):
        raise _refused(path, f"{FUNCTIONS}.{name} is not there as a YAML mapping; write its hold by hand")
    return entry[0], entry[1]


def _pair(node: Node | None, name: str) -> Pair | None:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == name:
                return key, value
    return None


def _with(text: str, name: Node, entry: MappingNode, hold: Mapping[str, str]) -> str:
    old = _pair(entry, _HOLD)
    if entry.flow_style:
        new = f"{_HOLD}: {{{', '.join(f'{key}: {_scalar(value)}' for key, value in hold.items())}}}"
        if old is not None:
            return f"{text[: _start(old)]}{new}{text[_end(old[1], text) :]}"
        end = _end(entry.value[-1][1], text) if entry.value else entry.start_mark.index + 1
        return f"{text[:end]}{', ' if entry.value else ''}{new}{text[end:]}"
    indent, step = entry.start_mark.column, entry.start_mark.column - name.start_mark.column
    lines = [f"{' ' * indent}{_HOLD}:", *(f"{' ' * (indent + step)}{key}: {_scalar(hold[key])}" for key in hold)]
    newline = "\r\n" if "\r\n" in text else "\n"
    if old is not None:
        lines_of = _Lines.of(old, text)
        return f"{text[: lines_of.start]}{newline.join(lines)}{newline}{text[lines_of.end :]}"
    end = _Lines.of(entry.value[-1], text).end
    before = text[:end] if text[:end].endswith("\n") else f"{text[:end]}{newline}"
    return f"{before}{newline.join(lines)}{newline}{text[end:]}"


def _without(text: str, entry: MappingNode) -> str:
    old = _pair(entry, _HOLD)
    if old is None:
        return text
    if not entry.flow_style:
        lines_of = _Lines.of(old, text)
        return f"{text[: lines_of.start]}{text[lines_of.end :]}"
    before, after = text[: _start(old)], text[_end(old[1], text) :]
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
        newline = text.find("\n", _end(pair[1], text))
        return cls(text.rfind("\n", 0, _start(pair)) + 1, len(text) if newline < 0 else newline + 1)


def _start(pair: Pair) -> int:
    index: int = pair[0].start_mark.index
    return index


def _end(node: Node, text: str) -> int:
    """Where the last character of *node* is: of a block collection, the parser tells where the next thing begins."""
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return len(text[: node.end_mark.index].rstrip())
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last, text)


def _scalar(value: str) -> str:
    """*value* so that every reader of YAML takes it for this text: a time or a number in plain style is none."""
    plain = _PLAIN.fullmatch(value) is not None and value.lower() not in _NO_TEXT
    return value if plain else json.dumps(value, ensure_ascii=False)


def _refused(path: str, reason: str) -> InvalidSettings:
    return InvalidSettings(Problem(path, reason))
