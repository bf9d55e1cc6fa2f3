"""Label selectors: `key=value`, `key==value`, `key!=value`, `key` and `!key`, all of which must hold."""

from collections.abc import Callable, Mapping

from fcpin.emulator.devs import errors

Labels = Mapping[str, str]
Selector = Callable[[Labels], bool]


def selector(text: str) -> Selector:
    """Read what the query's `labelSelector` says. Raises InvalidArgument."""
    terms = [_term(term.strip()) for term in text.split(",") if term.strip()]
    return lambda labels: all(holds(labels) for holds in terms)


def _term(text: str) -> Selector:
    for sign, wanted in (("!=", False), ("==", True), ("=", True)):
        key, found, value = text.partition(sign)
        if found:
            if not key or not value:
                raise errors.invalid(f"labelSelector {text!r} is invalid")
            return lambda labels: (labels.get(key) == value) is wanted
    if text.startswith("!"):
        return lambda labels: text[1:] not in labels
    return lambda labels: text in labels
