"""The provider in this process, as an engine drives it: check, diff, then create or update; read for a refresh."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi.dynamic import CheckFailure

from fcpin.image_pipeline.provider import ImagePipelineProvider
from fcpin.pinned_function.preview_cache import Engine, PreviewCache
from tests.build.workshop import COMMIT, Workshop

_ID = "id"


@dataclass
class Plugin:
    """One resource of a stack. Every verb is a run of its own."""

    workshop: Workshop
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    """The state; empty while there is no resource."""
    said: list[str] = field(default_factory=list)
    memory: Path | None = None
    """Where a preview leaves what it has shown to the update after it."""

    def check(self, **wanted: Any) -> tuple[dict[str, Any], list[CheckFailure]]:
        """The inputs, and what is wrong with them."""
        checked = self.provider.check(self.inputs, {"commit": COMMIT, **wanted})
        return checked.inputs, checked.failures

    def up(self, **wanted: Any) -> dict[str, Any]:
        """Build what is to be built; the outputs."""
        inputs, failures = self.check(**wanted)
        assert not failures, [failure.reason for failure in failures]
        self.inputs = inputs
        return self.deploy(inputs)

    def deploy(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Deploy what a preview has shown."""
        if not self.outputs:
            self.outputs = self.provider.create(inputs).outs or {}
        elif self.provider.diff(_ID, self.outputs, inputs).changes is not False:
            self.outputs = self.provider.update(_ID, self.outputs, inputs).outs or {}
        return self.outputs

    def changes(self, **wanted: Any) -> bool:
        """Whether a preview shows any."""
        return self.provider.diff(_ID, self.outputs, self.check(**wanted)[0]).changes is not False

    def refresh(self) -> None:
        read = self.provider.read(_ID, self.outputs)
        self.inputs, self.outputs = dict(read.inputs or {}), dict(read.outs or {})

    def destroy(self) -> None:
        self.provider.delete(_ID, self.outputs)
        self.inputs, self.outputs = {}, {}

    @property
    def provider(self) -> ImagePipelineProvider:
        provider = ImagePipelineProvider()
        provider._maker, provider._memo = self.workshop.maker, PreviewCache(self.memory, Engine.of_this_plugin())
        provider._log = lambda severity, said: self.said.append(f"{severity}: {said}")
        return provider
