"""YAML as a text to be edited: the parser tells where things stand, and the text is cut there."""

import json
import re
from typing import Any, Final, TypeAlias

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from fcpin.errors import InvalidInput, InvalidSettings, Problem
from fcpin.yaml_reader import compose, load, value_of

_PLAIN: Final = re.compile(r"[A-Za-z_][\w./-]*(?: [\w./-]+)*", re.ASCII)
_NO_TEXT: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that some reader of YAML takes for something else."""

Pair: TypeAlias = tuple[Node, Node]


def parsed(text: str, path: str) -> Node | None:
    """The nodes of *text*, None where there is nothing. Raises InvalidSettings."""
    if text.startswith("\ufeff"):
        raise refused(path, "begins with a byte order mark; remove it, and the file can be edited")
    try:
        node = compose(text, path)
        value_of(node, path)
    except InvalidInput as error:
        raise InvalidSettings(*error.problems) from None
    return node


def data(text: str) -> Any:
    """The value of *text*; None when it is not valid YAML."""
    try:
        return load(text, "")
    except InvalidInput:
        return None


def pair(node: Node | None, name: str) -> Pair | None:
    """The key *name* of a mapping, with its value."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == name:
                return key, value
    return None


def start_of(found: Pair) -> int:
    """Where the first character of the key is."""
    index: int = found[0].start_mark.index
    return index


def end_of(node: Node, text: str) -> int:
    """Where the last character of *node* is: of a block collection, the parser tells where the next thing begins."""
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return len(text[: node.end_mark.index].rstrip())
    last = node.value[-1]
    return end_of(last[1] if isinstance(last, tuple) else last, text)


def end_of_line(node: Node, text: str) -> int:
    """Where the line ends that the last character of *node* is on, its newline included."""
    newline = text.find("\n", end_of(node, text))
    return len(text) if newline < 0 else newline + 1


def newline_of(text: str) -> str:
    """How lines end in *text*."""
    return "\r\n" if "\r\n" in text else "\n"


def insert_lines(text: str, at: int, lines: list[str]) -> str:
    """*text* with *lines* at the position *at*, which is the beginning of a line or the end of the text."""
    newline = newline_of(text)
    before = text[:at] if not text[:at] or text[:at].endswith("\n") else f"{text[:at]}{newline}"
    return f"{before}{newline.join(lines)}{newline}{text[at:]}"


def scalar(value: str) -> str:
    """*value* so that every reader of YAML takes it for this text: a time or a number in plain style is none."""
    plain = _PLAIN.fullmatch(value) is not None and value.lower() not in _NO_TEXT
    return value if plain else json.dumps(value, ensure_ascii=False)


def refused(path: str, reason: str) -> InvalidSettings:
    """What is wrong with the file that is called *path*."""
    return InvalidSettings(Problem(path, reason))
