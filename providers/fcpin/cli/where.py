"""Whom a command asks: what a stack's configuration says, else options and the environment."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from fcpin.cli import options
from fcpin.cli.stacks import add_stack
from fcpin.errors import InvalidInput, InvalidSettings, Problem
from fcpin.image import Repository, acr_host

if TYPE_CHECKING:
    from fcpin.settings import Settings

_OF_STACK: Final = ("region", "endpoint", "cr_endpoint", "fc_endpoint", "plain_http")
_OPTIONS: Final[Mapping[str, str]] = {
    "fcpin:region": "--region",
    "fcpin:endpoints.fc": "--fc-endpoint",
    "fcpin:endpoints.cr": "--cr-endpoint",
    "fcpin:registries": "--endpoint",
}
"""What an option is called in a stack's configuration."""


def add_where(parser: ArgumentParser, *, needs_repository: bool, about_stack: str) -> None:
    """A stack, or a repository, a region and other addresses than theirs."""
    add_stack(parser, about_stack)
    options.add_repository(parser, required=needs_repository)
    parser.add_argument("--fc-endpoint", metavar="URL", help="ask this endpoint of Function Compute")
    parser.add_argument("--region", metavar="REGION", help="the region of the functions (default: the repository's)")


def repository_of(given: Namespace) -> Repository | None:
    """Raises InvalidInput."""
    try:
        return Repository.parse(given.repository) if given.repository is not None else None
    except InvalidInput as error:
        raise InvalidInput(*(Problem("--repository", problem.reason) for problem in error.problems)) from None


def refuse_addresses(given: Namespace) -> None:
    """Beside a stack, whose configuration says where to ask. Raises InvalidInput."""
    for option in _OF_STACK:
        if getattr(given, option):
            raise InvalidInput(Problem(f"--{option.replace('_', '-')}", "is for the stack's configuration to say"))


def settings_of(given: Namespace, repository: Repository | None) -> "Settings":
    """Of options and the environment; the region may be empty where no host tells it. Raises InvalidInput."""
    from fcpin.settings import Settings

    values: dict[str, Any] = {
        "fcpin:region": given.region,
        "fcpin:endpoints": {name: url for name in ("fc", "cr") if (url := getattr(given, f"{name}_endpoint"))},
        "fcpin:registries": _registries(given, repository),
    }
    try:
        return with_region(Settings.read(values.get, os.environ), repository)
    except InvalidSettings as error:
        raise InvalidInput(*(Problem(_option(problem.path), problem.reason) for problem in error.problems)) from None


def with_region(settings: "Settings", repository: Repository | None) -> "Settings":
    """Where nothing else names a region, it is that of the repository's host."""
    host = acr_host(repository.host) if repository else None
    return settings if settings.region or host is None else replace(settings, region=host.region)


def _registries(given: Namespace, repository: Repository | None) -> Mapping[str, Any]:
    if given.endpoint and given.plain_http:
        raise InvalidInput(Problem("--plain-http", "says nothing beside --endpoint; write http:// there"))
    if repository is None:
        if given.endpoint or given.plain_http:
            raise InvalidInput(Problem("--endpoint" if given.endpoint else "--plain-http", "needs --repository"))
        return {}
    endpoint = given.endpoint or (f"http://{repository.host}" if given.plain_http else None)
    return {repository.host: {"endpoint": endpoint}} if endpoint else {}


def _option(path: str) -> str:
    return next((option for key, option in _OPTIONS.items() if path.startswith(key)), path)
