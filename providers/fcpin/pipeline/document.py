"""A pipeline document: YAML that keeps its comments, its order and every field that nobody here knows."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from fcpin.errors import InvalidInput, Problem
from fcpin.yaml_lines import lines_of, nearest

_TAB: Final = re.compile(r"^ *\t[ \t]*", re.MULTILINE)
_TAB_BEFORE_COMMENT: Final = re.compile(r"^[ \t]*\t[ \t]*(?=#)", re.MULTILINE)
_SECOND: Final = "found another document"
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
            return cls(name, *_parsed(text))
        except RecursionError:
            raise InvalidInput(Problem(name, "is nested too deeply to be a pipeline")) from None
        except YAMLError as error:
            tabs = _tabs(text, name)
            try:
                mended = _parsed(_TAB_BEFORE_COMMENT.sub("", text))
            except YAMLError:
                raise InvalidInput(*(tabs or (_no_yaml(error, name),))) from None
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


def _parsed(text: str) -> tuple[Any, Mapping[str, int]]:
    return _yaml().load(text), dict(lines_of(YAML(typ="safe", pure=True).compose(text)))


def _tabs(text: str, name: str) -> Sequence[Problem]:
    return tuple(
        Problem(
            f"{name}:{text.count(chr(10), 0, tab.start()) + 1}", "begins with a tab; YAML takes spaces only: replace it"
        )
        for tab in _TAB.finditer(text)
    )


def _no_yaml(error: YAMLError, name: str) -> Problem:
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        if _SECOND in str(error.problem):
            return Problem(
                f"{name}:{error.problem_mark.line + 1}", "begins a second document; put each into a file of its own"
            )
        return Problem(f"{name}:{error.problem_mark.line + 1}", f"is no YAML: {error.problem}")
    return Problem(name, f"is no YAML: {' '.join(str(error).split())[:200]}")
