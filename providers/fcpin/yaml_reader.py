"""Read YAML that a user wrote: the one reader for stack files, projects, pipelines, receivers, cases and `s.yaml`.

The values are those of JSON and no others, so that every consumer can write them out again. Scalars are resolved by
the core schema of YAML 1.2; a timestamp stays text, as the Pulumi CLI and the embedded engine hand it on. Limits hold
for every document: size, depth, and the number of values with each alias counted as often as it is used.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, Self, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from fcpin.errors import InvalidInput, Problem, property_path

LARGEST: Final = 16 * 2**20
"""Bytes of a document."""
DEEPEST: Final = 100
"""Collections inside one another."""
MOST: Final = 100_000
"""Values of a document; an alias counts as much as what it stands for."""

Yaml: TypeAlias = Any
"""None, bool, int (64 bits), float (finite), str, or a list or dictionary (keys are text) of these."""

_PARSER: Final = getattr(yaml, "CLoader", yaml.Loader)
"""Only its parser is used, never its constructors."""

_TAG: Final = "tag:yaml.org,2002:"
_STR, _INT, _FLOAT, _BOOL, _NULL, _MAP, _SEQ, _MERGE = (
    f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq", "merge")
)
_BOOLS: Final = {"true": True, "false": False}
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_NUMBER: Final = re.compile(r"[-+]?(?:[0-9][0-9_]*|0b[01][01_]*|0o[0-7][0-7_]*|0x[0-9a-fA-F][0-9a-fA-F_]*)")
_FRACTION: Final = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)


@dataclass(frozen=True, slots=True)
class _Reason(Exception):
    """Why a text cannot be read, and where: line and column, counted from 1."""

    text: str
    line: int
    column: int


def read_text(file: Path) -> str:
    """The text of *file* with its newlines unchanged, which is UTF-8. Raises InvalidInput."""
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise InvalidInput(Problem(str(file), f"is larger than {LARGEST // 2**20} MiB"))
        return data.decode()
    except OSError as error:
        raise InvalidInput(Problem(str(file), f"cannot be read: {error.strerror}")) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise InvalidInput(Problem(f"{file}:{line}:{column}", "is not UTF-8 text")) from None
    except ValueError as error:  # a name that no file can have
        raise InvalidInput(Problem(str(file)[:200], f"cannot be read: {error}")) from None


def load(text: str, name: str) -> Yaml:
    """The value of *text*; None for an empty document. Raises InvalidInput: `<name>:<line>:<column>: reason`."""
    return value_of(compose(text, name), name)


def compose(text: str, name: str) -> Node | None:
    """The nodes of the only document in *text*, with their marks; None for an empty document. Raises InvalidInput.

    The tag of a node is the resolved one. Keys are scalars, and each occurs once in its mapping.
    """
    if len(text) > LARGEST:
        raise InvalidInput(Problem(name, f"is larger than {LARGEST // 2**20} MiB"))
    try:
        return _Composer(text).document()
    except _Reason as reason:
        raise _problem(name, reason) from None


def value_of(node: Node | None, name: str) -> Yaml:
    """The value of a node of `compose`. Raises InvalidInput."""
    try:
        return None if node is None else _value(node, {})
    except _Reason as reason:
        raise _problem(name, reason) from None


def lines_of(root: Node | None) -> Mapping[str, int]:
    """The line of every key and item by its path, such as `{"cases[0].expect.tag": 7}`; lines are counted from 1."""
    if root is None:
        return {}
    return {"": root.start_mark.line + 1, **dict(_lines_within(root, "", set()))}


def nearest(path: str, lines: Mapping[str, int]) -> int:
    """The line of *path*, or of the nearest thing around it when it is not there."""
    known = path
    while known and known not in lines:
        known = known[: max(known.rfind("."), known.rfind("["), 0)]
    return lines.get(known, 1)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The values of a file, and their lines."""

    path: Path
    value: Yaml
    lines: Mapping[str, int]
    """The line of every key and item, by its path: `cases[0].expect.tag`."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises InvalidInput with file, line and column."""
        return cls.parse(read_text(path), path)

    @classmethod
    def parse(cls, text: str, path: Path) -> Self:
        """The same for *text*, which is that of *path*."""
        node = compose(text, str(path))
        return cls(path, value_of(node, str(path)), lines_of(node))

    def place(self, path: str) -> str:
        """File and line of *path*, or of what is nearest to it: `cases.yaml:7`."""
        return f"{self.path}:{nearest(path, self.lines)}"

    def problem(self, path: str, reason: str) -> Problem:
        """A problem with the value at *path*, present or missing."""
        return Problem(self.place(path), f"{path}: {reason}" if path else reason)


def _problem(name: str, reason: _Reason) -> InvalidInput:
    return InvalidInput(Problem(f"{name}:{reason.line}:{reason.column}", reason.text))


def _at(mark: Any, text: str) -> NoReturn:
    raise _Reason(text, mark.line + 1, mark.column + 1)


class _Composer:
    """Builds nodes from the events of the parser, and counts while it does."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._events = self._parsed()
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        """Node and its number of values; None while the anchored collection is still open."""
        self._count = 0

    def document(self) -> Node | None:
        next(self._events)  # the stream begins
        event = next(self._events)
        if isinstance(event, StreamEndEvent):
            return None
        root, _ = self._node(next(self._events), 0)
        next(self._events)  # the document ends
        if isinstance(second := next(self._events), DocumentStartEvent):
            _at(second.start_mark, "a second document begins here; put each into a file of its own")
        return root

    def _parsed(self) -> Iterator[Event]:
        try:
            yield from yaml.parse(self._text, Loader=_PARSER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            reason = f"is not valid YAML: {error.problem or error.context}"
            if mark is None:
                raise _Reason(reason, 1, 1) from None
            _at(mark, reason)
        except yaml.reader.ReaderError as error:
            raise self._character(error.position) from None
        except UnicodeEncodeError as error:
            raise self._character(error.start) from None

    def _character(self, index: int) -> _Reason:
        """For a character that YAML does not allow; the parser gives its place in characters or in bytes."""
        bad = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", self._text)
        index = bad.start() if bad else min(index, len(self._text))
        before = self._text[:index]
        shown = f" U+{ord(bad[0]):04X}" if bad else ""
        column = index - (before.rfind("\n") + 1) + 1
        return _Reason(f"the character{shown} is not allowed in YAML", before.count("\n") + 1, column)

    def _node(self, event: Event, depth: int) -> tuple[Node, int]:
        """The node that begins with *event*, and the number of values in it."""
        if isinstance(event, AliasEvent):
            return self._alias(event)
        assert isinstance(event, NodeEvent)  # noqa: S101 - the grammar of the parser
        self._add(event, 1)
        if isinstance(event, CollectionStartEvent):
            if depth == DEEPEST:
                _at(event.start_mark, f"is nested more than {DEEPEST} levels deep")
            if event.anchor:
                self._anchors[event.anchor] = None
            before = self._count
            is_map = isinstance(event, MappingStartEvent)
            node = self._mapping(event, depth + 1) if is_map else self._sequence(event, depth + 1)
            count = self._count - before + 1
        else:
            assert isinstance(event, ScalarEvent)  # noqa: S101 - the grammar of the parser
            node, count = _scalar(event), 1
        if event.anchor:
            self._anchors[event.anchor] = node, count
        return node, count

    def _alias(self, event: AliasEvent) -> tuple[Node, int]:
        if event.anchor not in self._anchors:
            _at(event.start_mark, f"the alias *{event.anchor} has no anchor &{event.anchor} before it")
        known = self._anchors[event.anchor]
        if known is None:
            _at(event.start_mark, f"the alias *{event.anchor} is inside its own anchor")
        self._add(event, known[1])
        return known

    def _add(self, event: Event, count: int) -> None:
        self._count += count
        if self._count > MOST:
            _at(event.start_mark, f"the document has more than {MOST:,} values, with each alias counted")

    def _sequence(self, event: CollectionStartEvent, depth: int) -> Node:
        _require(event, _SEQ)
        items = []
        while not isinstance(part := next(self._events), SequenceEndEvent):
            items.append(self._node(part, depth)[0])
        return SequenceNode(_SEQ, items, *_marks(event, part), flow_style=event.flow_style)

    def _mapping(self, event: CollectionStartEvent, depth: int) -> Node:
        _require(event, _MAP)
        pairs = []
        keys: set[str] = set()
        while not isinstance(part := next(self._events), MappingEndEvent):
            key, _ = self._node(part, depth)
            if not isinstance(key, ScalarNode):
                _at(part.start_mark, "a key must be text, not a list or a mapping")
            if key.value in keys and key.tag != _MERGE:
                _at(part.start_mark, f"the key {key.value[:80]!r} occurs twice")
            keys.add(key.value)
            pairs.append((key, self._node(next(self._events), depth)[0]))
        return MappingNode(_MAP, pairs, *_marks(event, part), flow_style=event.flow_style)


def _marks(first: Event, last: Event) -> tuple[Any, Any]:
    """Where the first one begins and the last one ends."""
    return first.start_mark, last.end_mark


def _require(event: CollectionStartEvent, tag: str) -> None:
    if event.tag not in (None, "!", tag):
        _at(event.start_mark, f"the tag {event.tag[:80]} is not supported; write plain lists, mappings and scalars")


def _scalar(event: ScalarEvent) -> Node:
    tag = event.tag
    if tag is None:
        tag = _resolved(event.value) if event.implicit[0] else _STR
    elif tag == "!":
        tag = _STR
    elif tag not in (_STR, _INT, _FLOAT, _BOOL, _NULL):
        _at(event.start_mark, f"the tag {tag[:80]} is not supported; write plain lists, mappings and scalars")
    return ScalarNode(tag, event.value, *_marks(event, event), style=event.style)


def _resolved(text: str) -> str:
    """The tag of a plain scalar."""
    if text in _NULLS:
        return _NULL
    if text[0] in "-+.0123456789":
        return _INT if _NUMBER.fullmatch(text) else _FLOAT if _FRACTION.fullmatch(text) else _STR
    if text == "<<":
        return _MERGE
    return _BOOL if text in ("true", "True", "TRUE", "false", "False", "FALSE") else _STR


def _value(node: Node, known: dict[int, Yaml]) -> Yaml:
    """*known*: what has been built of collections, so that an alias is built once."""
    if isinstance(node, ScalarNode):
        return _scalar_value(node)
    if id(node) not in known:
        if isinstance(node, SequenceNode):
            known[id(node)] = [_value(item, known) for item in node.value]
        else:
            known[id(node)] = _mapping_value(node, known)
    return known[id(node)]


def _mapping_value(node: Node, known: dict[int, Yaml]) -> dict[str, Yaml]:
    """The node's own keys win over merged ones, and of merged mappings the first one wins."""
    own: dict[str, Yaml] = {}
    merged: dict[str, Yaml] = {}
    for key, value in node.value:
        if key.tag != _MERGE:
            own[key.value] = _value(value, known)
            continue
        for source in value.value if isinstance(value, SequenceNode) else [value]:
            if not isinstance(source, MappingNode):
                _at(key.start_mark, "<< expects a mapping or a list of mappings")
            for name, one in _value(source, known).items():
                merged.setdefault(name, one)
    return {**merged, **own}


def _scalar_value(node: ScalarNode) -> Yaml:
    text: str = node.value
    if node.tag in (_STR, _MERGE):
        return text
    if node.tag == _NULL and text in _NULLS:
        return None
    if node.tag == _BOOL and text.lower() in _BOOLS:
        return _BOOLS[text.lower()]
    if node.tag == _INT and _NUMBER.fullmatch(text):
        return _whole(node, text.replace("_", ""))
    if node.tag == _FLOAT and (_FRACTION.fullmatch(text) or _NUMBER.fullmatch(text)):
        number = float(text.replace("_", "")) if text[-1] in "0123456789_." else math.nan
        if not math.isfinite(number):
            _at(node.start_mark, f"the number {text[:40]} is not finite; quote it if it is text")
        return number
    _at(node.start_mark, f"{text[:40]!r} is not a value of {node.tag.removeprefix(_TAG)}")


def _whole(node: ScalarNode, digits: str) -> int:
    sign, plain = digits[:1] if digits[:1] in "+-" else "", digits.lstrip("+-")
    if len(plain) > 1 and plain[0] == "0" and plain.isdecimal():
        _at(node.start_mark, f"the number {digits[:40]} begins with 0, which YAML parsers read differently; quote it")
    number = int(f"{sign}{plain}", 0) if len(plain) <= 70 else 2**64
    if not -(2**63) <= number < 2**64:
        _at(node.start_mark, "the number is larger than 64 bits; quote it if it is text")
    return number


def _lines_within(node: Node, path: str, seen: set[int]) -> Iterator[tuple[str, int]]:
    if id(node) in seen:  # an alias has the lines of its anchor
        return
    seen.add(id(node))
    if isinstance(node, MappingNode):
        for key, value in node.value:
            here = property_path(path, key.value)
            yield here, key.start_mark.line + 1
            yield from _lines_within(value, here, seen)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield f"{path}[{index}]", item.start_mark.line + 1
            yield from _lines_within(item, f"{path}[{index}]", seen)
