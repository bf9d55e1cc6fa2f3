"""Values of `s.yaml` that stand for others: `${vars.region}`, `${env(GIT_COMMIT)}`.

Grammar: https://docs.serverless-devs.com/user-guide/spec
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_REFERENCE: Final = re.compile(r"\$\{\s*([^{}]*?)\s*\}")
_VARS: Final = re.compile(r"vars\.([\w.-]+)")
_ENV: Final = re.compile(
    r"env\(\s*(?P<quote>['\"]?)(?P<name>\w+)(?P=quote)\s*(?:,\s*(?P<default>'[^']*'|\"[^\"]*\"|[^)]*?)\s*)?\)"
)


class Unresolved(Exception):
    """A value that stands for something that only a deployment by Serverless Devs knows."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A variable of the environment that a text refers to."""

    name: str
    default: str | None


def split(text: str) -> tuple[list[str], list[Environment]]:
    """*text* cut at its environment variables: one more piece than there are variables."""
    parts = _REFERENCE.split(text)
    return parts[::2], [_environment(part) for part in parts[1::2]]


def with_vars(text: str, variables: Mapping[str, object]) -> str:
    """*text* with every `${vars.x}` resolved. Raises Unresolved for what is neither that nor `${env(X)}`."""
    resolved = _REFERENCE.sub(lambda match: _value(match, variables), text)
    for match in _REFERENCE.finditer(resolved):
        if not _ENV.fullmatch(match[1]):
            raise Unresolved(match[0])
    return resolved


def with_environment(text: str, environment: Mapping[str, str]) -> str:
    """*text* with every `${env(X)}` resolved. Raises Unresolved for one that is not set and has no default."""

    def value(match: re.Match[str]) -> str:
        variable = _environment(match[1])
        found = environment.get(variable.name, variable.default)
        if found is None:
            raise Unresolved(match[0])
        return found

    return _REFERENCE.sub(value, text)


def _value(match: re.Match[str], variables: Mapping[str, object]) -> str:
    named = _VARS.fullmatch(match[1])
    if named is None:
        return match[0]
    value: object = variables
    for part in named[1].split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise Unresolved(match[0])
    return with_vars(str(value), {name: held for name, held in variables.items() if held is not value})


def _environment(inside: str) -> Environment:
    match = _ENV.fullmatch(inside)
    if match is None:
        raise Unresolved(f"${{{inside}}}")
    default = match["default"]
    return Environment(match["name"], default.strip("'\"") if default is not None else None)
