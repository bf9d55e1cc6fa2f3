"""Settings from options and the environment, for commands that work without a stack."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from fcpin.acr_hosts import acr_host
from fcpin.cli.options import RegistryOptions
from fcpin.errors import InvalidInput, Problem
from fcpin.image import Repository

if TYPE_CHECKING:
    from fcpin.settings import Settings

OPTIONS: Final[Mapping[str, str]] = {
    "fcpin:region": "--region",
    "fcpin:endpoints.fc": "--fc-endpoint",
    "fcpin:endpoints.cr": "--cr-endpoint",
    "fcpin:registries": "--endpoint",
}
"""The option for a key of a stack's configuration."""


@contextmanager
def renamed(names: Mapping[str, str]) -> Iterator[None]:
    """Report a problem whose path begins with a key of *names* under that name, the first that fits."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(
            *(
                Problem(next((name for start, name in names.items() if path.startswith(start)), path), reason)
                for path, reason in ((problem.path, problem.reason) for problem in error.problems)
            )
        ) from None


def parse_repository(text: str) -> Repository:
    """Parse the value of `--repository`. Raises InvalidInput."""
    with renamed({"": "--repository"}):
        return Repository.parse(text)


def refuse(options: Mapping[str, object], reason: str) -> None:
    """Raise InvalidInput if one of *options*, by their names without `--`, has a value: it would have no effect."""
    for name, value in options.items():
        if value:
            raise InvalidInput(Problem(f"--{name.replace('_', '-')}", reason))


def refuse_with_stack(**options: object) -> None:
    """Raise InvalidInput if one of *options* is given with a stack, whose configuration has that setting."""
    refuse(options, "is part of the stack's configuration; remove this option or --stack")


def settings_of(registry: RegistryOptions, region: str | None, fc_endpoint: str | None) -> "Settings":
    """The region may be empty where no host has one. Raises InvalidInput."""
    if registry.repository is None:
        refuse({"endpoint": registry.endpoint, "plain_http": registry.plain_http}, "needs --repository")
        return settings_from(region, fc_endpoint, registry.cr_endpoint)
    repository = parse_repository(registry.repository)
    registries = registries_of(registry, repository.host)
    return with_region(settings_from(region, fc_endpoint, registry.cr_endpoint, registries), repository)


def settings_from(
    region: str | None,
    fc_endpoint: str | None = None,
    cr_endpoint: str | None = None,
    registries: Mapping[str, Any] | None = None,
) -> "Settings":
    """Raises InvalidInput."""
    from fcpin.settings import Settings

    endpoints = {"fc": fc_endpoint, "cr": cr_endpoint}
    values: dict[str, Any] = {
        "fcpin:region": region,
        "fcpin:endpoints": {name: url for name, url in endpoints.items() if url},
        "fcpin:registries": registries,
    }
    with renamed(OPTIONS):
        return Settings.read(values.get, os.environ)


def with_region(settings: "Settings", repository: Repository) -> "Settings":
    """The region of the repository's host where the settings have none."""
    host = acr_host(repository.host)
    return settings if settings.region or host is None else replace(settings, region=host.region)


def registries_of(registry: RegistryOptions, host: str) -> Mapping[str, Any]:
    """The value of `fcpin:registries` for *host*; empty where requests go to the host itself. Raises InvalidInput."""
    if registry.endpoint and registry.plain_http:
        raise InvalidInput(Problem("--plain-http", "has no effect with --endpoint; write http:// in --endpoint"))
    endpoint = registry.endpoint or (f"http://{host}" if registry.plain_http else None)
    return {host: {"endpoint": endpoint}} if endpoint else {}
