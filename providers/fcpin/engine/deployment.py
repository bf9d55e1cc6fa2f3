"""One phase of a deployment: each registration of the program becomes a step, carried out at once.

There is no plan ahead of the steps: the SDK registers a resource only when everything that it needs is known, so the
order in which registrations are answered is a valid order, and the thread that asks is the one that waits.

1.  What a replacement or an interrupted run left under another mark is found before anything else.
2.  `ignore_changes` resets the program's inputs to the old ones before check(), never after it.
3.  check() may change the inputs; diff() decides about them; only then anything is done.
4.  A preview makes the same decisions and calls neither create() nor update() nor delete().
5.  After a failure nothing new is started; what is under way is finished and saved. A preview goes on, so that all
    failures are seen at once; only what depends on a failed resource is left out.
"""

import threading
import uuid
from dataclasses import dataclass, field, replace

from fcpin.engine.display import Op, Step
from fcpin.engine.errors import EngineError, Unsupported
from fcpin.engine.state import REFERENCE_TYPE, STACK_TYPE, ResourceState, make_urn
from fcpin.engine.steps import UNPROTECT, StepExecutor
from fcpin.engine.values import Properties, compare, get, has_secret, has_unknown, parse_path, reset, reveal


@dataclass
class Deployment(StepExecutor):
    """Carries out registrations; called from many threads at once."""

    registered: set[str] = field(default_factory=set)
    """URNs that the program registered, failed ones included."""
    stack_outputs: tuple[Properties, Properties] = ({}, {})
    """Before and after."""

    def __post_init__(self) -> None:
        self._slots, self._mutex = threading.BoundedSemaphore(self.parallel), threading.Lock()
        self._closed = False
        self._failed: set[str] = set()
        self._skipped: set[str] = set()  # those that do not exist yet and are no target

    def close(self) -> None:
        """Return when no step is under way. From then on every registration fails: its program is gone."""
        self._closed = True
        for _ in range(self.parallel):
            self._slots.acquire()
        self._slots.release(self.parallel)

    def urn(self, type_: str, name: str, parent: str = "") -> str:
        return make_urn(self.stack.name, self.stack.project, type_, name, parent)

    def register(self, goal: ResourceState) -> ResourceState | None:
        """Carry out *goal* and return the new state; a failure is displayed, and None returned."""
        with self._slots:
            hopeless = self._closed or self._failed & goal.needs or (self.display.errors and not self.preview)
            state = None if hopeless else self.attempt(Step(Op.SAME, goal), lambda: self._register(goal))
            if state is None and goal.urn not in self._skipped:
                self._failed.add(goal.urn)
            return state

    def _claim(self, urn: str) -> None:
        with self._mutex:
            if urn in self.registered:
                raise EngineError(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self.registered.add(urn)

    def _register(self, goal: ResourceState) -> ResourceState | None:
        self._claim(goal.urn)
        old = self.snapshots.old(goal.urn)
        if not goal.custom:
            return self._component(goal, old)
        new = replace(goal, provider=self._default_provider("pulumi-python", self.stack.config))
        if self.spares(new.urn):
            self._skipped |= set() if old else {new.urn}
            return self._same(old, old) if old else None
        if missing := sorted(self._skipped & new.needs):
            raise EngineError(
                f"needs {', '.join(missing)}, which does not exist yet and is not a --target; target it too"
            )
        if old is None:
            return self.carry_out(Step(Op.CREATE, self.provider.check(new, {})))
        for path in map(parse_path, new.ignore_changes):
            new = replace(new, inputs=reset(path, old.inputs, new.inputs))
        new = self.provider.check(replace(new, id=old.id), old.inputs)
        difference, changes = self.provider.diff(old, new), compare(old.inputs, new.inputs)
        # the provider's answer is final: replace_on_changes counts only where the engine compares the inputs itself
        replaced = difference.changes is None and _replaces_on(old, new)
        if not (changes if difference.changes is None else difference.changes):
            return self._same(old, replace(new, outputs=old.outputs))
        if not (difference.replaces or replaced):
            return self.carry_out(Step(Op.UPDATE, new, old, changes))
        if difference.delete_before_replace:
            raise Unsupported("delete_before_replace, which the provider requests,")
        if old.protect and new.protect:
            raise EngineError(f"cannot be replaced because it is protected; {UNPROTECT}")
        # what check() carried over from the old resource does not apply to a new one
        new = self.provider.check(replace(new, id="", inputs=goal.inputs), {})
        return self.carry_out(Step(Op.REPLACE, new, old, changes), becomes=replace(old, delete=True))

    def _component(self, new: ResourceState, old: ResourceState | None) -> ResourceState:
        changes = compare(old.inputs, new.inputs) if old else []
        op = Op.CREATE if old is None else Op.UPDATE if changes else Op.SAME
        self.snapshots.record(replace(new, outputs=old.outputs) if old else new, old)
        self.display.done(Step(op, new, old, changes))
        return replace(new, outputs=new.inputs)

    def _default_provider(self, package: str, inputs: Properties) -> str:
        """Reference to the provider resource of *package*, which is registered when the first resource needs it."""
        type_ = f"pulumi:providers:{package}"
        urn = self.urn(type_, "default")
        with self._mutex:
            state, old = self.snapshots.new.get(urn), self.snapshots.old(urn)
            if state is None:
                id_ = old.id if old else str(uuid.uuid4())
                state = ResourceState(urn=urn, custom=True, type=type_, id=id_, inputs=inputs, outputs=inputs)
                self.snapshots.record(state, old)
        return f"{urn}::{state.id}"

    def _same(self, old: ResourceState, new: ResourceState) -> ResourceState:
        self.snapshots.record(new, old)
        self.display.done(Step(Op.SAME, new, old))
        return new

    def reference(self, name: str, parent: str, stack: str, outputs: Properties) -> ResourceState:
        """A reference to another stack. Its outputs are read again in every phase."""
        urn, provider = self.urn(REFERENCE_TYPE, name, parent), self._default_provider("pulumi", {})
        self._claim(urn)
        secret_names = sorted(key for key, value in outputs.items() if has_secret(value))
        bag = {"name": stack, "outputs": outputs, "secretOutputNames": secret_names}
        state = ResourceState(urn=urn, custom=True, type=REFERENCE_TYPE, id=stack, parent=parent, provider=provider)
        state = replace(state, inputs={"name": stack}, outputs=bag, other={"external": True})
        self.snapshots.record(state, self.snapshots.old(urn))
        return state

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """A component, or the stack itself, has finished."""
        state = self.snapshots.new.get(urn)
        if state is None:
            return
        if not self.preview:  # what a failed run never came to know stays as it was
            bags = {key: state.outputs if has_unknown(value) else outputs for key, value in outputs.items()}
            outputs = {key: bag[key] for key, bag in bags.items() if key in bag}
        if state.type == STACK_TYPE:
            self.stack_outputs = (state.outputs, outputs)
        self.snapshots.record(replace(state, outputs=outputs))


def _replaces_on(old: ResourceState, new: ResourceState) -> bool:
    """Whether a path of `replace_on_changes` has changed."""
    before, after = reveal(old.inputs), reveal(new.inputs)
    return any(get(path, before) != get(path, after) for path in map(parse_path, new.replace_on_changes))
