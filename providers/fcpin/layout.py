"""Text for people: digests shortened to 12 digits, lines that fit the width of a terminal."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from typing import Final

WIDTH: Final = 120
"""Columns of a line where the width of the terminal is not known, or larger."""
_LEAST: Final = 20
_DIGEST: Final = re.compile(r"\b(sha256:[0-9a-f]{12})[0-9a-f]{52}\b")
_INSIDE_A_WORD: Final = re.compile(r"(?<=[/,;&?])|(?<=(?<!sha256):)|(?=@)")
"""Where a word that is longer than a line may be broken: a reference after its host, path or repository."""


def width_of(text: str) -> int:
    """Columns that *text* takes in a terminal; Chinese characters take two."""
    from rich.cells import cell_len  # most commands that import this print nothing wide

    return cell_len(text)


def shorten(text: str) -> str:
    """*text* with every `sha256:<64 digits>` as `sha256:3fe722d56ff1`."""
    return _DIGEST.sub(r"\1", text)


def columns() -> int:
    """Columns of a line on standard output: of its terminal, but at most 120; `COLUMNS` decides where it is set."""
    terminal = shutil.get_terminal_size((WIDTH, 0)).columns
    return terminal if "COLUMNS" in os.environ else min(terminal, WIDTH)


def fold(text: str, width: int = WIDTH, first: str = "", rest: str = "") -> list[str]:
    """*text* with shortened digests, in lines of at most *width* columns.

    The first begins with *first*, the others with *rest*. Lines are broken at a space; a word longer than a line after
    `/`, `:` or `,`, before `@`, else anywhere. A line that is indented already (a traceback's) keeps its indentation.
    """
    lines: list[str] = []
    for line in shorten(text).split("\n"):
        lines += _fold_line(line, width, rest if lines else first, rest)
    return lines


def fold_values(head: str, values: Sequence[str], width: int, margin: int) -> list[str]:
    """*head* and `old => new` on one line where they fit; else each value begins a line, below the first one.

    Below a long *head* values are indented by *margin*.
    """
    line = f"{head}{shorten(' => '.join(values))}"
    if width_of(line) <= width:
        return [line]
    margin = width_of(head) if width_of(head) <= width // 3 else margin
    heads = [head, *[f"{' ' * (margin - 3)}=> "] * (len(values) - 1)]
    return [line for first, text in zip(heads, values, strict=True) for line in fold(text, width, first, " " * margin)]


def _fold_line(text: str, width: int, head: str, rest: str) -> Iterator[str]:
    while width_of(head) + width_of(text) > width:
        end = _end(text, max(width - width_of(head), _LEAST))
        if end == len(text):
            break
        yield f"{head}{text[:end].rstrip()}"
        head, text = rest, text[end:].lstrip()
    yield f"{head}{text}".rstrip()


def _end(text: str, room: int) -> int:
    """Length of the part of *text*, at least one character, that is put on a line with *room* columns."""
    fits, used = 0, 0
    for character in text:
        used += width_of(character)
        if used > room:
            break
        fits += 1
    if fits == len(text):
        return fits
    space = text.rfind(" ", 0, fits + 1)
    if text[: space + 1].strip():
        return space + 1
    inside = [match.start() for match in _INSIDE_A_WORD.finditer(text, 0, fits + 1) if match.start() <= fits]
    return max([end for end in inside if text[:end].strip()], default=0) or max(fits, 1)
