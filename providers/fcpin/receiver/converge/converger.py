"""Converge stacks of one project, with the engine that is here.

1. Only the pins that are asked for are targets: everything else is not even checked.
2. `up` deploys without a preview of its own. In `mode: approve` the provider itself compares (see approvals).
3. A stack has one run at a time; what a killed receiver left of one is cleared away first (see run).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from fcpin.receiver.converge import approvals
from fcpin.receiver.converge.base import Change, Progress
from fcpin.receiver.converge.changes import changes_in
from fcpin.receiver.converge.embedded import Embedded
from fcpin.receiver.converge.program import Program
from fcpin.receiver.converge.run import Run, Runs
from fcpin.receiver.errors import ConvergenceFailed, Interrupted, NotAsApproved
from fcpin.stack import Engine, StackPin
from fcpin.stack.stack import pins_in


class EngineConverger:
    """`Converger` over the Pulumi CLI or the embedded engine."""

    def __init__(self, engine: Engine, program: Program, runs: Runs) -> None:
        self.engine, self._program, self._runs = engine, program, runs
        self._urns: dict[str, Mapping[str, Sequence[str]]] = {}
        self._lock = Lock()

    @classmethod
    def find(cls, engine: Engine, runs: Path) -> "EngineConverger":
        """For whichever *engine* was found; *runs* is a folder of this machine alone. Raises StackError."""
        return cls(engine, program_of(engine), Runs(runs))

    def pins(self, stack: str) -> Sequence[StackPin]:
        """The pins in the stack's state, by name. Raises StackError."""
        pins = sorted(pins_in(self.engine.resources(stack)), key=lambda pin: pin.name)
        self.learn(stack, pins)
        return pins

    def learn(self, stack: str, pins: Sequence[StackPin]) -> None:
        """Where the state was read anyway: by what URNs pins are targets."""
        urns: dict[str, list[str]] = {}
        for pin in pins:
            urns.setdefault(pin.name, []).append(pin.urn)
        with self._lock:
            self._urns[stack] = urns

    def preview(self, stack: str, pins: Sequence[str]) -> Sequence[Change]:
        """Raises ConvergenceFailed, StackError."""
        if not pins:
            return ()
        urns = self._urns_of(stack, pins)
        with self._begin(stack) as run:
            printed = self._program.execute(run, ["preview", "--json", "--stack", stack, *_target(urns)], {})
        return changes_in(printed, frozenset(urns))

    def up(
        self,
        stack: str,
        pins: Sequence[str],
        progress: Progress,
        *,
        approved: Mapping[str, Change] | None = None,
    ) -> None:
        """Raises ConvergenceFailed, StackError.

        A pin that is not as approved fails the whole run, so that the others are gone on with in another one.
        """
        refused: list[str] = []
        while left := [pin for pin in pins if pin not in refused]:
            more = self._deploy(stack, left, progress, approved)
            if not more:
                break
            refused += more
        if refused:
            raise NotAsApproved(
                f"stack {stack}: {', '.join(refused)}: pushed again since the approval, and left as it is; "
                "approve what the policy chooses now"
            )

    def stop(self, within: float) -> None:
        """End what is under way; at most *within* seconds are waited. From then on everything is `Interrupted`."""
        self._runs.stop(within)

    def _deploy(
        self, stack: str, pins: Sequence[str], progress: Progress, approved: Mapping[str, Change] | None
    ) -> Sequence[str]:
        """Those of *pins* that are not as approved, in which case none need have been deployed."""
        urns = self._urns_of(stack, pins)
        with self._begin(stack) as run:
            environment = approvals.hand_over(run.folder, approved)
            command = ["up", "--yes", "--skip-preview", "--stack", stack, *_target(urns)]
            try:
                self._program.execute(run, command, environment, progress)
            except Interrupted:
                raise
            except ConvergenceFailed:
                refused = approvals.refused(run.folder)
                if found := [pin for pin in pins if pin in refused]:
                    return found
                raise
        return ()

    @contextmanager
    def _begin(self, stack: str) -> Iterator[Run]:
        with self._runs.begin(stack) as run:
            if run.left:
                self._program.release(run, stack)
            try:
                yield run
            except ConvergenceFailed:
                with self._lock:  # for the case that it was a URN that is gone
                    self._urns.pop(stack, None)
                raise

    def _urns_of(self, stack: str, pins: Sequence[str]) -> Sequence[str]:
        if stack not in self._urns:
            self.pins(stack)
        with self._lock:
            known = self._urns.get(stack, {})
        if missing := [pin for pin in pins if pin not in known]:
            raise ConvergenceFailed(
                f"stack {stack} has no pin {', '.join(missing)}; deploy it once with an up of its own"
            )
        return [urn for pin in pins for urn in known[pin]]


def program_of(engine: Engine) -> Program:
    """How *engine* is asked. Raises StackError for a Pulumi CLI that is too old."""
    if engine.name != "pulumi":
        return Embedded(engine)
    from fcpin.receiver.converge.automation import Automation  # 0.3 s that nobody need pay who has no CLI

    return Automation(engine)


def _target(urns: Sequence[str]) -> Sequence[str]:
    return [word for urn in urns for word in ("--target", urn)]
