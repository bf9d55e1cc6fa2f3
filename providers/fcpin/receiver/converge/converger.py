"""Bring the pins of a stack to what their policies select, with the engine that is installed.

1. Only the requested pins are targets: everything else is not even checked.
2. `up` deploys without a preview of its own. In `mode: approve` the provider compares with what was approved.
3. A stack has one run at a time; what a killed receiver left of one is cleared away first (see `engine_run`).
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, Self

from fcpin.errors import InvalidImage
from fcpin.image import Digest, parse_digest
from fcpin.pinned_function import approvals
from fcpin.receiver.converge.engine_run import Progress, Run, Runs
from fcpin.receiver.converge.engines import Embedded, Program
from fcpin.receiver.errors import ConvergenceFailed, Interrupted, NotAsApproved
from fcpin.receiver.ledger.model import PinChange
from fcpin.stack import Engine, StackPin
from fcpin.stack.stack import pins_in

_APPROVED: Final = "approved.json"
_CHANGES: Final = frozenset({"create", "update", "replace", "create-replacement"})
"""Operations of a preview after which a resource has other inputs."""


class Converger(Protocol):
    """One engine and one project. Thread-safe: several stacks at once, each by one caller at a time."""

    def pins(self, stack: str) -> Sequence[StackPin]:
        """The pins in the stack's state, now, by name. Raises StackError."""

    def preview(self, stack: str, pins: Sequence[StackPin]) -> Sequence[PinChange]:
        """What `up` would deploy to *pins*, those that change only. Raises ConvergenceFailed."""

    def up(
        self,
        stack: str,
        pins: Sequence[StackPin],
        progress: Progress,
        *,
        approved: Mapping[str, PinChange] | None = None,
    ) -> None:
        """Converge *pins* and nothing else. Raises ConvergenceFailed.

        With *approved*, by name, each pin is deployed to exactly what was approved for it. One whose policy selects
        anything else now is left as it is, and the call fails with `NotAsApproved`.
        """


class EngineConverger:
    """`Converger` over the Pulumi CLI or the embedded engine."""

    def __init__(self, engine: Engine, program: Program, runs: Runs) -> None:
        self.engine, self._program, self._runs = engine, program, runs

    @classmethod
    def find(cls, engine: Engine, runs: Path) -> Self:
        """For *engine*; *runs* is a folder that no other machine uses. Raises StackError."""
        return cls(engine, _program_of(engine), Runs(runs))

    def pins(self, stack: str) -> Sequence[StackPin]:
        return sorted(pins_in(self.engine.resources(stack)), key=lambda pin: pin.name)

    def preview(self, stack: str, pins: Sequence[StackPin]) -> Sequence[PinChange]:
        if not pins:
            return ()
        with self._run(stack) as run:
            printed = self._program.execute(run, ["preview", "--json", "--stack", stack, *_targets(pins)], {})
        return changes_in(printed, {pin.urn for pin in pins})

    def up(
        self,
        stack: str,
        pins: Sequence[StackPin],
        progress: Progress,
        *,
        approved: Mapping[str, PinChange] | None = None,
    ) -> None:
        """A pin that is not as approved fails the whole run, so the others are deployed by another run."""
        refused: set[str] = set()
        while left := [pin for pin in pins if pin.name not in refused]:
            more = self._deploy(stack, left, progress, approved)
            if not more:
                break
            refused |= more
        if refused:
            raise NotAsApproved(
                f"stack {stack}: {', '.join(sorted(refused))}: not deployed, because the tag was pushed again after "
                "the approval; approve what the policy selects now"
            )

    def stop(self, seconds: float) -> None:
        """Interrupt every run, and wait at most *seconds* for them. From then on every call raises Interrupted."""
        self._runs.stop(seconds)

    def _deploy(
        self,
        stack: str,
        pins: Sequence[StackPin],
        progress: Progress,
        approved: Mapping[str, PinChange] | None,
    ) -> frozenset[str]:
        """Names of those of *pins* that are not as approved; if there are any, none need have been deployed."""
        command = ["up", "--yes", "--skip-preview", "--stack", stack, *_targets(pins)]
        with self._run(stack) as run:
            file = run.folder / _APPROVED
            try:
                self._program.execute(run, command, _environment(file, approved), progress)
            except Interrupted:
                raise
            except ConvergenceFailed:
                if found := approvals.rejected(file) & {pin.name for pin in pins}:
                    return found
                raise
        return frozenset()

    @contextmanager
    def _run(self, stack: str) -> Iterator[Run]:
        with self._runs.begin(stack) as run:
            if run.killed:
                self._program.release(run, stack)
            yield run


def _targets(pins: Sequence[StackPin]) -> Sequence[str]:
    return [word for pin in pins for word in ("--target", pin.urn)]


def _environment(file: Path, approved: Mapping[str, PinChange] | None) -> Mapping[str, str]:
    """Of a run that may deploy what was *approved* only, which is written to *file*; of any run for None."""
    if approved is None:
        return {}
    approvals.write(file, approved)
    return {approvals.FILE: str(file)}


def changes_in(document: str, urns: Collection[str]) -> Sequence[PinChange]:
    """The image changes of the resources *urns* in what `preview --json` printed, which both engines have in one form.

    Raises ConvergenceFailed for anything else.
    """
    try:
        steps = [step for step in json.loads(document)["steps"] if step["urn"] in urns and step["op"] in _CHANGES]
        found = {step["urn"]: _change(step) for step in steps}
    except (ValueError, KeyError, TypeError) as error:
        raise ConvergenceFailed(f"the engine printed no preview that can be read ({type(error).__name__})") from None
    return [change for change in found.values() if change is not None]


def _change(step: Mapping[str, Any]) -> PinChange | None:
    """None where the image stays, and only settings change."""
    old, new = ((step.get(state) or {}).get("inputs") or {} for state in ("oldState", "newState"))
    before, after = (str(inputs.get("tag") or "") for inputs in (old, new))
    from_digest, to_digest = _digest(old.get("digest")), _digest(new.get("digest"))
    if to_digest is None:
        raise KeyError("digest")
    if (before, from_digest) == (after, to_digest):
        return None
    name = step["urn"].rpartition("::")[2]
    return PinChange(pin=name, from_tag=before, from_digest=from_digest, to_tag=after, to_digest=to_digest)


def _digest(value: object) -> Digest | None:
    """None where there is none: before the first deployment, and after a refresh that found none."""
    try:
        return parse_digest(str(value))
    except InvalidImage:
        return None


def _program_of(engine: Engine) -> Program:
    """Raises StackError for a Pulumi CLI that is too old."""
    if engine.name != "pulumi":
        return Embedded(engine)
    from fcpin.receiver.converge.pulumi_cli import PulumiCli  # takes 0.3 s

    return PulumiCli(engine)
