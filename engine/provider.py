"""The seam to the dynamic provider: what the steps of a deployment ask it, and its answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.project import Config
from engine.state import ResourceState
from engine.values import Properties, Value, secret


@dataclass(frozen=True)
class Difference:
    """What diff() answered."""

    changes: bool | None
    """None when the provider leaves it to the engine to compare the inputs."""
    replaces: Sequence[str] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Answer:
    """What create(), update() or read() answered; *inputs* only if read() gave some."""

    id: str = ""
    outputs: Properties = field(default_factory=dict)
    inputs: Properties | None = None


class Provider(Protocol):
    """The methods of a dynamic provider. Each raises ProviderFailed; called from many threads at once."""

    def check(self, state: ResourceState, old_inputs: Properties) -> dict[str, Value]:
        """The inputs of *state* as the provider wants them. Raises CheckFailed with every failure."""

    def diff(self, old: ResourceState, new: ResourceState) -> Difference:
        """Whether what *old* has in the cloud differs from the inputs of *new*."""

    def create(self, state: ResourceState) -> Answer:
        """Make it. The id is never empty."""

    def update(self, old: ResourceState, new: ResourceState) -> Answer:
        """Change it in place."""

    def read(self, state: ResourceState) -> Answer:
        """What is there now. An empty id means that it is gone."""

    def delete(self, state: ResourceState) -> None:
        """Remove it."""


def config_properties(config: Config) -> dict[str, Value]:
    """The stack configuration as property values: what the default provider resource has as inputs."""
    return {key: secret(text) if key in config.secret_keys else text for key, text in sorted(config.values.items())}
