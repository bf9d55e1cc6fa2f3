"""The `config` of an owned function: every runtime setting that fcpin manages, with FC's own limits.

Limits: https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/product-overview/limits and the API's schema; of
instances https://www.alibabacloud.com/help/en/functioncompute/fc/product-overview/instance-types-and-specifications.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Self

from msgspec import Meta, Struct, inspect

from fcpin.errors import InvalidInput, Problem, WrongShape
from fcpin.json_reader import kind
from fcpin.models import (
    END,
    HiddenText,
    Model,
    PlainText,
    SecretText,
    about,
    fields_of,
    read_or_note,
    text_form,
    unwrapped,
)

if TYPE_CHECKING:
    from fcpin.fc.model import Function

DEFAULT_HANDLER: Final = "index.handler"
"""FC requires a handler even for a container, and ignores it."""
FunctionName = Annotated[
    str,
    Meta(pattern=rf"^[A-Za-z_][A-Za-z0-9_-]{{0,63}}{END}"),
    text_form("1 to 64 letters, digits, '_' and '-', not beginning with a digit or '-'"),
]

_MASKED: Final = "masked"
"""Marks text that the API takes and never returns: what it returns instead is not compared."""

_Texts = tuple[PlainText, ...]
_To120 = Annotated[int, Meta(ge=1, le=120)]
_UserId = Annotated[int, Meta(ge=-1, le=65534)]


class HealthCheck(Model):
    http_get_url: Annotated[PlainText | None, about("Path that is requested.")] = None
    initial_delay_seconds: Annotated[int, Meta(ge=0, le=120)] | None = None
    period_seconds: _To120 | None = None
    timeout_seconds: Annotated[int, Meta(ge=1, le=3)] | None = None
    failure_threshold: _To120 | None = None
    success_threshold: _To120 | None = None


class RegistryLogin(Model):
    schema_rules: ClassVar[Mapping[str, Any]] = {"dependencies": {"user_name": ["password"], "password": ["user_name"]}}
    user_name: PlainText | None = None
    password: Annotated[SecretText | None, Meta(extra={_MASKED: True}), about("Set it with --secret.")] = None

    def __post_init__(self) -> None:
        given = {"user_name": self.user_name, "password": self.password}
        missing = [name for name, value in given.items() if value is None]
        if len(missing) == 1:
            raise InvalidInput(Problem(missing[0], f"is required: {' and '.join(given)} belong together"))


class RegistryCertificate(Model):
    insecure: bool | None = None
    root_ca_cert_base64: PlainText | None = None


class RegistryNetwork(Model):
    vpc_id: PlainText | None = None
    v_switch_id: PlainText | None = None
    security_group_id: PlainText | None = None


class RegistryConfig(Model):
    auth_config: Annotated[RegistryLogin | None, about("The login; {} removes it.")] = None
    cert_config: RegistryCertificate | None = None
    network_config: RegistryNetwork | None = None


class ContainerConfig(Model):
    """Settings that live inside `customContainerConfig`."""

    port: Annotated[Annotated[int, Meta(ge=1, le=65535)] | None, about("Port that the container listens on.")] = None
    command: Annotated[_Texts | None, about("Arguments of the entry point.")] = None
    entrypoint: Annotated[_Texts | None, about("Replaces the entry point of the image.")] = None
    health_check_config: Annotated[HealthCheck | None, about("How FC checks that an instance is healthy.")] = None
    registry_config: Annotated[
        RegistryConfig | None,
        about("How FC logs in to a registry other than ACR: [a private registry](#a-private-registry)."),
    ] = None


class DnsOption(Model):
    name: PlainText | None = None
    value: PlainText | None = None


class CustomDns(Model):
    name_servers: _Texts | None = None
    searches: _Texts | None = None
    dns_options: tuple[DnsOption, ...] | None = None


class GpuConfig(Model):
    gpu_type: PlainText | None = None
    gpu_memory_size: Annotated[Annotated[int, Meta(ge=1024, multiple_of=1024)] | None, about("MB.")] = None


class Initializer(Model):
    handler: PlainText | None = None
    timeout: Annotated[Annotated[int, Meta(ge=1, le=300)] | None, about("Seconds.")] = None
    command: _Texts | None = None


class PreStop(Model):
    handler: PlainText | None = None
    timeout: Annotated[Annotated[int, Meta(ge=1, le=90)] | None, about("Seconds.")] = None
    command: _Texts | None = None


class Lifecycle(Model):
    initializer: Annotated[Initializer | None, about("Runs before the first call of an instance.")] = None
    pre_stop: Annotated[PreStop | None, about("Runs before an instance is stopped.")] = None


class LogConfig(Model):
    project: PlainText | None = None
    logstore: PlainText | None = None
    enable_request_metrics: bool | None = None
    enable_instance_metrics: bool | None = None
    log_begin_rule: Literal["None", "DefaultRegex"] | None = None


class NasMount(Model):
    mount_dir: PlainText | None = None
    server_addr: PlainText | None = None
    enable_tls: bool | None = None


class NasConfig(Model):
    user_id: _UserId | None = None
    group_id: _UserId | None = None
    mount_points: tuple[NasMount, ...] | None = None


class OssMount(Model):
    bucket_name: PlainText | None = None
    bucket_path: PlainText | None = None
    endpoint: PlainText | None = None
    mount_dir: PlainText | None = None
    read_only: bool | None = None


class OssMountConfig(Model):
    mount_points: tuple[OssMount, ...] | None = None


class VpcConfig(Model):
    vpc_id: PlainText | None = None
    v_switch_ids: _Texts | None = None
    security_group_id: PlainText | None = None


_CPU_STEP: Final = 0.05
_TOLERANCE: Final = 1e-9
_MOST_CPU: Final = 16
_MOST_MEMORY: Final = 32768
_DISK_SIZES: Final = (512, 10240)
_MB_PER_CPU: Final = (1024, 4096)

Cpu = Annotated[float, Meta(ge=_CPU_STEP)]
MemorySize = Annotated[int, Meta(ge=128, multiple_of=64)]
DiskSize = Annotated[int, Meta(ge=_DISK_SIZES[0])]
Timeout = Annotated[int, Meta(ge=1, le=86400)]


class RuntimeConfig(ContainerConfig):
    """All settings. With a GPU the upper limits of its size depend on the type and number of cards; FC checks them."""

    schema_rules: ClassVar[Mapping[str, Any]] = {
        "if": {"not": {"required": ["gpu_config"]}},
        "then": {
            "properties": {
                "cpu": {"maximum": _MOST_CPU},
                "memory_size": {"maximum": _MOST_MEMORY},
                "disk_size": {"maximum": _DISK_SIZES[-1]},
            }
        },
    }

    cpu: Annotated[Cpu | None, about("vCPU, in steps of 0.05; without a GPU at most 16.")] = None
    memory_size: Annotated[
        MemorySize | None, about("MB; without a GPU at most 32768, and 1 to 4 GB for each vCPU.")
    ] = None
    disk_size: Annotated[DiskSize | None, about("MB: 512 or 10240; with a GPU 512 or a multiple of 10240.")] = None
    timeout: Annotated[Timeout | None, about("Seconds that a call may take.")] = None
    instance_concurrency: Annotated[
        Annotated[int, Meta(ge=1, le=200)] | None, about("Calls that an instance serves at once.")
    ] = None
    idle_timeout: Annotated[Timeout | None, about("Seconds after which an idle instance is stopped.")] = None
    environment_variables: Annotated[
        dict[str, HiddenText] | None, about("The environment of the function, as a whole.")
    ] = None
    role: Annotated[PlainText | None, about("`acs:ram::<account>:role/<name>`, which the function assumes.")] = None
    internet_access: Annotated[bool | None, about("Whether the function can reach the internet.")] = None
    disable_ondemand: Annotated[bool | None, about("Whether only provisioned instances serve calls.")] = None
    vpc_config: Annotated[VpcConfig | None, about("The VPC that the function can reach.")] = None
    log_config: Annotated[LogConfig | None, about("Where SLS keeps the log.")] = None
    nas_config: Annotated[NasConfig | None, about("File systems of NAS.")] = None
    oss_mount_config: Annotated[OssMountConfig | None, about("Buckets of OSS.")] = None
    gpu_config: Annotated[GpuConfig | None, about("The GPU of an instance.")] = None
    custom_dns: Annotated[CustomDns | None, about("Name servers.")] = None
    instance_lifecycle_config: Annotated[Lifecycle | None, about("Hooks of an instance.")] = None
    description: Annotated[PlainText | None, about("Shown in the console.")] = None
    handler: Annotated[PlainText | None, about("FC ignores it for containers.", default=f"`{DEFAULT_HANDLER}`")] = None

    def __post_init__(self) -> None:
        if problems := [*self._size_problems()]:
            raise InvalidInput(*problems)

    def _size_problems(self) -> Iterator[Problem]:
        cpu, memory, disk = self.cpu, self.memory_size, self.disk_size or _DISK_SIZES[0]
        if cpu is not None and abs(cpu / _CPU_STEP - round(cpu / _CPU_STEP)) > _TOLERANCE:
            yield Problem("cpu", f"must be a multiple of {_CPU_STEP}, got {cpu:g}")
        if self.gpu_config not in (None, GpuConfig()):
            if disk != _DISK_SIZES[0] and disk % _DISK_SIZES[1]:
                yield Problem("disk_size", f"must be 512 or a multiple of {_DISK_SIZES[1]} (MB), got {disk}")
            return
        if cpu is not None and cpu > _MOST_CPU:
            yield Problem("cpu", f"must be a number from {_CPU_STEP} to {_MOST_CPU}, got {cpu:g}")
        if memory is not None and memory > _MOST_MEMORY:
            yield Problem("memory_size", f"must be a whole number from 128 to {_MOST_MEMORY}, got {memory}")
        if disk not in _DISK_SIZES:
            yield Problem("disk_size", f"must be 512 or 10240 (MB), got {disk}")
        if cpu is not None and memory is not None and not _MB_PER_CPU[0] <= memory / cpu <= _MB_PER_CPU[1]:
            yield Problem("memory_size", f"must be 1 to 4 GB for each vCPU, got {memory} MB for {cpu:g} vCPU")


CONTAINER: Final = fields_of(ContainerConfig)
"""The settings inside `customContainerConfig`, by their keys."""
FUNCTION: Final = {key: field for key, field in fields_of(RuntimeConfig).items() if key not in CONTAINER}
"""The settings at the top of the function."""
SECRET: Final = frozenset({"registry_config"})
"""Settings with a password, which FC does not return: a change of it is seen in the inputs alone."""


def problems(path: str, config: object) -> Sequence[Problem]:
    """What is wrong with *config*, every problem with its property path."""
    found: list[Problem] = []
    read_or_note(RuntimeConfig, config, path, found)
    return found


def to_wire(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """*config* for the API: what goes to the top of the function, and what goes into `customContainerConfig`."""
    function, container = (
        {name: value for name, value in config.items() if name in part} for part in (FUNCTION, CONTAINER)
    )
    return model_to_wire(RuntimeConfig, function), model_to_wire(RuntimeConfig, container)


def check(function: "Function") -> None:
    """Raise WrongShape unless every setting that is managed here has the type that the API documents."""
    _seen(function, _wires(RuntimeConfig))


def live(config: Mapping[str, Any], function: "Function") -> dict[str, Any]:
    """The values in *function* of the settings in *config*, in its terms. Equal to *config* when nothing drifted."""
    given = {name: value for name, value in config.items() if value is not None}
    wires = _wires(RuntimeConfig)
    # As they would come back from the API: numbers as the API writes them.
    wanted = {name: _from_wire(wires[name], _to_wire(wires[name], each)) for name, each in given.items()}
    found = _managed_fields(wires, _seen(function, wanted), wanted)
    found = {name: config[name] if found[name] == wanted[name] else found[name] for name in found}
    return found | dict.fromkeys(config.keys() - given.keys())


def _seen(function: "Function", keys: Container[str]) -> dict[str, Any]:
    wires = {key: wire for key, wire in _wires(RuntimeConfig).items() if key in keys}
    top, inner = ({key: wire for key, wire in wires.items() if key in part} for part in (FUNCTION, CONTAINER))
    return {**_fields_from_wire(top, function.wire), **_fields_from_wire(inner, function.container)}


# From a model's names to the API's and back.

_WIRE_NAMES: Final = {"custom_dns": "customDNS", "enable_tls": "enableTLS"}
"""Names that are not the key in camel case."""


def wire_name(key: str) -> str:
    head, *tail = key.split("_")
    return _WIRE_NAMES.get(key) or head + "".join(part.capitalize() for part in tail)


@dataclass(frozen=True, slots=True)
class _Wire:
    """How a value goes over the wire."""

    name: str
    kind: inspect.Type
    """Without null and without what describes it."""
    masked: bool = False
    item: "_Wire | None" = None
    """Of a list, or of a dictionary's values."""

    @classmethod
    def of(cls, described: inspect.Type, name: str = "") -> Self:
        kind, extra = unwrapped(described)
        item = None
        if isinstance(kind, inspect.VarTupleType):
            item = cls.of(kind.item_type)
        elif isinstance(kind, inspect.DictType):
            item = cls.of(kind.value_type)
        return cls(name, kind, bool(extra.get(_MASKED)), item)


@cache
def _wires(model: type[Struct]) -> Mapping[str, _Wire]:
    return {key: _Wire.of(field.type, wire_name(key)) for key, field in fields_of(model).items()}


def model_to_wire(model: type[Struct], value: Mapping[str, Any]) -> dict[str, Any]:
    """A valid mapping of *model* as the API wants it: names in camel case, whole numbers without a fraction."""
    wires = _wires(model)
    return {wires[key].name: _to_wire(wires[key], each) for key, each in value.items() if each is not None}


def _to_wire(wire: _Wire, value: Any) -> Any:
    match wire:
        case _Wire(kind=inspect.StructType(cls=model)):
            return model_to_wire(model, value)
        case _Wire(kind=inspect.VarTupleType(), item=_Wire() as item):
            return [_to_wire(item, each) for each in value]
        case _Wire(kind=inspect.DictType()):
            return dict(value)
        case _Wire(kind=inspect.IntType() | inspect.FloatType()):
            return int(value) if float(value).is_integer() else value
    return value


def _from_wire(wire: _Wire, value: Any) -> Any:
    """A value of the API in a model's names. Raises WrongShape."""
    match wire:
        case _Wire(kind=inspect.StructType(cls=model)):
            return _fields_from_wire(_wires(model), value)
        case _Wire(kind=inspect.VarTupleType(), item=_Wire() as item):
            return [_from_wire(item, each) for each in _of_type(value, list)]
        case _Wire(kind=inspect.DictType(), item=_Wire() as item):
            return {name: _from_wire(item, each) for name, each in _of_type(value, dict).items()}
        case _Wire(kind=inspect.IntType() | inspect.FloatType()):
            return _of_type(value, int, float)
        case _Wire(kind=inspect.BoolType()):
            return _of_type(value, bool)
    return _of_type(value, str)


def _fields_from_wire(wires: Mapping[str, _Wire], value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise WrongShape(f"expected an object, got {kind(value)}")
    found = {}
    for key, wire in wires.items():
        if value.get(wire.name) is not None:
            try:
                found[key] = _from_wire(wire, value[wire.name])
            except WrongShape as error:
                raise WrongShape(f"{wire.name}: {error}") from None
    return found


def _of_type(value: Any, *types: type) -> Any:
    # By type(), because a bool is an int.
    if type(value) not in types:
        raise WrongShape(f"expected {kind(types[0]())}, got {kind(value)}")
    return value


def _managed(wire: _Wire, live: Any, wanted: Any) -> Any:
    """*live* without what only the server set: a value that it added by itself is not drift."""
    match wire:
        case _Wire(masked=True):
            return wanted
        case _Wire(kind=inspect.StructType(cls=model)):
            return _managed_fields(_wires(model), live, wanted)
        case _Wire(kind=inspect.VarTupleType(), item=_Wire() as item) if len(live) == len(wanted):
            return [_managed(item, *pair) for pair in zip(live, wanted, strict=True)]
    return live


def _managed_fields(wires: Mapping[str, _Wire], live: Any, wanted: Any) -> dict[str, Any]:
    """Only the fields of *wanted*.

    The API leaves out what is empty, false or 0, and what is masked: that these are missing is not drift.
    """
    return {
        key: _managed(wires[key], live[key], value) if key in live else value
        for key, value in wanted.items()
        if key in live or not value or wires[key].masked
    }
