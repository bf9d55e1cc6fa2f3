"""Everything the emulator remembers, as plain data that can be written down."""

from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from fcpin.emulator.acr.model import Instance
from fcpin.emulator.devs.model import InjectedFailure, PipelineRecord, TaskRecord
from fcpin.emulator.fc.model import FunctionRecord, PlannedFailure
from fcpin.emulator.oci.model import Namespace, Repository


class Ids:
    """Makes identifiers. Two with equally seeded randomness make the same ones."""

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
    """The whole account."""

    clock_offset: float = 0.0
    signing_key: str = ""
    """PEM. Kept, so that registries which trust our certificate still do after a restart."""
    token_certificate: str = ""
    key_active: bool = True
    """Whether the account's own access key may be used."""
    last_push_ms: int = 0
    instances: list[Instance] = field(default_factory=list)
    namespaces: dict[str, Namespace] = field(default_factory=dict)
    """Of the first instance, which holds the repositories."""
    repositories: dict[str, Repository] = field(default_factory=dict)
    functions: dict[str, FunctionRecord] = field(default_factory=dict)
    planned_failures: dict[str, PlannedFailure] = field(default_factory=dict)
    sts_keys: dict[str, TemporaryKey] = field(default_factory=dict)
    registry_logins: dict[str, TemporaryKey] = field(default_factory=dict)
    """By password: every login of GetAuthorizationToken has the same user name."""
    pipelines: dict[str, PipelineRecord] = field(default_factory=dict)
    tasks: dict[str, TaskRecord] = field(default_factory=dict)
    build_troubles: list[InjectedFailure] = field(default_factory=list)
    """In the order of their creation."""
    built: dict[str, int] = field(default_factory=dict)
    """When (seconds) each content of `push` was first built, so that equal content keeps its digest."""
