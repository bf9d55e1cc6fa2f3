"""What has to go, in which order, and its deletion: nothing before everything that needs it.

What stays (protected, or no target) keeps all that it needs: its parents, its dependencies, its provider.
"""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

from engine.deployment import delete
from engine.display import Display
from engine.errors import EngineError
from engine.ledger import Ledger
from engine.provider import Provider
from engine.state import ResourceState
from engine.steps import Op, Step


@dataclass(frozen=True)
class DeletePlan:
    """*layers* one after another; the states of one layer at once. *refused*: state to the reason why it stays."""

    layers: Sequence[Sequence[ResourceState]]
    refused: Mapping[ResourceState, str]


def plan_deletes(
    condemned: Sequence[ResourceState], staying: Sequence[ResourceState], targets: Collection[str] = ()
) -> DeletePlan:
    """Arrange the deletion of *condemned*, which the program no longer has; *staying* are the states it has.

    With *targets* only those go. One that something else still needs is refused.
    """
    refused = {state: _PROTECTED for state in condemned if state.protect and not state.delete}
    untargeted = {
        state
        for state in condemned
        if targets and state.urn not in targets and not state.is_provider and state not in refused
    }
    kept = _closure([*refused, *untargeted], condemned)
    for state in kept - refused.keys() - untargeted:
        needed_by_untargeted = any(state.urn in other.needs for other in untargeted)
        if state.urn in targets and needed_by_untargeted:
            refused[state] = _NEEDED
    providers_in_use = {state.provider for state in [*staying, *kept]}
    going = [
        state
        for state in condemned
        if state not in kept and not (state.is_provider and f"{state.urn}::{state.id}" in providers_in_use)
    ]
    return DeletePlan(_layers(going), refused)


_PROTECTED = (
    "cannot be deleted because it is protected; remove the `protect` option from it in your program and run `up` first"
)
_NEEDED = "cannot be deleted because resources that are no --target depend on it; target them too"


def _closure(roots: Sequence[ResourceState], among: Sequence[ResourceState]) -> set[ResourceState]:
    """*roots* and everything of *among* that they need."""
    by_urn: dict[str, list[ResourceState]] = {}
    for state in among:
        by_urn.setdefault(state.urn, []).append(state)
    kept: set[ResourceState] = set()
    waiting = list(roots)
    while waiting:
        state = waiting.pop()
        if state not in kept:
            kept.add(state)
            waiting += [other for urn in state.needs for other in by_urn.get(urn, ()) if not other.delete]
    return kept


def _layers(going: Sequence[ResourceState]) -> list[list[ResourceState]]:
    """Antichains, dependents first. *going* is in the order of the state: what is needed comes before."""
    depth: dict[str, int] = {}
    layers: dict[int, list[ResourceState]] = {}
    for state in reversed(going):
        level = depth.get(state.urn, 0)
        layers.setdefault(level, []).append(state)
        for urn in state.needs:
            depth[urn] = max(depth.get(urn, 0), level + 1)
    return [layers[level] for level in sorted(layers)]


class Deletes:
    """Carries a plan out."""

    def __init__(self, ledger: Ledger, provider: Provider, display: Display, stopping: Event, *, preview: bool) -> None:
        self._ledger = ledger
        self._provider = provider
        self._display = display
        self._stopping = stopping
        self._preview = preview

    def run(self, plan: DeletePlan, parallel: int) -> None:
        """A failure is shown, and what the resource needs is left in place."""
        for state, reason in plan.refused.items():
            self._display.failed(_step(state), EngineError(reason))
        spared: set[str] = set()
        with ThreadPoolExecutor(parallel) as pool:
            for layer in plan.layers:
                going = [state for state in layer if state.urn not in spared]
                for state in layer:
                    if state.urn in spared:
                        spared.update(state.needs)
                for state, gone in zip(going, pool.map(self._delete, going), strict=True):
                    if not gone:
                        spared.update(state.needs)

    def _delete(self, state: ResourceState) -> bool:
        """Whether it is gone."""
        step = _step(state)
        if self._preview:
            self._ledger.drop(state)
            if not state.is_provider:
                self._display.planned(step)
            return True
        if self._stopping.is_set():
            return False
        try:
            if state.is_managed:
                self._display.begun(step)
            with self._ledger.operation(state, "deleting") as operation:
                delete(self._provider, state)
                self._ledger.drop(state, ends=operation)
                self._ledger.commit()
        except EngineError as error:
            self._display.failed(step, error)
            return False
        if not state.is_provider:
            self._display.done(step)
        return True


def _step(state: ResourceState) -> Step:
    return Step(Op.DELETE_REPLACED if state.delete else Op.DELETE, state.urn, state.type, state)
