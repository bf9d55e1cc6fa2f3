"""Expressions between `${` and `}` in an `s.yaml`: `vars.region`, `env('TAG', 'latest')`, `json(file('./a.json')).tag`.

Grammar: https://docs.serverless-devs.com/user-guide/spec
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

REFERENCE: Final = re.compile(r"\$\{\s*([^{}]*?)\s*\}")
_ENV: Final = re.compile(
    r"env\(\s*(?P<quote>['\"]?)(?P<name>\w+)(?P=quote)\s*(?:,\s*(?P<default>'[^']*'|\"[^\"]*\"|[^)]*?)\s*)?\)"
)
_CALL: Final = re.compile(r"\s*(\w+)\(")
_QUOTED: Final = re.compile(r"\s*(?:'([^']*)'|\"([^\"]*)\")\s*")
_NAME: Final = re.compile(r"\s*([A-Za-z_][\w-]*)")
_STEP: Final = re.compile(r"\.([\w-]+)|\[([0-9]+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
_DEEPEST: Final = 8
"""Calls inside one another."""


class Unresolved(Exception):
    """A reference without a value here: which, and why."""

    def __init__(self, reference: str, why: str) -> None:
        super().__init__(f"{reference[:200]}, {why}")


@dataclass(frozen=True, slots=True)
class Call:
    """`file('./tag.txt')`, and the path into its value."""

    function: str
    argument: "Expression"
    steps: Sequence[str]


@dataclass(frozen=True, slots=True)
class Lookup:
    """`vars.image.tag`."""

    steps: Sequence[str]


Expression: TypeAlias = Call | Lookup | str


def expression(inside: str) -> Expression | None:
    """Parse *inside*; return None for JavaScript that is not supported. A text is a literal."""
    found = _expression(inside, 0, 0)
    return found[0] if found and not inside[found[1] :].strip() else None


def _expression(text: str, at: int, depth: int) -> tuple[Expression, int] | None:
    if literal := _QUOTED.match(text, at):
        return literal[1] if literal[1] is not None else literal[2], literal.end()
    if (call := _CALL.match(text, at)) and depth < _DEEPEST:
        argument = _expression(text, call.end(), depth + 1)
        if argument is None or text[argument[1] :].lstrip()[:1] != ")":
            return None
        steps, end = _steps(text, text.index(")", argument[1]) + 1)
        return Call(call[1], argument[0], steps), end
    if name := _NAME.match(text, at):
        steps, end = _steps(text, name.end())
        return Lookup((name[1], *steps)), end
    return None


def _steps(text: str, at: int) -> tuple[Sequence[str], int]:
    found = []
    while step := _STEP.match(text, at):
        found.append(next(part for part in step.groups() if part is not None))
        at = step.end()
    return found, at


@dataclass(frozen=True, slots=True)
class Environment:
    """A variable of the environment that a text refers to."""

    name: str
    default: str | None

    @classmethod
    def of(cls, inside: str) -> "Environment | None":
        """None for another reference."""
        match = _ENV.fullmatch(inside)
        if match is None:
            return None
        default = match["default"]
        return cls(match["name"], default.strip("'\"") if default is not None else None)


def with_values(text: str, value: Callable[[Environment], str | None]) -> str:
    """Return *text*, which refers to the environment only, with the *value* of each variable.

    Raises Unresolved for one that has none and no default.
    """

    def found(match: re.Match[str]) -> str:
        variable = Environment.of(match[1])
        if variable is None:
            raise Unresolved(match[0], "which is not a reference to the environment")
        result = value(variable) or variable.default
        if result is None:
            raise Unresolved(match[0], "which is not set")
        return result

    return REFERENCE.sub(found, text)


def with_environment(text: str, environment: Mapping[str, str]) -> str:
    """The same with the values of *environment*, of which an empty one is none, as for Serverless Devs."""
    return with_values(text, lambda variable: environment.get(variable.name))


def variables(text: str) -> Iterator[Environment]:
    """The variables of the environment that *text* refers to."""
    for match in REFERENCE.finditer(text):
        if variable := Environment.of(match[1]):
            yield variable
