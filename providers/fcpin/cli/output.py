"""What the commands write: lines that people read, and one JSON object for machines."""

import json
from collections.abc import Iterable
from typing import TextIO


def printable(text: str) -> str:
    """What others wrote may be any text; none may steer the terminal."""
    return text if text.isprintable() else repr(text)[1:-1]


def write_lines(stream: TextIO, lines: Iterable[str]) -> None:
    """Each printable."""
    stream.writelines(f"{printable(line)}\n" for line in lines)


def write_json(stream: TextIO, value: object) -> None:
    """Over as many lines as it needs, in every script that people write."""
    stream.write(f"{json.dumps(value, indent=2, ensure_ascii=False)}\n")
