"""The engine's core without processes: goals in, a cloud in memory, checkpoints out, and a crash at any given moment."""

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fcpin.engine.deployment import Deployment
from fcpin.engine.display import Display
from fcpin.engine.errors import CheckFailed, ProviderFailed
from fcpin.engine.plugin import DiffResult, Provider
from fcpin.engine.snapshot import SnapshotManager
from fcpin.engine.stack import Stack
from fcpin.engine.state import STACK_TYPE, Checkpoint, ResourceState, make_urn, name_of, verify
from fcpin.engine.values import Properties, Value, reveal

ITEM = "pulumi-python:dynamic/journal:Item"
BOX = "journal:index:Box"
STACK = Stack("dev", "harness", Path(), {}, Path(), {})
vars(STACK)["config"] = {}  # none, and no passphrase is needed
STACK_URN = make_urn("dev", "harness", STACK_TYPE, "harness-dev")


class Crash(BaseException):
    """The engine is gone: nothing after this is written or called."""


class Fuse:
    """Blows after a number of moments at which a real process could be killed."""

    def __init__(self, moments: int | None = None) -> None:
        self._left = moments
        self.passed = 0

    def moment(self) -> None:
        self.passed += 1
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise Crash


class Cloud(Provider):
    """A dynamic provider and what it manages. A resource is known by its `key`; create() adopts what is there."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Value]] = {}
        self.calls: list[str] = []
        self.fuse = Fuse()
        self._failing: dict[str, Exception] = {}

    def fail(self, call: str, error: Exception | None = None) -> None:
        """Let `<method> <key>` fail from now on."""
        self._failing[call] = error or ProviderFailed("RuntimeError: no luck today")

    def heal(self) -> None:
        self._failing.clear()

    def _called(self, method: str, key: Value) -> None:
        self.fuse.moment()
        self.calls.append(f"{method} {key}")
        if error := self._failing.get(f"{method} {key}"):
            raise error

    def check(self, state: ResourceState, old_inputs: Properties) -> ResourceState:
        del old_inputs  # the items carry nothing over
        self._called("check", state.inputs["key"])
        if bad := state.inputs.get("bad"):
            raise CheckFailed([f"property bad: {bad}"])
        return replace(state, inputs={"checked": True, **state.inputs})

    def diff(self, old: ResourceState, new: ResourceState) -> DiffResult:
        self._called("diff", new.inputs["key"])
        ours = {key: value for key, value in reveal(dict(old.outputs)).items() if key != "version"}
        changed = ours != reveal(dict(new.inputs))
        return DiffResult(
            changes=(True if new.inputs.get("own_diff") else None) if changed else False,
            replaces=["key"] if ours.get("key") != new.inputs["key"] else [],
            delete_before_replace=bool(new.inputs.get("delete_first")),
        )

    def create(self, state: ResourceState) -> ResourceState:
        key = str(state.inputs["key"])
        self._called("create", key)
        self.items[key] = dict(state.inputs)
        self.fuse.moment()
        return replace(state, id=f"id-{key}", outputs={**state.inputs, "version": 1})

    def update(self, old: ResourceState, new: ResourceState) -> ResourceState:
        del old
        key = str(new.inputs["key"])
        self._called("update", key)
        self.items[key] = dict(new.inputs)
        self.fuse.moment()
        return replace(new, outputs={**new.inputs, "version": 2})

    def read(self, state: ResourceState) -> ResourceState | None:
        key = str(state.inputs["key"])
        self._called("read", key)
        if key not in self.items:
            return None
        return replace(state, inputs=dict(self.items[key]), outputs={**self.items[key], "version": 1})

    def delete(self, state: ResourceState) -> None:
        key = str(state.outputs["key"])
        self._called("delete", key)
        self.items.pop(key, None)
        self.fuse.moment()


@dataclass
class Run:
    """How one run ended."""

    outcomes: Mapping[str, ResourceState | None]
    text: str
    display: Display
    deployment: Deployment


@dataclass
class DeploymentHarness:
    """A stack whose state is a checkpoint in memory."""

    cloud: Cloud = field(default_factory=Cloud)
    saved: Checkpoint = field(default_factory=Checkpoint)
    writes: int = 0

    def up(self, *goals: ResourceState, preview: bool = False, targets: Collection[str] = ()) -> Run:
        """Register the stack and *goals* one after another, then delete what is left over."""
        deployment = self._deployment(preview=preview, targets=targets, parallel=1)
        outcomes = {goal.urn: deployment.register(goal) for goal in (stack(), *goals)}
        deployment.close()
        if not deployment.display.errors:
            deployment.delete_remaining()
        deployment.snapshots.commit()
        return Run(outcomes, self._text(deployment.display), deployment.display, deployment)

    def destroy(self, targets: Collection[str] = ()) -> str:
        deployment = self._deployment(targets=targets)
        deployment.delete_remaining()
        deployment.snapshots.commit()
        return self._text(deployment.display)

    def refresh(self, *, preview: bool = False) -> str:
        deployment = self._deployment(preview=preview)
        deployment.refresh()
        return self._text(deployment.display)

    def _deployment(self, *, preview: bool = False, targets: Collection[str] = (), parallel: int = 4) -> Deployment:
        snapshots = SnapshotManager(self.saved, None if preview else self._store)
        display = Display(preview=preview, out=io.StringIO(), width=100_000)  # each message is one line
        return Deployment(STACK, snapshots, self.cloud, display, preview, parallel, targets)

    def _store(self, checkpoint: Checkpoint) -> None:
        """What the disk does: it takes all of a checkpoint or, when the process is killed, nothing of it."""
        self.cloud.fuse.moment()
        assert verify(checkpoint.resources) == ""
        self.saved = checkpoint
        self.writes += 1

    def _text(self, display: Display) -> str:
        display.summary({}, {})
        out = display._out
        assert isinstance(out, io.StringIO)
        return out.getvalue()

    def states(self) -> Mapping[str, ResourceState]:
        """Items of the saved state by name, with a `-` behind those that wait for deletion."""
        return {
            name_of(state.urn) + ("-" if state.delete else ""): state
            for state in self.saved.resources
            if state.type == ITEM
        }


def stack() -> ResourceState:
    return ResourceState(urn=STACK_URN, custom=False, type=STACK_TYPE)


def box(name: str, parent: str = STACK_URN) -> ResourceState:
    return ResourceState(urn=make_urn("dev", "harness", BOX, name, parent), custom=False, type=BOX, parent=parent)


def item(name: str, *needs: ResourceState, parent: str = STACK_URN, **options: Any) -> ResourceState:
    """An item whose key is its name unless `key` is given; other properties in `inputs`."""
    inputs = {"key": options.pop("key", name), **options.pop("inputs", {})}
    urns = [need.urn for need in needs]
    return ResourceState(
        urn=make_urn("dev", "harness", ITEM, name, parent),
        custom=True,
        type=ITEM,
        inputs=inputs,
        parent=parent,
        dependencies=urns,
        property_dependencies={"of": urns} if urns else {},
        **options,
    )
