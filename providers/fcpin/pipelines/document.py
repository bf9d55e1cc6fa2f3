"""A pipeline document: YAML that keeps its comments, its order and unknown fields, and its form in the Devs API."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from fcpin.errors import InvalidInput, Problem
from fcpin.yaml_reader import YamlFile, read_text

_TAB: Final = re.compile(r"^ *\t[ \t]*", re.MULTILINE)
_TAB_BEFORE_COMMENT: Final = re.compile(r"^[ \t]*\t[ \t]*(?=#)", re.MULTILINE)
_BOM: Final = "\ufeff"
_WIDE: Final = 4096
"""No line is folded: an image reference stays in one piece."""


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document with its comments, and the lines of its file."""

    file: YamlFile
    tree: Any
    """Mappings and lists of ruamel's round trip, which hold the comments."""
    syntax_problems: Sequence[Problem] = ()
    """Tabs, which are not valid YAML but do not keep the rest from being read. Paths are `pipeline.yaml:32`."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """The same as `parse`, for the text of a file."""
        return cls.parse(read_text(path).removeprefix(_BOM), path)

    @classmethod
    def parse(cls, text: str, path: Path) -> Self:
        """Raises InvalidInput, with the line, for text that cannot be read.

        A tab before a comment is a syntax problem only: the rest is read, so that all problems are reported at once.
        """
        try:
            return cls(*_parsed(text, path))
        except InvalidInput as error:
            tabs = _tabs(text, path)
            try:
                parsed = _parsed(_TAB_BEFORE_COMMENT.sub("", text), path)
            except InvalidInput:
                raise InvalidInput(*(tabs or error.problems)) from None
            return cls(*parsed, tabs)

    def text(self) -> str:
        return to_text(self.tree)


def to_text(tree: Any) -> str:
    """Return a document as YAML, comments and unknown fields included."""
    out = io.StringIO()
    yaml = _yaml()
    if isinstance(tree, Mapping):
        yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(tree, out)
    return out.getvalue()


def _yaml() -> YAML:
    yaml = YAML(pure=True)
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    return yaml


def _parsed(text: str, path: Path) -> tuple[YamlFile, Any]:
    """Return the values with their lines, and the tree; ruamel reads only text that the bounded reader accepts.

    Raises InvalidInput.
    """
    file = YamlFile.parse(text, path)
    try:
        return file, _yaml().load(text)
    except (YAMLError, ValueError) as error:
        raise InvalidInput(Problem(str(path), f"is not valid YAML: {' '.join(str(error).split())[:200]}")) from None


def _tabs(text: str, path: Path) -> Sequence[Problem]:
    return tuple(
        Problem(
            f"{path}:{text.count(chr(10), 0, tab.start()) + 1}",
            "begins with a tab; YAML allows spaces only: replace it",
        )
        for tab in _TAB.finditer(text)
    )


def to_wire(tree: Any) -> dict[str, Any]:
    """Return the pipeline of *tree* as the Devs API takes it: plain JSON, where `runAfters: [a]` is `[{name: a}]`."""
    pipeline: dict[str, Any] = _plain(tree)
    for task in pipeline["spec"].get("templateSpec", {}).get("tasks", []):
        afters = task.get("runAfters") or []
        task["runAfters"] = [{"name": after} if isinstance(after, str) else after for after in afters]
    return pipeline


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    for kind in (bool, int, float, str):  # ruamel's own scalars remember how they were written
        if isinstance(value, kind):
            return kind(value)
    return None if value is None else str(value)
