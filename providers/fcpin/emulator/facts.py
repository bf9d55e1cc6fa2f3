"""Knobs from the file of `fcpin probe`: what was measured on the real cloud.

A fact has the name of the knob that it turns, and its value is a position of that knob.
What is unknown, or not told, stays at the documentation's position.
"""

import json
from pathlib import Path
from typing import Any

from fcpin.emulator.errors import EmulatorError
from fcpin.emulator.knobs import Knobs

VERSION = 1
_KEYS = frozenset({"version", "measured", "region", "facts", "unknown"})


def read_facts(file: Path) -> Knobs:
    """Raises EmulatorError naming the file and what in it is wrong."""
    try:
        document = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise EmulatorError(f"facts {file}: {error.strerror}") from None
    except ValueError as error:
        raise EmulatorError(f"facts {file}: no JSON ({error})") from None
    try:
        return Knobs.from_mapping(_facts(document))
    except EmulatorError as error:
        raise EmulatorError(f"facts {file}: {error}") from None


def _facts(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise EmulatorError(f"expected an object with version {VERSION}, as `fcpin probe` writes it")
    for key in document:
        if key not in _KEYS:
            raise EmulatorError(f"unknown key {key!r}; known: {', '.join(sorted(_KEYS))}")
    facts = document.get("facts")
    if not isinstance(facts, dict) or not all(isinstance(value, str | int | float) for value in facts.values()):
        raise EmulatorError("facts: expected single values by the names of knobs")
    return facts
