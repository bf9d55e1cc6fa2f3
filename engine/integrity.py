"""What a list of resource states must satisfy to be a state, and how to bring it there.

The rules are those of the CLI (`VerifyIntegrity`): what a resource needs comes before it, and a URN occurs twice only
if all but one are to be deleted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from engine.errors import StateUnusable
from engine.state import ResourceState


def verify(resources: Sequence[ResourceState]) -> str:
    """What is wrong with *resources*, or an empty text."""
    seen: set[str] = set()
    alive: set[str] = set()
    providers: set[str] = set()
    for state in resources:
        problem = _problem(state, seen, providers)
        if not problem and not state.delete and state.urn in alive:
            problem = "occurs twice"
        if problem:
            return f"resource {state.urn or '(without urn)'} {problem}"
        seen.add(state.urn)
        if not state.delete:
            alive.add(state.urn)
        if state.is_provider:
            providers.add(f"{state.urn}::{state.id}")
    return ""


def _problem(state: ResourceState, seen: set[str], providers: set[str]) -> str:
    if not state.urn or not state.type:
        return "has no urn or no type"
    if state.id and not state.custom:
        return "is a component and has an id"
    if state.provider and state.provider not in providers and not state.pending_replacement:
        return f"refers to the missing provider {state.provider}"
    missing = state.needs - seen
    return f"needs {min(missing)}, which does not come before it" if missing else ""


def ordered(resources: list[ResourceState]) -> list[ResourceState]:
    """*resources* as they may be written. Raises StateUnusable rather than let a state be written that is none."""
    if verify(resources):
        resources = in_order(resources)
        if problem := verify(resources):
            raise StateUnusable(f"refusing to write a state that contradicts itself: {problem}; please report this")
    return resources


def in_order(resources: Sequence[ResourceState]) -> list[ResourceState]:
    """The same states, each after what it needs; otherwise the order is kept."""
    by_urn: dict[str, list[ResourceState]] = {}
    for state in resources:
        by_urn.setdefault(state.urn, []).append(state)
    ordered: dict[ResourceState, None] = {}
    for root in resources:
        waiting = [root]
        entered: set[ResourceState] = set()
        while waiting:
            state = waiting[-1]
            needed = [] if state in entered else [other for urn in state.needs for other in by_urn.get(urn, ())]
            entered.add(state)
            if missing := [other for other in needed if other not in ordered and other not in entered]:
                waiting += reversed(missing)
            else:
                ordered[waiting.pop()] = None
    return list(ordered)


def renamed(state: ResourceState, names: Mapping[str, str]) -> ResourceState:
    """*state* with the URNs that it needs replaced by *names*: they were aliases."""
    if names.keys().isdisjoint(state.needs):
        return state
    provider_urn, _, provider_id = state.provider.rpartition("::")
    return replace(
        state,
        parent=names.get(state.parent, state.parent),
        provider=f"{names.get(provider_urn, provider_urn)}::{provider_id}" if state.provider else "",
        dependencies=[names.get(urn, urn) for urn in state.dependencies],
        property_dependencies={
            key: [names.get(urn, urn) for urn in urns] for key, urns in state.property_dependencies.items()
        },
    )


def without_dangling(resources: Iterable[ResourceState]) -> list[ResourceState]:
    """*resources* without parents and dependencies that a refresh found to be gone."""
    kept: list[ResourceState] = []
    urns: set[str] = set()
    for state in resources:
        if not state.needs <= urns:
            state = replace(
                state,
                parent=state.parent if state.parent in urns else "",
                dependencies=[urn for urn in state.dependencies if urn in urns],
                property_dependencies={
                    key: [urn for urn in needed if urn in urns] for key, needed in state.property_dependencies.items()
                },
            )
        urns.add(state.urn)
        kept.append(state)
    return kept
