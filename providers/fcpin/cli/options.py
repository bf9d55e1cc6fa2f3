"""Options that several commands share, as decorators; each gathers its options into one argument of the command."""

from collections.abc import Callable, Sequence
from functools import wraps
from os import environ
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import click

from fcpin.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from fcpin.stack import Engine, Stack

Function: TypeAlias = Callable[..., Any]
Decorator: TypeAlias = Callable[[Function], Function]


def gathered(name: str, make: Function, fields: Sequence[str], options: Sequence[Decorator]) -> Decorator:
    """A decorator: the values of *options*, whose names are *fields*, reach the command as `name=make(**values)`."""

    def decorate(function: Function) -> Function:
        @wraps(function)
        def with_gathered(*args: Any, **values: Any) -> Any:
            own = {field: values.pop(field) for field in fields}
            return function(*args, **{name: make(**own)}, **values)

        decorated: Function = with_gathered
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


class Count(click.IntRange):
    name = "whole number"


class StackOptions(NamedTuple):
    """A stack, the folder of its project, and the engine that reads both."""

    stack: str | None
    cwd: "Path"
    engine: str | None

    @property
    def name(self) -> str:
        """Raises InvalidInput when no stack is named."""
        name = self.stack or environ.get("PULUMI_STACK", "")
        if not name:
            raise InvalidInput(Problem("--stack", "is required, or PULUMI_STACK"))
        return name

    def read(self) -> "Stack":
        """Raises InvalidInput, StackError."""
        from fcpin.stack import Stack

        return Stack.read(self.find_engine(), self.name)

    def find_engine(self) -> "Engine":
        """Raises InvalidInput, StackError."""
        from fcpin.stack import Engine

        return Engine.find(self.engine, self.cwd.resolve())


class RegistryOptions(NamedTuple):
    """A repository, and the endpoints of its registry where they are not those of its host."""

    repository: str | None
    endpoint: str | None
    cr_endpoint: str | None
    plain_http: bool


def stack_options(about: str = "The stack (default: PULUMI_STACK).") -> Decorator:
    """`stack: StackOptions`."""
    from pathlib import Path

    return gathered(
        "stack",
        StackOptions,
        StackOptions._fields,
        [
            click.option("--stack", "-s", metavar="NAME", help=about),
            click.option(
                "--cwd",
                "-C",
                metavar="DIRECTORY",
                type=click.Path(path_type=Path),
                default=Path(),
                help="The folder of its project (default: here).",
            ),
            click.option(
                "--engine",
                type=click.Choice(("auto", "embedded", "pulumi")),
                help="The engine that reads it (default: ENGINE, else pulumi where it is on PATH).",
            ),
        ],
    )


def registry_options(*, required: bool) -> Decorator:
    """`registry: RegistryOptions`."""
    return gathered(
        "registry",
        RegistryOptions,
        RegistryOptions._fields,
        [
            click.option(
                "--repository",
                metavar="REF",
                required=required,
                help="The repository, as host/namespace/name without a tag.",
            ),
            click.option("--endpoint", metavar="URL", help="Send requests to this registry instead of the host."),
            click.option("--cr-endpoint", metavar="HOST", help="Use this endpoint of the API of ACR."),
            click.option("--plain-http", is_flag=True, help="Use http instead of https for the repository's host."),
        ],
    )


def fc_endpoint_option(function: Function) -> Function:
    """`fc_endpoint: str | None`."""
    return click.option("--fc-endpoint", metavar="URL", help="Use this endpoint of Function Compute.")(function)


def json_option(function: Function) -> Function:
    """`as_json: bool`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)
