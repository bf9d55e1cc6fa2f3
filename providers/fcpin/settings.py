"""The stack's configuration, read once: where to ask, and as whom.

Keys stand in the namespace `fcpin:` whatever the project is called; the region may come from `alicloud:region`.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from fcpin.errors import InvalidInput, InvalidSettings, Problem
from fcpin.http.credentials import Credentials
from fcpin.http.openapi import split_endpoint
from fcpin.image import Repository
from fcpin.json_reader import InvalidJson, read_json
from fcpin.registry.settings import RegistrySettings, parse_registries

Get = Callable[[str], Any]
"""Looks up `namespace:key`; None where it is not set. Objects arrive as JSON text."""

ENDPOINTS: Final = ("fc", "cr", "devs")
REGION: Final = "{region}"
"""In an endpoint: the region that is asked."""

_REGION_NAME: Final = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a stack's configuration says to all pins."""

    region: str
    """Empty where neither `fcpin:region` nor `alicloud:region` is set."""
    endpoints: Mapping[str, str]
    """`fc`, `cr` (ACR's API) and `devs` (Serverless Devs), where they are not the public ones."""
    registries: Mapping[str, RegistrySettings]
    """By registry host."""
    repositories: tuple[Repository, ...]
    """Of every entry in `fcpin:functions` that is not suspended: their listings may start early."""
    credentials: Credentials | None = field(default=None)
    """None asks the default chain of alibabacloud-credentials."""
    min_age_bypass: bool = False
    """Whether every `min_age` is left out in this run."""

    @classmethod
    def read(cls, get: Get, environment: Mapping[str, str] = os.environ) -> Self:
        """Raises InvalidSettings with every problem, each with its configuration key."""
        problems: list[Problem] = list(_half_a_key(get))
        endpoints = _object(get, "fcpin:endpoints", problems)
        problems += _endpoint_problems(endpoints)
        registries: Mapping[str, RegistrySettings] = {}
        try:
            registries = parse_registries(_object(get, "fcpin:registries", problems))
        except InvalidInput as error:
            problems += (Problem(f"fcpin:{problem.path}", problem.reason) for problem in error.problems)
        functions = _object(get, "fcpin:functions", problems)
        bypass = _bypass(get, environment, problems)
        region = _region(get, environment, problems)
        if problems:
            raise InvalidSettings(*problems)
        return cls(
            region=region,
            endpoints=endpoints,
            registries=registries,
            repositories=tuple(dict.fromkeys(_repositories(functions))),
            credentials=_configured(get) or Credentials.from_environment(environment),
            min_age_bypass=bypass,
        )


def endpoint_of(settings: Settings, region: str) -> str:
    """Where Function Compute of *region* is asked; empty for its public endpoint.

    An endpoint without `{region}` in it is the one of the stack's own region.
    """
    endpoint = settings.endpoints.get("fc", "")
    return endpoint.replace(REGION, region) if REGION in endpoint or region == settings.region else ""


def _half_a_key(get: Get) -> Iterator[Problem]:
    halves = ("alicloud:accessKey", "alicloud:secretKey")
    given = [name for name in halves if get(name)]
    if len(given) == 1:
        yield Problem(next(name for name in halves if name not in given), f"is missing; {given[0]} is given")


def _configured(get: Get) -> Credentials | None:
    key, secret = get("alicloud:accessKey"), get("alicloud:secretKey")
    return Credentials(str(key), str(secret), str(get("alicloud:securityToken") or "")) if key and secret else None


def region_problem(path: str, region: str) -> Problem | None:
    """What is wrong with the name of a region, or None."""
    if _REGION_NAME.fullmatch(region):
        return None
    return Problem(path, f"expected a region such as cn-hangzhou, got {region!r}")


def _region(get: Get, environment: Mapping[str, str], problems: list[Problem]) -> str:
    given = {key: str(get(key) or "") for key in ("fcpin:region", "alicloud:region")}
    given["ALICLOUD_REGION"] = environment.get("ALICLOUD_REGION", "")
    key = next((key for key, region in given.items() if region), "fcpin:region")
    if given[key] and (problem := region_problem(key, given[key])):
        problems.append(problem)
    return given[key]


def _bypass(get: Get, environment: Mapping[str, str], problems: list[Problem]) -> bool:
    """Asked for by the stack's configuration or, for one run, by the environment."""
    configured, given = get("fcpin:minAgeBypass"), environment.get("FCPIN_MIN_AGE_BYPASS", "")
    if configured not in (None, True, False, "true", "false"):
        problems.append(Problem("fcpin:minAgeBypass", f"expected true or false, got {configured!r}"))
    if given not in ("", "0", "1"):
        problems.append(Problem("FCPIN_MIN_AGE_BYPASS", f"expected 1 or 0, got {given!r}"))
    return given == "1" or configured in (True, "true")


def _object(get: Get, key: str, problems: list[Problem]) -> dict[str, Any]:
    value = get(key)
    if isinstance(value, str):
        try:
            value = read_json(value)
        except InvalidJson as error:
            problems.append(Problem(key, f"expected an object, got text that {error}"))
            return {}
    if value is None:
        return {}
    if not isinstance(value, dict):
        problems.append(
            Problem(key, f"expected an object, got a {'list' if isinstance(value, list) else 'single value'}")
        )
        return {}
    return value


def _endpoint_problems(endpoints: Mapping[str, Any]) -> Iterator[Problem]:
    for name, endpoint in endpoints.items():
        path = f"fcpin:endpoints.{name}"
        if name not in ENDPOINTS:
            yield Problem(path, f"unknown key; known: {', '.join(ENDPOINTS)}")
            continue
        if not isinstance(endpoint, str):
            yield Problem(path, "expected https://HOST[:PORT] as text")
            continue
        try:
            split_endpoint(endpoint.replace(REGION, "region"))
        except InvalidSettings as error:
            yield from (Problem(path, problem.reason) for problem in error.problems)


def _repositories(functions: Mapping[str, Any]) -> Iterator[Repository]:
    """Those that will be listed and can be read; check reports the others where they stand."""
    for entry in functions.values():
        try:
            if entry.get("suspend") is not True:
                yield Repository.parse(entry["repository"])
        except (InvalidInput, KeyError, TypeError, AttributeError):
            continue
