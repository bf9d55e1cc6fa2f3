"""Edit a stack's file or a file of functions: holds and new entries, by a round trip through ruamel.

Comments, quotes, the order of keys and the kind of newline stay. Blanks inside a line and uneven indentation become
regular. The result is read again and must have the intended value; a file that cannot be edited so, for example because
of an anchor that others use, is refused.
"""

import io
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import CommentMark, YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from ruamel.yaml.tokens import CommentToken

from fcpin.errors import InvalidInput, InvalidSettings, Problem
from fcpin.function_files import FUNCTIONS
from fcpin.yaml_reader import load

_CONFIG: Final = "config"
_HOLD: Final = "hold"
_BOM: Final = "\ufeff"
_PLAIN: Final = re.compile(r"[A-Za-z_][\w./-]*(?: [\w./-]+)*", re.ASCII)
_NOT_TEXT: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that some reader of YAML takes for another type."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry for `fcpin:functions`."""

    name: str
    values: Mapping[str, Any]
    comment: Sequence[str]
    """Lines to write above it."""


def with_hold(text: str, name: str, hold: Mapping[str, str] | None, path: str, *, is_stack: bool = True) -> str:
    """*text* with *hold* in the entry *name*; None removes a hold.

    *text* is a stack's file, with the entries under `fcpin:functions`, or a file of functions, which are the whole
    document. The values are printable text. *path* is the file's name in errors. Raises InvalidSettings.
    """

    def edit(root: Any) -> None:
        functions = _functions(root, path, is_stack=is_stack)
        entry = functions.get(name)
        if not isinstance(entry, CommentedMap):
            raise _refused(path, f"{FUNCTIONS}.{name} is missing or is not a YAML mapping; write its hold by hand")
        if hold is None:
            _remove(entry, _HOLD)
        elif _HOLD in entry:
            _replace(entry, _HOLD, _tree(hold, like=entry))
        else:
            _append(entry, _HOLD, _tree(hold, like=entry), functions.lc.col or 0)

    def meant(value: Any) -> None:
        entry = (value[_CONFIG][FUNCTIONS] if is_stack else value)[name]
        entry.pop(_HOLD, None)
        if hold is not None:
            entry[_HOLD] = dict(hold)

    return _edited(
        text, path, edit, meant, f"{FUNCTIONS}.{name} cannot be edited as it is written; write its hold by hand"
    )


def with_functions(text: str, entries: Sequence[NewEntry], path: str, *, is_stack: bool = True) -> str:
    """*text*, as in `with_hold`, with *entries*, which are not in it yet, after the others. Raises InvalidSettings."""
    if not entries:
        return text

    def edit(root: Any) -> None:
        functions = _made(_made(root, _CONFIG, path), FUNCTIONS, path) if is_stack else root
        if functions:
            functions.fa.set_block_style()
        indent = 2 * _Layout.of(text).mapping if is_stack else 0
        for entry in entries:
            name = _quoted(entry.name)
            _append(functions, name, _tree(entry.values), functions.lc.col or 0)
            functions.yaml_set_comment_before_after_key(name, "\n".join(entry.comment), indent=indent)

    def meant(value: Any) -> None:
        functions = value
        for key in (_CONFIG, FUNCTIONS) if is_stack else ():
            functions[key] = functions = functions.get(key) or {}
        functions.update({entry.name: entry.values for entry in entries})

    instead = "print the entries without --stack, and write them by hand"
    return _edited(text, path, edit, meant, f"{FUNCTIONS} cannot be edited as it is written; {instead}")


def scalar(value: str) -> str:
    """*value* so that every reader of YAML takes it for this text, not for a time or a number."""
    return value if _is_plain(value) else json.dumps(value, ensure_ascii=False)


def _edited(text: str, path: str, edit: Callable[[Any], None], meant: Callable[[Any], None], reason: str) -> str:
    """*text* after *edit* of its tree. Raises InvalidSettings with *reason* unless its value is what *meant* makes."""
    layout = _Layout.of(text)
    plain = text.removeprefix(_BOM).replace("\r\n", "\n")
    before = _value(plain, path)
    if before is not None and not isinstance(before, dict):
        raise _refused(path, "expected a mapping, a key on each line")
    yaml = layout.yaml()
    try:
        root = yaml.load(plain) if before is not None else CommentedMap()
        edit(root)
        out = io.StringIO()
        yaml.dump(root, out)
    except (YAMLError, ValueError) as error:
        raise _refused(path, f"{reason} ({' '.join(str(error).split())[:200]})") from None
    head = "" if before is not None or not plain else f"{plain.rstrip(chr(10))}\n"
    after = f"{head}{out.getvalue()}"
    wanted = json.loads(json.dumps(before or {}))  # an alias becomes a value of its own
    meant(wanted)
    if _value(after, path) != wanted or not _comments(plain) <= _comments(after):
        raise _refused(path, reason)
    return layout.restored(after)


class _Layout:
    """How a file is written, as far as ruamel does not keep it by itself."""

    def __init__(self, mapping: int, sequence: int, newline: str, bom: str, starts: bool) -> None:
        self.mapping, self._sequence, self._newline, self._bom, self._starts = mapping, sequence, newline, bom, starts

    @classmethod
    def of(cls, text: str) -> "_Layout":
        """Indentation is that of the first mapping and the first list inside another."""
        lines = [line for line in text.removeprefix(_BOM).splitlines() if line.strip() and line.lstrip()[0] != "#"]
        indents = [len(line) - len(line.lstrip(" ")) for line in lines]
        items = [line.lstrip().startswith("- ") for line in lines]
        mapping = next((indent for indent, item in zip(indents, items, strict=True) if indent and not item), 2)
        lists = (
            indent - above
            for above, indent, was, item in zip(indents, indents[1:], items, items[1:], strict=False)
            if item and not was
        )
        return cls(
            mapping,
            max(next(lists, 0), 0),
            "\r\n" if "\r\n" in text else "\n",
            _BOM if text.startswith(_BOM) else "",
            bool(lines) and lines[0].startswith("---"),
        )

    def yaml(self) -> YAML:
        yaml = YAML(pure=True)
        yaml.preserve_quotes = True
        yaml.explicit_start = self._starts or None
        yaml.width = sys.maxsize
        yaml.indent(mapping=self.mapping, sequence=self._sequence + 2, offset=self._sequence)
        return yaml

    def restored(self, text: str) -> str:
        return f"{self._bom}{text.replace(chr(10), self._newline)}"


def _value(text: str, path: str) -> Any:
    try:
        return load(text, path)
    except InvalidInput as error:
        raise InvalidSettings(*error.problems) from None


def _functions(root: Any, path: str, *, is_stack: bool) -> CommentedMap:
    """The entries of *root*. Raises InvalidSettings."""
    functions: Any = root
    if is_stack:
        config = root.get(_CONFIG)
        functions = config.get(FUNCTIONS) if isinstance(config, CommentedMap) else None
        if functions is None:
            raise _refused(path, f"{FUNCTIONS} is not set; the functions are named elsewhere, so write the hold there")
    return _mapping(functions, FUNCTIONS, path)


def _made(root: CommentedMap, key: str, path: str) -> CommentedMap:
    """The mapping under *key*, created where there is none, each of its keys on a line."""
    if root.get(key) is None or root[key] == {}:
        if key in root:
            root[key] = CommentedMap()
        else:
            _append(root, key, CommentedMap(), root.lc.col or 0)
    made = _mapping(root[key], key, path)
    made.fa.set_block_style()
    return made


def _mapping(value: object, key: str, path: str) -> CommentedMap:
    """*value* of *key*. Raises InvalidSettings if it is not a mapping of plain entries."""
    if not isinstance(value, CommentedMap):
        raise _refused(path, f"{key} is text; write it as a YAML mapping")
    if value.keys() == {"secure"}:
        raise _refused(path, f"{key} is encrypted as a whole; encrypt only the settings that are secret")
    return value


def _append(parent: CommentedMap, key: str, value: Any, column: int) -> None:
    """Add *key* at the end. Comments after the last one that is indented deeper than *column* stay after it."""
    tail = _cut_tail(parent, column)
    parent[key] = value
    _add_tail(parent, tail)


def _replace(parent: CommentedMap, key: str, value: Any) -> None:
    """Set *key*, which is there. The comments on the lines below stay."""
    tail = _cut_tail(_only(parent, key), sys.maxsize)
    parent[key] = value
    _add_tail(_only(parent, key), tail)


def _remove(parent: CommentedMap, key: str) -> None:
    """Delete *key*, if it is there, with the comment on its last line; those on the lines below stay."""
    if key not in parent:
        return
    keys = list(parent)
    place, tail = keys.index(key), _cut_tail(_only(parent, key), sys.maxsize)
    del parent[key]
    parent.ca.items.pop(key, None)
    if place:
        _add_tail(_only(parent, keys[place - 1]), tail)
    elif tail and len(keys) > 1:
        parent.ca.items.setdefault(keys[1], [None] * 4)[1] = [_token(tail)]


def _only(parent: CommentedMap, key: str) -> CommentedMap:
    """A mapping of this pair, which shares its value and its comments with *parent*."""
    only = CommentedMap({key: parent[key]})
    only.ca.items[key] = parent.ca.items.setdefault(key, [None] * 4)
    return only


def _cut_tail(node: Any, column: int) -> str:
    """Remove and return the lines of comments below *node* that do not belong to it."""
    slots, index = _last_slots(node)
    token = slots and slots[index]
    if not token:
        return ""
    first, newline, rest = token.value.partition("\n")
    lines = rest.splitlines(keepends=True)
    own = [number for number, line in enumerate(lines) if line.strip() and len(line) - len(line.lstrip(" ")) > column]
    kept = own[-1] + 1 if own else 0
    token.value = f"{first}{newline}{''.join(lines[:kept])}"
    return "".join(lines[kept:])


def _add_tail(node: Any, tail: str) -> None:
    if not tail:
        return
    slots, index = _last_slots(node, create=True)
    if slots[index]:
        slots[index].value += tail
    else:
        slots[index] = _token(f"\n{tail}")


def _last_slots(node: Any, *, create: bool = False) -> tuple[Any, int]:
    """Where ruamel keeps the comments below *node*: a list of the last scalar, and the index in it."""
    while True:
        is_map = isinstance(node, CommentedMap)
        if not node:
            return None, 0
        key = list(node)[-1] if is_map else len(node) - 1
        child = node[key]
        if not hasattr(child, "fa") or child.fa.flow_style() or not child:
            slots = node.ca.items.setdefault(key, [None] * 4) if create else node.ca.items.get(key)
            return slots, 2 if is_map else 0
        node = child


def _token(text: str) -> CommentToken:
    return CommentToken(text, CommentMark(0), None)


def _tree(values: Mapping[str, Any], like: CommentedMap | None = None) -> CommentedMap:
    """*values* as ruamel writes them; on one line if *like* is."""
    tree = CommentedMap(
        {_quoted(key): _tree(one) if isinstance(one, Mapping) else _quoted(one) for key, one in values.items()}
    )
    if like is not None and like.fa.flow_style():
        tree.fa.set_flow_style()
    return tree


def _quoted(value: Any) -> Any:
    return DoubleQuotedScalarString(value) if isinstance(value, str) and not _is_plain(value) else value


def _is_plain(value: str) -> bool:
    return _PLAIN.fullmatch(value) is not None and value.lower() not in _NOT_TEXT


def _comments(text: str) -> Counter[str]:
    """Every line that is a comment, counted."""
    return Counter(line.strip() for line in text.splitlines() if line.lstrip().startswith("#"))


def _refused(path: str, reason: str) -> InvalidSettings:
    return InvalidSettings(Problem(path, reason))
