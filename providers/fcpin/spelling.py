"""What is said of a key that nobody reads."""

from collections.abc import Iterable


def unknown_key(key: object, known: Iterable[str]) -> str:
    """`unknown key; did you mean range?`, or the known ones where none comes near."""
    import difflib  # only a mistake needs it

    known = list(known)
    near = difflib.get_close_matches(str(key).lower(), known, n=1)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known: {', '.join(known) or 'none'}"
