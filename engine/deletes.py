"""The deletion of what the program no longer has: nothing before everything that needs it.

What stays (protected, no target, or its deletion failed) keeps all that it needs: its parents, its dependencies, its
provider.
"""

import itertools
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter

from engine.display import Op, Step
from engine.errors import EngineError
from engine.state import ResourceState
from engine.work import Work

_NEEDED = "cannot be deleted because resources that are no --target depend on it; target them too"


def delete_remaining(work: Work) -> None:
    """Delete what the ledger still has from before the run; at once whatever nothing left needs.

    A failure is shown, and what the resource needs is left in place.
    """
    condemned = work.ledger.remaining()
    sorter = _dependents_first(condemned)
    met: set[ResourceState] = set()
    with ThreadPoolExecutor(work.parallel) as pool:
        while ready := sorter.get_ready():
            met.update(ready)
            gone = pool.map(lambda state: _delete(work, state), ready)
            sorter.done(*itertools.compress(ready, gone))
    for state in condemned:
        if state.urn in work.targets and state not in met and not work.is_over:
            work.display.failed(_step(state), EngineError(_NEEDED))


def _dependents_first(condemned: list[ResourceState]) -> TopologicalSorter[ResourceState]:
    needing = defaultdict(list)
    for state in condemned:
        for urn in state.needs:
            needing[urn].append(state)
    sorter: TopologicalSorter[ResourceState] = TopologicalSorter()
    for state in condemned:
        # what was replaced is needed by nothing but what was replaced with it
        sorter.add(state, *(other for other in needing[state.urn] if other.delete or not state.delete))
    sorter.prepare()
    return sorter


def _delete(work: Work, state: ResourceState) -> bool:
    """Whether it is gone."""
    if work.stopping.is_set() or work.spares(state.urn):
        return False
    step = _step(state)
    try:
        work.delete(step)
    except EngineError as error:
        work.display.failed(step, error)
        return False
    return True


def _step(state: ResourceState) -> Step:
    return Step(Op.DELETE_REPLACED if state.delete else Op.DELETE, state)
