"""Refresh: read every resource as it is now, and let the state say so."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from engine.changes import compare
from engine.display import Op, Step
from engine.errors import EngineError
from engine.plugin import Answer
from engine.state import ResourceState
from engine.work import Work


def refresh(work: Work) -> None:
    """Read in parallel. Nothing in the cloud is changed, so the state is written once, at the end.

    A resource that cannot be read is shown as failed and keeps its state.
    """
    wanted = []
    for state in work.ledger.remaining():
        if state.is_managed and not work.spares(state.urn):
            wanted.append(state)
        elif not state.is_internal:
            work.display.same(state)
    with ThreadPoolExecutor(work.parallel) as pool:
        list(pool.map(lambda state: _read(work, state), wanted))
    work.ledger.settle()
    work.ledger.commit()


def _read(work: Work, state: ResourceState) -> None:
    try:
        if not work.stopping.is_set():
            _compare(work, state, work.provider.read(state))
    except EngineError as error:
        work.display.failed(Step(Op.REFRESH, state), error)


def _compare(work: Work, state: ResourceState, answer: Answer) -> None:
    if not answer.id:
        work.ledger.record(old=state, durable=False)
        work.show(Step(Op.DELETE, state))
        return
    inputs = state.inputs if answer.inputs is None else answer.inputs
    new = replace(state, id=answer.id, inputs=inputs, outputs=answer.outputs)
    changes = compare(state.inputs, inputs) or compare(state.outputs, answer.outputs)
    if changes:
        work.ledger.record(old=state, becomes=new, durable=False)
    if changes and _would_update(work, state, new):
        work.show(Step(Op.UPDATE, new, state, changes))
    else:
        work.display.same(new)


def _would_update(work: Work, state: ResourceState, read: ResourceState) -> bool:
    """Whether an update by an unchanged program would bring *state* back: else it is no drift, as with the CLI."""
    changes = work.provider.diff(read, replace(read, inputs=state.inputs)).changes
    return bool(compare(read.inputs, state.inputs)) if changes is None else changes
