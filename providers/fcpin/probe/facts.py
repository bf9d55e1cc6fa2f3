"""facts.json: what a probe found, for the emulator to obey (`fcpin emulator --facts FILE`)."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from fcpin.errors import InvalidInput, Problem
from fcpin.probe.findings import Fact, Finding

VERSION: Final = 1


def document(findings: Sequence[Finding], region: str, measured: datetime) -> str:
    """The text of the file."""
    value = {
        "version": VERSION,
        "measured": measured.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "region": region,
        "facts": {one.name: one.value for one in findings if isinstance(one, Fact)},
        "unknown": {one.name: one.why for one in findings if not isinstance(one, Fact)},
    }
    return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n"


def check_writable(file: Path) -> None:
    """Before anything is spent. Raises InvalidInput."""
    if file.is_dir() or not file.parent.is_dir():
        raise InvalidInput(Problem("--output", f"{file} cannot be written: no such folder, or a folder itself"))


def write(file: Path, text: str) -> None:
    """All of it or nothing. Raises InvalidInput."""
    draft = file.with_name(f".{file.name}.new")
    try:
        draft.write_text(text, "utf-8")
        draft.replace(file)
    except OSError as error:
        raise InvalidInput(Problem("--output", f"{file} cannot be written: {error.strerror}")) from None
