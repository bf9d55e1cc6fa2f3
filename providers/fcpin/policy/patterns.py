"""Compile the regular expressions of the user."""

import re
import warnings
from collections.abc import Sequence
from threading import Lock

from fcpin.policy.fields import Fields, shown

_LONGEST_PATTERN = 1000
_POSIX_CLASS = re.compile(r"\[:\^?[a-z]+:\]")
_INLINE_FLAGS = re.compile(r"\(\?[a-zA-Z]+\)")
_COMPILING = Lock()
"""`catch_warnings` changes what the whole process warns of: one thread at a time."""
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)


def compile_pattern(fields: Fields, key: str, source: str) -> re.Pattern[str] | None:
    """The compiled pattern, or None and a problem that names the position."""
    if len(source) > _LONGEST_PATTERN:
        fields.wrong(key, f"is a pattern of {len(source)} characters; {_LONGEST_PATTERN} are the most")
        return None
    if (posix := _POSIX_CLASS.search(source)) is not None:
        fields.wrong(key, f"{posix[0]} at position {posix.start()} is not supported; write [0-9], [a-z] or \\w")
        return None
    try:
        with _COMPILING, warnings.catch_warnings():
            # `[[a]` and `[a--b]` warn of what a later Python may make of them; today they mean what they mean in Go.
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(source, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        position = f" at position {error.pos}" if isinstance(error, re.error) and error.pos is not None else ""
        reason = error.msg if isinstance(error, re.error) else str(error)
        fields.wrong(key, f"{shown(source)} is no regular expression: {reason}{position}")
        return None


def unanchored(source: str) -> bool:
    """Whether *source* may match in the middle of a tag: some alternative lacks `^` or `$`."""
    body = _INLINE_FLAGS.sub("", source, count=1) if source.startswith("(?") else source
    return any(not _is_anchored(alternative) for alternative in _alternatives(body))


def _alternatives(source: str) -> Sequence[Sequence[str]]:
    """What stands between the outermost `|`s, each as its atoms."""
    found: list[list[str]] = [[]]
    depth = 0
    for atom in _ATOM.findall(source):
        depth += {"(": 1, ")": -1}.get(atom, 0)
        if atom == "|" and depth == 0:
            found.append([])
        else:
            found[-1].append(atom)
    return found


def _is_anchored(atoms: Sequence[str]) -> bool:
    return bool(atoms) and atoms[0] in ("^", r"\A") and atoms[-1] in ("$", r"\Z")
