"""A YAML file that was read, and where in it everything stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from fcpin.errors import InvalidInput, Problem
from fcpin.yaml_lines import lines_of, nearest

_LARGEST = 16 * 2**20


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What the file says."""

    path: Path
    value: object
    lines: Mapping[str, int]
    """The line of every key and item, by its path: `cases[0].expect.tag`."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises InvalidInput, with the line where it can be told."""
        try:
            data = path.read_bytes()
            text = data.decode("utf-8-sig")
        except OSError as error:
            raise InvalidInput(Problem(str(path), f"cannot be read: {error.strerror}")) from None
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise InvalidInput(Problem(f"{path}:{line}", "is not UTF-8 text")) from None
        if len(data) > _LARGEST:
            raise InvalidInput(Problem(str(path), f"is larger than {_LARGEST // 2**20} MiB"))
        return cls(path, *_parse(path, text))

    def place(self, path: str) -> str:
        """Where *path* stands, or would stand: `cases.yaml:7`."""
        return f"{self.path}:{nearest(path, self.lines)}"

    def problem(self, path: str, reason: str) -> Problem:
        """A problem with what stands at *path*, or should."""
        return Problem(self.place(path), f"{path}: {reason}" if path else reason)


def _parse(path: Path, text: str) -> tuple[object, Mapping[str, int]]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="safe", pure=True)
    try:
        node = yaml.compose(text)
        value = None if node is None else yaml.constructor.construct_document(node)
        return value, dict(lines_of(node))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InvalidInput(Problem(f"{path}:{line}", f"is no YAML: {error.problem}")) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise InvalidInput(Problem(str(path), f"is no YAML: {' '.join(str(error).split())[:200]}")) from None
