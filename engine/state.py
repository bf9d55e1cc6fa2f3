"""What the engine knows of one resource and of a stack, and the URNs that name resources."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

from engine.values import Properties

STACK_TYPE = "pulumi:pulumi:Stack"
REFERENCE_TYPE = "pulumi:pulumi:StackReference"
DYNAMIC_PREFIX = "pulumi-python:dynamic"


def make_urn(stack: str, project: str, type_: str, name: str, parent: str = "") -> str:
    """`urn:pulumi:<stack>::<project>::[<parent's types>$]<type>::<name>`; the stack itself does not count as parent."""
    types = parent.split("::")[2] if parent else STACK_TYPE
    return f"urn:pulumi:{stack}::{project}::{type_ if types == STACK_TYPE else f'{types}${type_}'}::{name}"


def name_of(urn: str) -> str:
    """The name that the program gave the resource."""
    return urn.split("::", 3)[-1]


@dataclass(frozen=True, eq=False, kw_only=True)
class ResourceState:
    """One resource as the checkpoint has it, in its words. Never changed: a step makes a new one.

    Two states are the same only if they are one object: a URN may occur twice while it is being replaced.
    """

    urn: str
    custom: bool
    type: str
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    parent: str = ""
    dependencies: Sequence[str] = ()
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    provider: str = ""
    """`<urn>::<id>` of the provider resource."""
    protect: bool = False
    retain_on_delete: bool = False
    delete: bool = False
    """Replaced already; to be deleted in the cloud."""
    additional_secret_outputs: Sequence[str] = ()
    ignore_changes: Sequence[str] = ()
    replace_on_changes: Sequence[str] = ()
    other: Mapping[str, Any] = field(default_factory=dict)
    """Fields that only the CLI writes (times, source positions and the like), kept as they are."""

    @property
    def is_internal(self) -> bool:
        """Whether it is the engine's own and not shown: a provider, or a reference to another stack."""
        return self.custom and self.type.startswith("pulumi:")

    @property
    def is_managed(self) -> bool:
        """Whether the plugin has to do with it."""
        return self.custom and not self.is_internal

    @cached_property
    def needs(self) -> frozenset[str]:
        """URNs that must be in the state before it."""
        direct = [self.parent, self.provider.rpartition("::")[0], *self.dependencies]
        return frozenset(filter(None, itertools.chain(direct, *self.property_dependencies.values())))

    def needing_only(self, urns: Collection[str]) -> Self:
        """The same without a parent and dependencies that are not among *urns*."""
        kept = {key: [urn for urn in needed if urn in urns] for key, needed in self.property_dependencies.items()}
        dependencies = [urn for urn in self.dependencies if urn in urns]
        parent = self.parent if self.parent in urns else ""
        return replace(self, parent=parent, dependencies=dependencies, property_dependencies=kept)


@dataclass(frozen=True, eq=False)
class Operation:
    """A call that is, or was, under way: on disk before the call is made."""

    state: ResourceState
    kind: str
    """creating, updating, deleting or reading."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a stack."""

    resources: Sequence[ResourceState] = ()
    operations: Sequence[Operation] = ()
    """Those of a run that was killed."""
    other: Mapping[str, Any] = field(default_factory=dict)
    """What else the deployment carries (metadata), kept as it is."""

    @property
    def stack_outputs(self) -> Properties:
        return next((state.outputs for state in self.resources if state.type == STACK_TYPE), {})


def verify(resources: Sequence[ResourceState]) -> str:
    """What keeps *resources* from being a state, or an empty text. The rules are those of the CLI (`VerifyIntegrity`):

    what a resource needs comes before it, and a URN occurs twice only if all but one are to be deleted.
    """
    seen, alive = {""}, set[str]()
    for state in resources:
        if missing := (state.needs | {state.provider}) - seen:
            return f"resource {state.urn} needs {min(missing)}, which does not come before it"
        if state.urn in alive and not state.delete:
            return f"resource {state.urn} occurs twice"
        seen |= {state.urn, f"{state.urn}::{state.id}"}
        alive |= set() if state.delete else {state.urn}
    return ""
