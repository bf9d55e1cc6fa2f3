"""Refresh: read every resource as it is now, and let the state say so."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

from engine.changes import compare
from engine.display import Display
from engine.errors import EngineError
from engine.ledger import Ledger
from engine.provider import Answer, Provider
from engine.state import ResourceState
from engine.steps import Op, Step
from engine.times import rfc3339
from fcpin.clock import Clock


class Refresh:
    """Reads in parallel; nothing in the cloud is changed, so the state is written once, at the end."""

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        display: Display,
        clock: Clock,
        stopping: Event,
        *,
        preview: bool,
        before_update: bool = False,
    ) -> None:
        self._ledger = ledger
        self._provider = provider
        self._display = display
        self._clock = clock
        self._stopping = stopping
        self._preview = preview
        self._before_update = before_update

    def run(self, parallel: int, targets: Collection[str] = ()) -> None:
        """A resource that cannot be read is shown as failed and keeps its state."""
        states = self._ledger.remaining()
        wanted = [
            state
            for state in states
            if state.is_managed and not state.pending_replacement and (not targets or state.urn in targets)
        ]
        for state in states:
            if state not in wanted and not state.is_provider:
                self._display.same(state)
        with ThreadPoolExecutor(parallel) as pool:
            list(pool.map(self._read, wanted))
        self._ledger.settle()
        self._ledger.commit()

    def _read(self, state: ResourceState) -> None:
        if self._stopping.is_set():
            return
        step = Step(Op.REFRESH, state.urn, state.type, state)
        try:
            self._compare(step, state, self._provider.read(state))
        except EngineError as error:
            self._display.failed(step, error)

    def _compare(self, step: Step, state: ResourceState, answer: Answer) -> None:
        if not answer.id:
            self._ledger.drop(state)
            self._found(replace(step, op=Op.DELETE))
            return
        inputs = state.inputs if answer.inputs is None else answer.inputs
        new = replace(state, id=answer.id, inputs=inputs, outputs=answer.outputs, init_errors=())
        changes = compare(state.inputs, inputs) or compare(state.outputs, answer.outputs)
        if changes:
            self._ledger.amend(state, replace(new, modified=rfc3339(self._clock.now())))
        if changes and self._would_update(state, new):
            self._found(Step(Op.UPDATE, state.urn, state.type, state, new, changes))
        else:
            self._display.same(new)

    def _found(self, step: Step) -> None:
        if self._before_update:
            self._display.drifted(step)
        elif self._preview:
            self._display.planned(step)
        else:
            self._display.done(step)

    def _would_update(self, state: ResourceState, read: ResourceState) -> bool:
        """Whether an update by an unchanged program would bring *state* back: else it is no drift, as with the CLI."""
        changes = self._provider.diff(read, replace(read, inputs=state.inputs)).changes
        return bool(compare(read.inputs, state.inputs)) if changes is None else changes
