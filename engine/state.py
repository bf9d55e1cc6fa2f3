"""What the engine knows of one resource, and the URNs that name it."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engine.values import Properties

STACK_TYPE = "pulumi:pulumi:Stack"
DYNAMIC_PREFIX = "pulumi-python:dynamic"
PROVIDER_TYPE = "pulumi:providers:pulumi-python"


def make_urn(stack: str, project: str, type_: str, name: str, parent: str = "") -> str:
    """`urn:pulumi:<stack>::<project>::[<parent's types>$]<type>::<name>`; the stack itself does not count as parent."""
    if parent and type_of(parent) != STACK_TYPE:
        type_ = f"{parent.split('::')[2]}${type_}"
    return f"urn:pulumi:{stack}::{project}::{type_}::{name}"


def name_of(urn: str) -> str:
    """The name that the program gave the resource."""
    return urn.split("::", 3)[-1]


def type_of(urn: str) -> str:
    """The resource's own type token, without those of its parents."""
    parts = urn.split("::", 3)
    return parts[2].rpartition("$")[2] if len(parts) > 3 else ""


@dataclass(frozen=True, eq=False, kw_only=True)
class ResourceState:
    """One resource as the checkpoint has it. Never changed: a step makes a new one.

    Two states are the same only if they are one object: a URN may occur twice while it is being replaced.
    """

    urn: str
    type: str
    custom: bool
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
    pending_replacement: bool = False
    """Deleted in the cloud already; to be created anew."""
    init_errors: Sequence[str] = ()
    additional_secret_outputs: Sequence[str] = ()
    ignore_changes: Sequence[str] = ()
    replace_on_changes: Sequence[str] = ()
    created: str = ""
    modified: str = ""
    other: Mapping[str, Any] = field(default_factory=dict)
    """Fields that only the CLI writes (source positions and the like), kept as they are."""

    @property
    def name(self) -> str:
        return name_of(self.urn)

    @property
    def is_provider(self) -> bool:
        return self.type.startswith("pulumi:providers:")

    @property
    def is_managed(self) -> bool:
        """Whether the plugin has to do with it: no component, no provider, no reference to another stack."""
        return self.custom and not self.type.startswith("pulumi:")

    @cached_property
    def needs(self) -> frozenset[str]:
        """URNs that must be in the state before it."""
        provider = self.provider.rpartition("::")[0]
        urns = itertools.chain(self.dependencies, *self.property_dependencies.values())
        return frozenset(urn for urn in (self.parent, provider, *urns) if urn)


@dataclass(frozen=True, eq=False)
class Operation:
    """A call that is, or was, under way: on disk before the call is made."""

    state: ResourceState
    kind: str
    """creating, updating, deleting or reading."""
