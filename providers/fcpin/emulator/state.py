"""The state of an account as plain data, and the clock and the identifiers that it is written with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from fcpin.clock import Clock
from fcpin.emulator.acr.model import AcrInstance
from fcpin.emulator.devs.model import InjectedFailure, PipelineRecord, TaskRecord
from fcpin.emulator.fc.model import FunctionRecord, PlannedFailure
from fcpin.emulator.oci.model import Namespace, RepositoryRecord


class EmulatorClock:
    """The machine's clock plus an offset; functions, listings and instances use it. Seconds since 1970, in UTC."""

    def __init__(self, machine: Clock, offset: float = 0.0) -> None:
        self._machine = machine
        self.offset = offset
        """Seconds that the emulator is ahead of the machine."""
        self.skew = 0.0
        """Seconds by which the gateway's clock differs from the callers'."""

    def now(self) -> float:
        return self.machine_now() + self.offset

    def machine_now(self) -> float:
        """The clock of clients and other processes, which dates signatures and tokens."""
        return self._machine.now().timestamp()

    def gateway_now(self) -> float:
        return self.machine_now() + self.skew

    def now_ms(self) -> int:
        return int(self.now() * 1000)


def iso(seconds: float) -> str:
    """As FC writes times: `2023-04-01T08:15:27Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class Ids:
    """Makes identifiers, equal ones from an equal seed."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def fc_request(self, now: float) -> str:
        """`1-<hexadecimal seconds>-<24 hexadecimal digits>`."""
        return f"1-{int(now):08x}-{self.hex(24)}"

    def acr_request(self) -> str:
        return self.uuid().upper()

    def acr(self, prefix: str) -> str:
        """`cri-`, `crr-` and so on with 16 characters."""
        return f"{prefix}-{self.hex(16)}"


@dataclass
class TemporaryKey:
    """An STS session, or a registry login from GetAuthorizationToken. `expires` is on the emulator's clock."""

    id: str
    secret: str
    security_token: str
    expires: float


@dataclass
class State:
    """The whole account. Stored as JSON by `persistence`."""

    clock_offset: float = 0.0
    signing_key: str = ""
    """PEM. Stored, so that registries that trust the certificate still do after a restart."""
    token_certificate: str = ""
    key_active: bool = True
    """Whether the account's own access key may be used."""
    last_push_ms: int = 0
    instances: list[AcrInstance] = field(default_factory=list)
    namespaces: dict[str, Namespace] = field(default_factory=dict)
    """Of the first instance, which holds the repositories."""
    repositories: dict[str, RepositoryRecord] = field(default_factory=dict)
    functions: dict[str, FunctionRecord] = field(default_factory=dict)
    planned_failures: dict[str, PlannedFailure] = field(default_factory=dict)
    sts_keys: dict[str, TemporaryKey] = field(default_factory=dict)
    registry_logins: dict[str, TemporaryKey] = field(default_factory=dict)
    """By password: every login of GetAuthorizationToken has the same user name."""
    pipelines: dict[str, PipelineRecord] = field(default_factory=dict)
    tasks: dict[str, TaskRecord] = field(default_factory=dict)
    build_failures: list[InjectedFailure] = field(default_factory=list)
    """In the order of their creation."""
    built: dict[str, int] = field(default_factory=dict)
    """When (seconds) each content of `push` was first built, so that equal content keeps its digest."""
