"""Functions in files of their own: `fcpin:functionFiles: [functions/*.yaml]` in a stack's configuration.

A file has the same entries as `fcpin:functions`: one for each function, by name. Every reader of a stack's
configuration sees all entries together under `fcpin:functions`; a name that occurs twice is an error. So the Pulumi
CLI, which passes a configuration of at most 128 KB, never has the entries in it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from fcpin.errors import InvalidInput, InvalidSettings, Problem, property_path
from fcpin.json_reader import InvalidJson, read_json
from fcpin.yaml_reader import compose, lines_of, read_text, value_of

FUNCTIONS: Final = "fcpin:functions"
FILES: Final = "fcpin:functionFiles"
PROJECT: Final = ("Pulumi.yaml", "Pulumi.yml")


@dataclass(frozen=True, slots=True)
class FunctionFile:
    """One file that a pattern of `fcpin:functionFiles` matches."""

    path: Path
    name: str
    """Its path in the project, for messages."""
    entries: Mapping[str, Mapping[str, Any]]
    lines: Mapping[str, int]
    """By the names of the entries."""


def project_root(folder: Path) -> Path:
    """The folder of the Pulumi.yaml that is in *folder* or above it. Raises InvalidSettings when there is none."""
    for root in (folder, *folder.parents):
        if any((root / name).is_file() for name in PROJECT):
            return root
    raise InvalidSettings(Problem("--cwd", f"there is no Pulumi.yaml in {folder}, nor above it"))


def function_files(configured: object, folder: Path) -> tuple[FunctionFile, ...]:
    """The files that the value of `fcpin:functionFiles` names, in the order of their names; none for None.

    *configured* is a list or its JSON text. Patterns are relative to the project that *folder* is in. Raises
    InvalidSettings with every problem.
    """
    if configured is None:
        return ()
    patterns = _patterns(configured)
    root = project_root(folder)
    paths = sorted({path for pattern in patterns for path in _matches(root, pattern)})
    files: list[FunctionFile] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            files.append(_read(path, path.relative_to(root).as_posix()))
        except InvalidInput as error:
            problems += error.problems
    if problems := [*problems, *_duplicates(files)]:
        raise InvalidSettings(*problems)
    return tuple(files)


def all_functions(configured: object, files: Sequence[FunctionFile]) -> dict[str, Any]:
    """Every entry by name: those of `fcpin:functions`, which is a mapping or its JSON text, then those of *files*.

    Raises InvalidSettings for a `fcpin:functions` of another kind, and for a name that is in both.
    """
    if isinstance(configured, str):
        try:
            configured = read_json(configured)
        except InvalidJson as error:
            raise InvalidSettings(
                Problem(FUNCTIONS, f"expected one entry per function, got text that {error}")
            ) from None
    own = {} if configured is None else configured
    if not isinstance(own, Mapping):
        raise InvalidSettings(Problem(FUNCTIONS, "expected one entry per function, by name"))
    both = [
        Problem(
            f"{file.name}:{file.lines.get(name, 1)}",
            f"{name} is in {FUNCTIONS} of the stack as well; remove one of the two",
        )
        for file in files
        for name in file.entries
        if name in own
    ]
    if both:
        raise InvalidSettings(*both)
    return {**own, **{name: entry for file in files for name, entry in file.entries.items()}}


def with_files(get: Callable[[str], Any], folder: Path) -> Callable[[str], Any]:
    """*get*, which looks up `namespace:key`, with the entries of all files under `fcpin:functions`.

    Raises InvalidSettings.
    """
    files = function_files(get(FILES), folder)
    if not files:
        return get
    functions = json.dumps(all_functions(get(FUNCTIONS), files))
    return lambda key: functions if key == FUNCTIONS else get(key)


def _patterns(configured: object) -> Sequence[str]:
    if isinstance(configured, str):
        try:
            configured = read_json(configured)
        except InvalidJson as error:
            raise InvalidSettings(Problem(FILES, f"expected a list of files, got text that {error}")) from None
    if not isinstance(configured, list) or not all(isinstance(one, str) and one for one in configured):
        raise InvalidSettings(Problem(FILES, "expected a list of files, such as [functions/*.yaml]"))
    for index, pattern in enumerate(configured):
        path = PurePosixPath(pattern)
        if path.is_absolute() or ".." in path.parts or "\0" in pattern or not path.name:
            reason = f"expected a path inside the project, relative to Pulumi.yaml, got {pattern[:80]!r}"
            raise InvalidSettings(Problem(f"{FILES}[{index}]", reason))
    return configured


def _matches(root: Path, pattern: str) -> Sequence[Path]:
    try:
        found = [path for path in root.glob(pattern) if path.is_file()]
    except (OSError, ValueError, NotImplementedError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InvalidSettings(Problem(FILES, f"{pattern[:80]!r} is not a valid pattern: {why}")) from None
    if not found:
        raise InvalidSettings(Problem(FILES, f"{pattern[:80]!r} matches no file in {root}"))
    return found


def _read(path: Path, name: str) -> FunctionFile:
    try:
        root = compose(read_text(path), name)
    except InvalidInput as error:  # a path in the project is shorter than one in the file system
        raise InvalidInput(
            *(Problem(one.path.replace(str(path), name), one.reason) for one in error.problems)
        ) from None
    entries, by_path = value_of(root, name), lines_of(root)
    if entries is None:
        entries = {}
    if not isinstance(entries, dict):
        raise InvalidInput(Problem(f"{name}:1", "expected one entry per function, by name"))
    lines = {key: by_path.get(property_path("", key), 1) for key in entries}
    for key, entry in entries.items():
        where = f"{name}:{lines[key]}"
        if not isinstance(entry, dict):
            raise InvalidInput(Problem(where, f"{key}: expected repository, policy and so on"))
        if _has_sealed(entry):
            raise InvalidInput(
                Problem(where, f"{key}: secrets are only decrypted in {FUNCTIONS} of the stack; write this entry there")
            )
    return FunctionFile(path, name, entries, lines)


def _has_sealed(value: object) -> bool:
    """Whether there is a `{secure: ciphertext}` in *value*, as `pulumi config set --secret` writes it."""
    if isinstance(value, dict):
        return value.keys() == {"secure"} or any(map(_has_sealed, value.values()))
    return isinstance(value, list) and any(map(_has_sealed, value))


def _duplicates(files: Sequence[FunctionFile]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for file in files:
        for name in file.entries:
            here = f"{file.name}:{file.lines.get(name, 1)}"
            if name in seen:
                yield Problem(here, f"{name} is in {seen[name]} as well; remove one of the two")
            seen.setdefault(name, here)
