"""A pipeline document: YAML that keeps its comments, its order and every field that nobody here knows."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from fcpin.errors import InvalidInput, Problem
from fcpin.yaml_reader import compose, lines_of, nearest, value_of

_TAB: Final = re.compile(r"^ *\t[ \t]*", re.MULTILINE)
_TAB_BEFORE_COMMENT: Final = re.compile(r"^[ \t]*\t[ \t]*(?=#)", re.MULTILINE)
_WIDE: Final = 4096
"""No line is folded: an image reference stays in one piece."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and where."""

    name: str
    """What the file is called in messages."""
    tree: Any
    """Mappings and lists of ruamel's round trip, which carry the comments."""
    lines: Mapping[str, int]
    """The line of every key and item, by its path: `spec.templateSpec.tasks[0].name`."""
    slips: Sequence[Problem] = ()
    """What is no YAML, but could be read all the same. Paths are places: `pipeline.yaml:32`."""

    @classmethod
    def parse(cls, text: str, name: str) -> Self:
        """Raises InvalidInput, with the line, for what cannot be read at all.

        A tab in front of a comment is such a slip: the rest is read, so that all problems are told at once.
        """
        try:
            return cls(name, *_parsed(text, name))
        except InvalidInput as error:
            tabs = _tabs(text, name)
            try:
                mended = _parsed(_TAB_BEFORE_COMMENT.sub("", text), name)
            except InvalidInput:
                raise InvalidInput(*(tabs or error.problems)) from None
            return cls(name, *mended, tabs)

    def place(self, path: str) -> str:
        """Where *path* stands, or would stand: `pipeline.yaml:7`."""
        return f"{self.name}:{nearest(path, self.lines)}"

    def text(self) -> str:
        """The document as YAML, comments and unknown fields included."""
        out = io.StringIO()
        yaml = _yaml()
        if isinstance(self.tree, Mapping):
            yaml.indent(mapping=2, sequence=4, offset=2)
        yaml.dump(self.tree, out)
        return out.getvalue()


def _yaml() -> YAML:
    yaml = YAML(pure=True)
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    return yaml


def _parsed(text: str, name: str) -> tuple[Any, Mapping[str, int]]:
    """The tree and the lines; ruamel gets only what the bounded reader has accepted. Raises InvalidInput."""
    root = compose(text, name)
    value_of(root, name)
    try:
        return _yaml().load(text), lines_of(root)
    except (YAMLError, ValueError) as error:
        raise InvalidInput(Problem(name, f"is not valid YAML: {' '.join(str(error).split())[:200]}")) from None


def _tabs(text: str, name: str) -> Sequence[Problem]:
    return tuple(
        Problem(
            f"{name}:{text.count(chr(10), 0, tab.start()) + 1}", "begins with a tab; YAML takes spaces only: replace it"
        )
        for tab in _TAB.finditer(text)
    )
