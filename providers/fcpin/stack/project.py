"""Find the project of a folder and the file of a stack as the engines do, and read and write such files."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from fcpin.errors import InvalidInput, InvalidSettings, Problem
from fcpin.function_files import PROJECT, project_root
from fcpin.yaml_reader import load, read_text


def stack_file(folder: Path, stack: str) -> Path:
    """Pulumi.<stack>.yaml of the project in *folder* or above it; `org/project/stack` is its last part.

    Raises InvalidSettings when there is none.
    """
    root, project = _project(folder)
    name = stack.rpartition("/")[2]
    file = root / str(project.get("stackConfigDir") or ".") / f"Pulumi.{name}.yaml"
    try:
        found = file.is_file()
    except OSError as error:  # for example a name that is too long
        raise InvalidSettings(Problem("stackConfigDir", f"cannot be used: {error.strerror}")) from None
    if not found:
        raise InvalidSettings(
            Problem(
                str(file),
                "does not exist, but the engine lists the stack; create the file, or correct the stack's name",
            )
        )
    return file


@dataclass(frozen=True, slots=True)
class Project:
    """Where the states of a project are, by its Pulumi.yaml."""

    root: Path
    name: str
    backend: str
    """URL; empty where it is left to the environment or the login."""

    @classmethod
    def find(cls, folder: Path) -> Self:
        """That in *folder* or above it. Raises InvalidSettings when there is none."""
        root, values = _project(folder)
        backend = values.get("backend")
        url = backend.get("url") if isinstance(backend, Mapping) else None
        return cls(root, str(values.get("name") or ""), str(url or ""))


def read_file(file: Path) -> str:
    """The text of *file*, newlines as they are. Raises InvalidSettings."""
    try:
        return read_text(file)
    except InvalidInput as error:
        raise InvalidSettings(*error.problems) from None


def write_file(file: Path, text: str) -> None:
    """Put *text* in the place of what is in *file*, whole or not at all. Raises InvalidSettings."""
    target = file.resolve()
    partial = target.with_name(f".{target.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        shutil.copymode(target, partial)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InvalidSettings(Problem(str(file), f"cannot be written: {error.strerror}")) from None


def _project(folder: Path) -> tuple[Path, dict[str, object]]:
    root = project_root(folder)
    return root, next(_read(root / name) for name in PROJECT if (root / name).is_file())


def _read(file: Path) -> dict[str, object]:
    try:
        project = load(read_file(file), str(file))
    except InvalidInput as error:
        raise InvalidSettings(*error.problems) from None
    if not isinstance(project, dict):
        raise InvalidSettings(Problem(str(file), "expected a mapping"))
    return project
