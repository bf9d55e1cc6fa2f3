"""Write new entries into a stack's file or a file of functions, and leave every other byte of the file as it is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from yaml.nodes import MappingNode, Node, ScalarNode

from fcpin.adoption.entries import Entry
from fcpin.function_files import FUNCTIONS
from fcpin.stack.yaml_text import Pair, data, end_of_line, insert_lines, pair, parsed, refused, scalar

_CONFIG: Final = "config"
_STEP: Final = 2
_INSTEAD: Final = "print the entries without --stack, and write them by hand"

Lines = Callable[[int], list[str]]
"""What stands in a mapping, whose keys begin at this column."""


def with_functions(text: str, entries: Sequence[Entry], path: str, *, is_stack: bool = True) -> str:
    """*text* with *entries*, which are not in it yet, after those that are.

    *text* is a stack's file, with the entries under `fcpin:functions`, or a file of functions, which are the whole
    document. *path* is the file's name in errors. Raises InvalidSettings for a file that cannot be edited.
    """
    if not entries:
        return text
    edited = _with(text, lambda column: _lines_of(entries, column), path, is_stack=is_stack)
    if data(edited) != _meant(text, entries, is_stack=is_stack):
        raise refused(path, f"{FUNCTIONS} is written in a way that cannot be edited; {_INSTEAD}")
    return edited


def _meant(text: str, entries: Sequence[Entry], *, is_stack: bool) -> Any:
    document = data(text) or {}
    if not is_stack:
        return {**document, **{entry.name: entry.values for entry in entries}}
    config = document.get(_CONFIG) or {}
    functions = {**(config.get(FUNCTIONS) or {}), **{entry.name: entry.values for entry in entries}}
    return {**document, _CONFIG: {**config, FUNCTIONS: functions}}


def _with(text: str, lines: Lines, path: str, *, is_stack: bool) -> str:
    root = parsed(text, path)
    if root is not None and (not isinstance(root, MappingNode) or root.flow_style):
        raise refused(path, f"expected a mapping, a key on each line; {_INSTEAD}")

    if not is_stack:
        return insert_lines(text, len(text), lines(root.start_mark.column if root else 0))

    def functions(column: int) -> list[str]:
        return [f"{' ' * column}{FUNCTIONS}:", *lines(column + _STEP)]

    config = pair(root, _CONFIG)
    if config is None:
        return insert_lines(text, len(text), [f"{_CONFIG}:", *functions(_STEP)])
    found = pair(config[1], FUNCTIONS)
    if found is None:
        return _append(text, config, functions, path)
    return _append(text, found, lines, path)


def _append(text: str, found: Pair, lines: Lines, path: str) -> str:
    """*text* with *lines* at the end of the mapping *found*, which may be empty."""
    key, value = found
    if _is_empty(value):
        begin, stop = value.start_mark.index, value.end_mark.index
        if begin < stop:
            text = f"{text[:begin].rstrip(' ')}{text[stop:]}"
        return insert_lines(text, end_of_line(key, text), lines(key.start_mark.column + _STEP))
    if not isinstance(value, MappingNode):
        raise refused(path, f"{key.value} is text; write it as a YAML mapping, or {_INSTEAD}")
    if pair(value, "secure") and len(value.value) == 1:
        raise refused(path, f"{key.value} is encrypted as a whole; encrypt only the settings that are secret")
    if value.flow_style:
        raise refused(path, f"{key.value} is written on one line; give each key a line, or {_INSTEAD}")
    column = value.start_mark.column
    return insert_lines(text, _after_comments(text, end_of_line(value.value[-1][1], text), column), lines(column))


def _after_comments(text: str, at: int, column: int) -> int:
    """Where the comments end that follow *at* and are indented deeper than *column*: they are the last entry's."""
    for line in text[at:].splitlines(keepends=True):
        words = line.lstrip(" ")
        if not words.startswith("#") or len(line) - len(words) <= column:
            break
        at += len(line)
    return at


def _is_empty(node: Node) -> bool:
    if isinstance(node, ScalarNode):
        return node.tag == "tag:yaml.org,2002:null" or node.value in {"", "~", "null"}
    return isinstance(node, MappingNode) and not node.value


def _lines_of(entries: Sequence[Entry], column: int) -> list[str]:
    return [line for entry in entries for line in _lines(entry, column)]


def _lines(entry: Entry, column: int) -> Iterator[str]:
    indent = " " * column
    yield from (f"{indent}# {line}" for line in entry.comment)
    yield f"{indent}{scalar(entry.name)}:"
    yield from _mapping(entry.values, column + _STEP)


def _mapping(values: Mapping[str, Any], column: int) -> Iterator[str]:
    indent = " " * column
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _mapping(value, column + _STEP)
        else:
            text = str(value).lower() if isinstance(value, bool) else scalar(value)
            yield f"{indent}{key}: {text}"
