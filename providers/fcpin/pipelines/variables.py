"""Variables of pipeline documents, `<% .git.shortCommitId %>`, and `{commit}` in image names of a stack."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from fcpin.errors import InvalidInput, InvalidSettings, Problem, unknown_key

SHORT_COMMIT: Final = "git.shortCommitId"
MILLISECONDS: Final = "currentTimestampMs"
APP_NAME: Final = "appName"
ENV_NAME: Final = "envName"
KNOWN: Final = (SHORT_COMMIT, MILLISECONDS, APP_NAME, ENV_NAME)
"""The variables in the documentation of pipelines."""

SHORT: Final = 7
"""Digits of a short commit id."""

NAME_TEMPLATE: Final = f"p-<% .{SHORT_COMMIT} %>-<% .{MILLISECONDS} %>"
"""The name that the documentation recommends, because names are unique in an account."""

_VARIABLE: Final = re.compile(r"<%\s*(.*?)\s*%>", re.DOTALL)
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
PLACEHOLDER: Final = r"\{commit(?::([0-9]+))?\}"
"""Pattern of the commit in an image name."""
_PLACEHOLDER: Final = re.compile(PLACEHOLDER)


def unique_name(commit: str, now: datetime) -> str:
    """Return a name of a pipeline with commit and time: `p-83f96b6-1795348800000`."""
    return f"p-{commit[:SHORT]}-{int(now.timestamp() * 1000)}"


def has_variables(text: str) -> bool:
    """Whether *text* contains a variable of documents."""
    return _VARIABLE.search(text) is not None


def stand_in(text: str) -> str:
    """Return *text* with digits of a commit for every variable, so that the rest of it can be checked."""
    return _VARIABLE.sub("0" * SHORT, text)


def unknown_variables(tree: object, path: str = "") -> Iterator[Problem]:
    """Return variables that do not exist, with their paths."""
    for where, text in _texts(tree, path):
        for match in _VARIABLE.finditer(text):
            name = match[1].removeprefix(".")
            if name not in KNOWN or not match[1].startswith("."):
                known = [f"<% .{each} %>" for each in KNOWN]
                reason = unknown_key(f"<% .{name} %>", known).replace("unknown key", "unknown variable")
                yield Problem(where, f"{match[0]}: {reason}")


def values(commit: str, now: datetime, *, app_name: str = "", env_name: str = "") -> Mapping[str, str]:
    """Return the variables of one run. Those without a value are omitted."""
    given = {
        SHORT_COMMIT: commit[:SHORT],
        MILLISECONDS: str(int(now.timestamp() * 1000)),
        APP_NAME: app_name,
        ENV_NAME: env_name,
    }
    return {name: value for name, value in given.items() if value}


def rendered(tree: Any, given: Mapping[str, str], path: str = "") -> Any:
    """Return a copy of *tree* with the values of *given*; comments, quotes and order stay.

    Raises InvalidSettings with every variable that has no value, each with its path.
    """
    problems = [*unknown_variables(tree, path), *_without_value(tree, given, path)]
    if problems:
        raise InvalidSettings(*problems)
    return _filled(tree, given)


def _without_value(tree: object, given: Mapping[str, str], path: str) -> Iterator[Problem]:
    options = {SHORT_COMMIT: "--commit", APP_NAME: "--app-name", ENV_NAME: "--env-name"}
    for where, text in _texts(tree, path):
        for match in _VARIABLE.finditer(text):
            name = match[1].removeprefix(".")
            if name in KNOWN and name not in given:
                yield Problem(where, f"{match[0]} has no value; give {options.get(name, 'one')}")


def _filled(tree: Any, given: Mapping[str, str]) -> Any:
    if isinstance(tree, str):
        return type(tree)(_VARIABLE.sub(lambda match: given[match[1].removeprefix(".")], tree))
    if isinstance(tree, Mapping):
        copy = tree.copy()  # type: ignore[attr-defined] # a dict, or ruamel's, which copies the comments too
        for key in tree:
            copy[key] = _filled(tree[key], given)
        return copy
    if isinstance(tree, list):
        filled = type(tree)(tree)
        if hasattr(tree, "copy_attributes"):
            tree.copy_attributes(filled)
        for index, item in enumerate(tree):
            filled[index] = _filled(item, given)
        return filled
    return tree


def _texts(tree: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, str):
        yield path, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _texts(value, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list):
        for index, item in enumerate(tree):
            yield from _texts(item, f"{path}[{index}]")


def commit_problem(path: str, commit: object) -> Problem | None:
    """Return what is wrong with a commit id, or None."""
    if isinstance(commit, str) and _COMMIT.fullmatch(commit):
        return None
    return Problem(path, f"expected a commit, 7 to 64 hexadecimal digits as git prints it, got {commit!r}")


def has_commit(image: str) -> bool:
    """Whether *image* contains the commit: `host/namespace/name:{commit}`."""
    return _PLACEHOLDER.search(image) is not None


def with_commit(image: str, commit: str) -> str:
    """Return *image* with the first seven digits of *commit* for `{commit}`, and the first 40 for `{commit:40}`.

    Raises InvalidInput when *commit* is shorter than that.
    """

    def digits(match: re.Match[str]) -> str:
        length = int(match[1] or SHORT)
        if not SHORT <= length <= len(commit):
            raise InvalidInput(
                Problem("image", f"{match[0]}: the commit has {len(commit)} digits; 7 to {len(commit)} are possible")
            )
        return commit[:length]

    return _PLACEHOLDER.sub(digits, image)
