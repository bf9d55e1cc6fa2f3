"""A converger with verbs, whose stacks and registry are in memory.

converger = FakeConverger()
converger.has("prod", pin("api"))
converger.newest("prod", "api", "main-12", B)
converger.fails_next(ConvergenceFailed("no answer"))
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fcpin.image import Digest, Image
from fcpin.receiver.converge.engine_run import Progress
from fcpin.receiver.errors import NotAsApproved
from fcpin.receiver.ledger.model import PinChange
from fcpin.stack import Engine
from fcpin.stack.stack import StackPin


@dataclass
class FakeConverger:
    """`receiver.assembly.StoppableConverger`; *engine* is only read by drift scans."""

    engine: Engine = field(default_factory=lambda: Engine("pulumi", (), Path(), {}))
    deployed: list[tuple[str, str, str, Digest]] = field(default_factory=list)
    """Stack, pin, tag and digest of each deployment."""
    ups: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Stack and pins of each call."""
    calls: list[str] = field(default_factory=list)
    """`pins`, `preview` and `up`: each is a process of an engine."""
    meanwhile: Callable[[], None] = lambda: None
    """What happens while it deploys."""
    _pins: dict[str, dict[str, StackPin]] = field(default_factory=dict)
    _newest: dict[tuple[str, str], tuple[str, Digest]] = field(default_factory=dict)
    _failures: list[Exception] = field(default_factory=list)

    def has(self, stack: str, *pins: StackPin) -> None:
        self._pins.setdefault(stack, {}).update({pin.name: pin for pin in pins})

    def newest(self, stack: str, pin: str, tag: str, digest: Digest) -> None:
        """What the pin's policy selects from now on."""
        self._newest[stack, pin] = (tag, digest)

    def fails_next(self, *errors: Exception) -> None:
        """The next deployments fail before they start, one each."""
        self._failures += errors

    def pins(self, stack: str) -> Sequence[StackPin]:
        self.calls.append("pins")
        return tuple(self._pins.get(stack, {}).values())

    def preview(self, stack: str, pins: Sequence[StackPin]) -> Sequence[PinChange]:
        self.calls.append("preview")
        return self._changes(stack, pins)

    def up(
        self,
        stack: str,
        pins: Sequence[StackPin],
        progress: Progress,
        *,
        approved: Mapping[str, PinChange] | None = None,
    ) -> None:
        self.calls.append("up")
        self.ups.append((stack, tuple(pin.name for pin in pins)))
        if self._failures:
            raise self._failures.pop(0)
        self.meanwhile()
        changes = self._changes(stack, pins)
        for change in changes:
            if approved is None or approved.get(change.pin) == change:
                progress(f"{change.pin}: {change.from_tag} => {change.to_tag}")
                self.deploy(stack, change)
        if approved is not None and any(approved.get(change.pin) != change for change in changes):
            raise NotAsApproved("the tag was pushed again after the approval")

    def stop(self, seconds: float) -> None:
        """Nothing runs outside this process."""

    def deploy(self, stack: str, change: PinChange) -> None:
        """As any process may, without a call of `up`."""
        pin = self._pins[stack][change.pin]
        image = Image(pin.repository, change.to_tag, change.to_digest)
        self._pins[stack][change.pin] = replace(pin, tag=change.to_tag, previous=pin.deployed, deployed=image)
        self.deployed.append((stack, change.pin, change.to_tag, change.to_digest))

    def _changes(self, stack: str, pins: Sequence[StackPin]) -> Sequence[PinChange]:
        return [change for pin in pins if (change := self._change(stack, pin.name))]

    def _change(self, stack: str, name: str) -> PinChange | None:
        pin = self._pins[stack][name]
        assert pin.deployed
        tag, digest = pin.deployed.tag or "", pin.deployed.digest
        new = self._newest.get((stack, name))
        if new is None or new == (tag, digest):
            return None
        return PinChange(pin=name, from_tag=tag, from_digest=digest, to_tag=new[0], to_digest=new[1])
