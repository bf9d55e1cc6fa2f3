"""Feed one input to the code that reads it, and check the outcome."""

import tempfile
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tests.fuzz.kinds import Kind

SECONDS: Final = 1.0
"""Most processor time for one input."""


class Broken(AssertionError):
    """An outcome that no input may have."""


def feed(kind: Kind, value: Any) -> None:
    """Raises Broken for an unexpected error, an error of several lines, too much time, and leftover files."""
    with tempfile.TemporaryDirectory(prefix="fcpin-fuzz-") as name:
        folder = Path(name)
        started = time.process_time()
        try:
            kind.feed(value, folder)
        except kind.expected as error:
            _check(kind, str(error))
        except Exception as error:
            where = "".join(traceback.format_exception(error))
            raise Broken(f"{kind.name}: {type(error).__name__} for {_shown(value)}\n{where}") from None
        taken = time.process_time() - started
        if taken > SECONDS:
            raise Broken(f"{kind.name}: took {taken:.1f} s for {_shown(value)}")
        if changed := [path for path in _files(folder) if path.suffix in (".partial", ".tmp", ".bak")]:
            raise Broken(f"{kind.name}: left {changed} for {_shown(value)}")


def feed_unchanged(kind: Kind, value: Any, folder: Path) -> None:
    """Feed twice in one folder. Raises Broken if the second run changes a file."""
    for _ in range(2):
        before = _files(folder)
        with suppress(Exception):  # checked by `feed`
            kind.feed(value, folder)
        if before and _files(folder) != before:
            raise Broken(f"{kind.name}: changed a file for {_shown(value)}")


def _check(kind: Kind, text: str) -> None:
    if "\n" in text:
        raise Broken(f"{kind.name}: an error of more than one line: {text[:300]!r}")
    try:
        text.encode(errors="backslashreplace")
    except UnicodeError:
        raise Broken(f"{kind.name}: an error that cannot be shown: {text[:300]!r}") from None


def _files(folder: Path) -> Mapping[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 2_000 else f"{text[:2_000]}… ({len(text)} characters)"
