"""What the commands write: lines that people read, and one JSON object for machines."""

import json
from collections.abc import Iterable
from typing import TextIO

from fcpin.errors import one_line


def write_lines(stream: TextIO, lines: Iterable[str]) -> None:
    stream.writelines(f"{one_line(line)}\n" for line in lines)


def write_json(stream: TextIO, value: object) -> None:
    """Over as many lines as it needs, in every script that people write."""
    stream.write(f"{json.dumps(value, indent=2, ensure_ascii=False)}\n")
