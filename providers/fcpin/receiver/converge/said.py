"""What went wrong, in the words of an engine, on one line for people. Nothing is decided by it."""

import json
from collections.abc import Iterator
from typing import Any, Final

from fcpin.receiver.converge.run import Ended

_MARK: Final = "error: "
_LONGEST: Final = 2000


def reason(ended: Ended) -> str:
    """Every error that the engine told, once; else its last word."""
    found = dict.fromkeys(" ".join(text.removeprefix(_MARK).split()) for text in _errors(ended))
    last = [line.strip() for line in (ended.stderr + ended.stdout).splitlines() if line.strip()][-1:]
    return "; ".join(filter(None, found or last or ["failed without a word"]))[:_LONGEST]


def _errors(ended: Ended) -> Iterator[str]:
    try:
        document: Any = json.loads(ended.stdout)
        said = [entry for entry in document["diagnostics"] if entry.get("severity") == "error"]
        yield from (str(entry.get("message", "")) for entry in said)
    except (ValueError, KeyError, TypeError):
        yield from (line.strip() for line in ended.stdout.splitlines() if line.strip().startswith(_MARK))
    _, found, rest = ended.stderr.partition(_MARK)
    if found:
        yield rest  # to its end: the CLI says below it who holds a lock
