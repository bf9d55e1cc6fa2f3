"""The stack's configuration that holds for all pins: endpoints, registries and credentials.

Keys are in the namespace `fcpin:` whatever the project is called; the region and an access key may come from
`alicloud:`, as pulumi-alicloud reads them.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TypeAlias

import msgspec
from msgspec import Meta, inspect

from fcpin.errors import InvalidInput, InvalidSettings, Problem, shown
from fcpin.fc.runtime_config import FunctionName, RuntimeConfig
from fcpin.http.credentials import Credentials
from fcpin.http.openapi import split_endpoint
from fcpin.image import Repository
from fcpin.json_reader import InvalidJson, read_json
from fcpin.models import END, Model, SecretText, Text, about, fields_of, from_text, read_or_note, text_form, unwrapped
from fcpin.registry.settings import RegistrySettings, parse_registries

Get = Callable[[str], Any]
"""Looks up `namespace:key`; None where it is not set. Objects arrive as JSON text."""

DEFAULT_DEADLINE: Final = 600.0
"""Seconds that FC may take to apply a change."""

REGION: Final = "{region}"
"""In an endpoint: the region of the request."""


def _parse_endpoint(text: str) -> str:
    try:
        split_endpoint(text.replace(REGION, "region"))
    except InvalidSettings as error:
        raise ValueError("; ".join(problem.reason for problem in error.problems)) from None
    return text


if TYPE_CHECKING:
    EndpointText: TypeAlias = str
    RepositoryName: TypeAlias = Repository
else:
    RepositoryName = from_text(Repository, Repository.parse, pattern=r"^[^/@\s]+(/[a-z0-9._-]+)+$")
    EndpointText = from_text(str, _parse_endpoint, pattern="^https?://")

Region = Annotated[str, Meta(pattern=rf"^[a-z]{{2,}}(-[a-z0-9]+)+{END}"), text_form("a region such as cn-hangzhou")]


class Endpoints(Model):
    """Addresses of APIs; in a VPC, for instance, `cr: https://cr-vpc.<region>.aliyuncs.com`."""

    fc: Annotated[
        EndpointText | None,
        about("Function Compute, in the stack's own region; with `{region}` in it, in all regions."),
    ] = None
    cr: Annotated[EndpointText | None, about("The API of ACR.")] = None
    devs: Annotated[EndpointText | None, about("Serverless Devs.")] = None


class FunctionInputs(Model):
    """What users write for a function besides the policy: the same keys in a resource and in a stack's file."""

    function_name: Annotated[
        FunctionName, about("Name of the function.", example="checkout", default="the entry's name")
    ]
    region: Annotated[Region | None, about("Region of the function.", default="`alicloud:region`")] = None
    profile: Annotated[
        Text | None,
        about(
            "Profile of the Alibaba Cloud CLI, for a function in another account.",
            default="the stack's [credentials](configuration.md#credentials)",
        ),
    ] = None
    repository: Annotated[
        RepositoryName,
        about(
            "Registry host and path, without a tag, from which FC is to pull the image.",
            example="registry.cn-hangzhou.aliyuncs.com/shop/app",
        ),
    ]
    config: Annotated[
        RuntimeConfig | None,
        about("Runtime settings: the function is created with them. Without them it is adopted."),
    ] = None
    adopt: Annotated[bool, about("Whether to take over a function that exists, although there is a config.")] = False
    deadline: Annotated[
        Annotated[float, Meta(gt=0, le=86400)], about("Seconds that FC may take to apply a change.")
    ] = DEFAULT_DEADLINE


class StackConfig(Model):
    """Every key that fcpin reads. Entries of functions and pipelines have models of their own."""

    functions: Annotated[
        dict[str, Any] | None,
        about(
            "One entry for each function, by name: the inputs of [PinnedFunction](pinned-function.md#inputs).",
            default="required, or `fcpin:functionFiles`",
        ),
    ] = msgspec.field(name="fcpin:functions", default=None)
    function_files: Annotated[
        Annotated[tuple[Text, ...], Meta(min_length=1)] | None,
        about("More entries, in [files of their own](#functions-in-files-of-their-own): `[functions/*.yaml]`."),
    ] = msgspec.field(name="fcpin:functionFiles", default=None)
    pipelines: Annotated[
        dict[str, Any] | None,
        about("One entry for each image pipeline, by name: [pipelines](pipelines.md#in-the-stack-configuration)."),
    ] = msgspec.field(name="fcpin:pipelines", default=None)

    region: Annotated[
        Region | None, about("Region of the functions, where the two must differ.", default="`alicloud:region`")
    ] = msgspec.field(name="fcpin:region", default=None)
    alicloud_region: Annotated[
        Region | None,
        about("Region of the functions, as pulumi-alicloud reads it.", variable="ALICLOUD_REGION"),
    ] = msgspec.field(name="alicloud:region", default=None)
    endpoints: Annotated[
        Endpoints | None,
        about("Addresses of the APIs: `https://HOST[:PORT]`.", default="the region's public ones"),
    ] = msgspec.field(name="fcpin:endpoints", default=None)
    registries: Annotated[
        dict[str, RegistrySettings] | None,
        about("Addresses and logins of registries, by the host in images: [registries](registries.md#settings)."),
    ] = msgspec.field(name="fcpin:registries", default=None)
    min_age_bypass: Annotated[
        bool,
        about(
            "Whether every [`min_age`](policies/min-age.md) is ignored; for one run set the variable to 1.",
            variable="FCPIN_MIN_AGE_BYPASS",
        ),
    ] = msgspec.field(name="fcpin:minAgeBypass", default=False)
    access_key: Annotated[
        SecretText | None,
        about("An access key.", default="[the default chain](#credentials)", variable="ALICLOUD_ACCESS_KEY"),
    ] = msgspec.field(name="alicloud:accessKey", default=None)
    secret_key: Annotated[
        SecretText | None, about("Its secret. Set it with `--secret`.", variable="ALICLOUD_SECRET_KEY")
    ] = msgspec.field(name="alicloud:secretKey", default=None)
    security_token: Annotated[
        SecretText | None,
        about("Its token, for temporary keys. Set it with `--secret`.", variable="ALICLOUD_SECURITY_TOKEN"),
    ] = msgspec.field(name="alicloud:securityToken", default=None)

    def __post_init__(self) -> None:
        pair = {"alicloud:accessKey": self.access_key, "alicloud:secretKey": self.secret_key}
        missing = [key for key, value in pair.items() if value is None]
        if len(missing) == 1:
            raise InvalidInput(Problem(missing[0], f"is required: {' and '.join(pair)} belong together"))


ENDPOINTS: Final = tuple(fields_of(Endpoints))
_KEYS: Final = fields_of(StackConfig)
STACK_KEYS: Final = tuple(key.removeprefix("fcpin:") for key in _KEYS if key.startswith("fcpin:"))
"""The keys in the namespace of fcpin. A project may have keys of its own there."""
_READ_ELSEWHERE: Final = ("fcpin:functionFiles", "fcpin:pipelines")
_READ: Final = tuple(key for key in _KEYS if key not in _READ_ELSEWHERE)
_FLAGS: Final = {"true": True, "false": False}
_VARIABLE_FLAGS: Final = {"1": True, "0": False, "": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a stack's configuration sets for all pins."""

    region: str
    """Empty where neither `fcpin:region` nor `alicloud:region` is set."""
    endpoints: Mapping[str, str]
    """`fc`, `cr` (ACR's API) and `devs` (Serverless Devs), where they are not the public ones."""
    registries: Mapping[str, RegistrySettings]
    """By registry host."""
    repositories: tuple[Repository, ...]
    """Of every entry in `fcpin:functions` that is not suspended: their listings may start early."""
    credentials: Credentials | None = None
    """None for the default chain of alibabacloud-credentials."""
    min_age_bypass: bool = False
    """Whether every `min_age` is left out in this run."""

    @classmethod
    def read(cls, get: Get, environment: Mapping[str, str] = os.environ) -> Self:
        """Raises InvalidSettings with every problem, each with its configuration key."""
        problems: list[Problem] = []
        given = {key: value for key in _READ if (value := _value(get, key, problems)) not in (None, "")}
        registries = _registries(given.pop("fcpin:registries", None), problems)
        bypass = _bypass_variable(environment, problems)
        variable = _variable("alicloud:region")
        is_from_variable = not given.keys() & {"fcpin:region", "alicloud:region"} and bool(environment.get(variable))
        if is_from_variable:
            given["alicloud:region"] = environment[variable]
        wrong: list[Problem] = []
        options = read_or_note(StackConfig, given, "", wrong)
        for one in wrong:
            path = variable if is_from_variable and one.path == "alicloud:region" else one.path
            problems.append(Problem(path, one.reason))
        if problems or options is None:
            raise InvalidSettings(*problems)
        return cls(
            region=options.region or options.alicloud_region or "",
            endpoints=_endpoints(options),
            registries=registries,
            repositories=tuple(dict.fromkeys(_repositories(options.functions or {}))),
            credentials=_credentials(options) or Credentials.from_environment(environment),
            min_age_bypass=options.min_age_bypass or bypass,
        )


def endpoint_of(settings: Settings, region: str) -> str:
    """The endpoint of Function Compute in *region*; empty for its public endpoint.

    An endpoint without `{region}` in it is the one of the stack's own region.
    """
    endpoint = settings.endpoints.get("fc", "")
    return endpoint.replace(REGION, region) if REGION in endpoint or region == settings.region else ""


def region_problem(path: str, region: str) -> Problem | None:
    """What is wrong with the name of a region, or None."""
    problems: list[Problem] = []
    read_or_note(Region, region, path, problems)
    return problems[0] if problems else None


def _value(get: Get, key: str, problems: list[Problem]) -> Any:
    match unwrapped(_KEYS[key].type)[0]:
        case inspect.StructType() | inspect.DictType():
            return _object(get, key, problems)
        case inspect.BoolType():
            value = get(key)
            return _FLAGS.get(value, value) if isinstance(value, str) else value
    return get(key)


def _variable(key: str) -> str:
    """The environment variable that sets the same as *key*."""
    return str(unwrapped(_KEYS[key].type)[1]["variable"])


def _bypass_variable(environment: Mapping[str, str], problems: list[Problem]) -> bool:
    name = _variable("fcpin:minAgeBypass")
    given = environment.get(name, "")
    if given not in _VARIABLE_FLAGS:
        problems.append(Problem(name, f"expected 1 or 0, got {shown(given)}"))
    return _VARIABLE_FLAGS.get(given, False)


def _object(get: Get, key: str, problems: list[Problem]) -> Any:
    value = get(key)
    if isinstance(value, str):
        try:
            value = read_json(value)
        except InvalidJson as error:
            problems.append(Problem(key, f"expected a mapping, got text that {error}"))
            return None
    return value


def _registries(value: object, problems: list[Problem]) -> Mapping[str, RegistrySettings]:
    if value is None:
        return {}
    try:
        return parse_registries(value, "fcpin:registries")
    except InvalidInput as error:
        problems += error.problems
        return {}


def _endpoints(options: StackConfig) -> Mapping[str, str]:
    found = options.endpoints or Endpoints()
    return {name: endpoint for name in ENDPOINTS if (endpoint := getattr(found, name)) is not None}


def _credentials(options: StackConfig) -> Credentials | None:
    if not options.access_key or not options.secret_key:
        return None
    return Credentials(options.access_key, options.secret_key, options.security_token or "")


def _repositories(functions: Mapping[str, Any]) -> Iterator[Repository]:
    """Those that can be read; `check` reports the problems of the others."""
    for entry in functions.values():
        try:
            if entry.get("suspend") is not True:
                yield Repository.parse(entry["repository"])
        except (InvalidInput, KeyError, TypeError, AttributeError):
            continue
