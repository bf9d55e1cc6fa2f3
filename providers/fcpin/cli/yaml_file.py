"""A YAML file that was read, and the line of every value in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from fcpin.errors import Problem


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The values of a file, and their lines."""

    path: Path
    value: object
    lines: Mapping[str, int]
    """The line of every key and item, by its path: `cases[0].expect.tag`."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises InvalidInput with file, line and column."""
        from fcpin.yaml_reader import compose, lines_of, read_text, value_of

        node = compose(read_text(path), str(path))
        return cls(path, value_of(node, str(path)), lines_of(node))

    def place(self, path: str) -> str:
        """Where *path* is, or would be: `cases.yaml:7`."""
        from fcpin.yaml_reader import nearest

        return f"{self.path}:{nearest(path, self.lines)}"

    def problem(self, path: str, reason: str) -> Problem:
        """A problem with the value at *path*, present or missing."""
        return Problem(self.place(path), f"{path}: {reason}" if path else reason)
