"""Whom a command asks: what a stack's configuration says, else options and the environment."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from fcpin.cli import options
from fcpin.cli.renaming import renamed
from fcpin.cli.stacks import add_stack
from fcpin.errors import InvalidInput, Problem
from fcpin.image import Repository, acr_host

if TYPE_CHECKING:
    from fcpin.settings import Settings

_ADDRESSES: Final = ("endpoint", "cr_endpoint", "fc_endpoint", "plain_http")
OPTIONS: Final[Mapping[str, str]] = {
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
    return None if given.repository is None else parse_repository(given.repository)


def parse_repository(text: str) -> Repository:
    """What stands after `--repository`. Raises InvalidInput."""
    with renamed({"": "--repository"}):
        return Repository.parse(text)


def refuse_addresses(given: Namespace, *also: str) -> None:
    """Beside a stack, whose configuration says where to ask; *also*: of other options too. Raises InvalidInput."""
    refuse(given, (*also, *_ADDRESSES), "is for the stack's configuration to say; drop one of the two")


def refuse(given: Namespace, names: Iterable[str], reason: str) -> None:
    """An option that would say nothing is a mistake. *names* as Namespace has them. Raises InvalidInput."""
    for name in names:
        if getattr(given, name, None):
            raise InvalidInput(Problem(f"--{name.replace('_', '-')}", reason))


def settings_of(given: Namespace, repository: Repository | None) -> "Settings":
    """Of options and the environment; the region may be empty where no host tells it. Raises InvalidInput."""
    if repository is None:
        refuse(given, ("endpoint", "plain_http"), "needs --repository")
    registries = registries_of(given, repository.host) if repository else {}
    return with_region(settings_from(given, given.region, registries), repository)


def settings_from(given: Namespace, region: str | None, registries: Mapping[str, Any] | None = None) -> "Settings":
    """Of the endpoints that are given, *region*, *registries* and the environment. Raises InvalidInput."""
    from fcpin.settings import ENDPOINTS, Settings

    values: dict[str, Any] = {
        "fcpin:region": region,
        "fcpin:endpoints": {name: url for name in ENDPOINTS if (url := getattr(given, f"{name}_endpoint", None))},
        "fcpin:registries": registries,
    }
    with renamed(OPTIONS):
        return Settings.read(values.get, os.environ)


def with_region(settings: "Settings", repository: Repository | None) -> "Settings":
    """Where nothing else names a region, it is that of the repository's host."""
    host = acr_host(repository.host) if repository else None
    return settings if settings.region or host is None else replace(settings, region=host.region)


def registries_of(given: Namespace, host: str) -> Mapping[str, Any]:
    """Where *host* is asked, as `fcpin:registries` says it; nothing where it is asked itself. Raises InvalidInput."""
    if given.endpoint and given.plain_http:
        raise InvalidInput(Problem("--plain-http", "says nothing beside --endpoint; write http:// there"))
    endpoint = given.endpoint or (f"http://{host}" if given.plain_http else None)
    return {host: {"endpoint": endpoint}} if endpoint else {}
