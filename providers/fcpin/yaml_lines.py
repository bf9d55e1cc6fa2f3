"""Where everything stands in a YAML text: the line of every key and item, by its path."""

from collections.abc import Iterator, Mapping
from typing import Any


def lines_of(root: Any) -> Iterator[tuple[str, int]]:
    """Pairs such as `("cases[0].expect.tag", 7)` of a node of the parser's; lines are counted from 1."""
    if root is not None:
        yield "", root.start_mark.line + 1
        yield from _within(root, "", set())


def _within(node: Any, path: str, seen: set[int]) -> Iterator[tuple[str, int]]:
    if id(node) in seen:  # an alias stands where its anchor does
        return
    seen.add(id(node))
    if node.id == "mapping":
        for key, value in node.value:
            here = f"{path}.{key.value}" if path else str(key.value)
            yield here, key.start_mark.line + 1
            yield from _within(value, here, seen)
    elif node.id == "sequence":
        for index, item in enumerate(node.value):
            yield f"{path}[{index}]", item.start_mark.line + 1
            yield from _within(item, f"{path}[{index}]", seen)


def nearest(path: str, lines: Mapping[str, int]) -> int:
    """The line of *path*, or of what is nearest around it when it is not there."""
    known = path
    while known and known not in lines:
        known = known[: max(known.rfind("."), known.rfind("["), 0)]
    return lines.get(known, 1)
