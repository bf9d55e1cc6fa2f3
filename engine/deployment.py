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
from dataclasses import replace

from engine.changes import compare, get, parse_path, reset
from engine.display import Op, Step
from engine.errors import EngineError, Unsupported
from engine.state import REFERENCE_TYPE, STACK_TYPE, ResourceState, make_urn
from engine.values import Properties, has_secret, has_unknown, reveal
from engine.work import UNPROTECT, Work


class Deployment:
    """Carries out registrations; called from many threads at once."""

    def __init__(self, work: Work, stack: str, project: str, config: Properties) -> None:
        self._work, self._stack, self._project, self._config = work, stack, project, config
        self._slots = threading.BoundedSemaphore(work.parallel)
        self._mutex = threading.Lock()
        self._failed: set[str] = set()
        self._skipped: set[str] = set()  # those that do not exist yet and are no target
        self._closed = False
        self.registered: set[str] = set()
        """The URNs that the program has, whatever became of them."""
        self.stack_outputs: tuple[Properties, Properties] = ({}, {})
        """Before and after."""

    def close(self) -> None:
        """Return when no step is under way. From then on every registration fails: its program is gone."""
        self._closed = True
        for _ in range(self._work.parallel):
            self._slots.acquire()
        self._slots.release(self._work.parallel)

    def register(self, goal: ResourceState) -> ResourceState | None:
        """Bring about *goal*, and tell what the program is to know. Never raises: a failure is shown, and None."""
        urn, work = goal.urn, self._work
        with self._slots:
            try:
                if not (self._failed & goal.needs or self._closed or work.stopping.is_set()):
                    self._claim(urn)
                    return self._register(goal) if goal.custom else self._component(goal, work.ledger.old(urn))
            except EngineError as error:
                work.display.failed(Step(Op.SAME, goal), error)
            self._failed.add(urn)
            if not work.preview:
                work.stopping.set()
            return None

    def _claim(self, urn: str) -> None:
        with self._mutex:
            if urn in self.registered:
                raise EngineError(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self.registered.add(urn)

    def _component(self, new: ResourceState, old: ResourceState | None) -> ResourceState:
        changes = compare(old.inputs, new.inputs) if old else []
        if old and not changes:
            self._work.display.same(new)
        else:
            self._work.display.done(Step(Op.UPDATE if old else Op.CREATE, new, old, changes))
        self._work.ledger.record(replace(new, outputs=old.outputs) if old else new, old=old)
        return replace(new, outputs=new.inputs)

    def _register(self, goal: ResourceState) -> ResourceState | None:
        old, work = self._work.ledger.old(goal.urn), self._work
        new = replace(goal, provider=self._default_provider("pulumi-python", self._config))
        if work.spares(new.urn):
            self._skipped |= set() if old else {new.urn}
            return self._same(old, old) if old else None
        if missing := sorted(self._skipped & new.needs):
            raise EngineError(f"needs {', '.join(missing)}, which does not exist yet and is no --target; target it too")
        if old is None:
            return self._carry_out(Step(Op.CREATE, work.provider.check(new, {})))
        for path in map(parse_path, new.ignore_changes):
            new = replace(new, inputs=reset(path, old.inputs, new.inputs))
        new = work.provider.check(replace(new, id=old.id), old.inputs)
        difference, changes = work.provider.diff(old, new), compare(old.inputs, new.inputs)
        # what the provider says changes is final: replace_on_changes asks only where the engine compares itself
        asked = difference.changes is None and _replaces_on(old, new)
        if not (changes if difference.changes is None else difference.changes):
            return self._same(old, replace(new, outputs=old.outputs))
        if not (difference.replaces or asked):
            return self._carry_out(Step(Op.UPDATE, new, old, changes))
        if difference.delete_before_replace:
            raise Unsupported("delete_before_replace, which the provider asks for,")
        if old.protect and new.protect:
            raise EngineError(f"cannot be replaced because it is protected; {UNPROTECT}")
        # what check() carried over from the old resource does not apply to a new one
        new = work.provider.check(replace(new, id="", inputs=goal.inputs), {})
        return self._carry_out(Step(Op.REPLACE, new, old, changes), becomes=replace(old, delete=True))

    def _default_provider(self, package: str, inputs: Properties) -> str:
        """Reference to the provider resource of *package*, which is registered when the first resource needs it."""
        type_ = f"pulumi:providers:{package}"
        urn, ledger = make_urn(self._stack, self._project, type_, "default"), self._work.ledger
        with self._mutex:
            state, old = ledger.new.get(urn), ledger.old(urn)
            if state is None:
                id_ = old.id if old else str(uuid.uuid4())
                state = ResourceState(urn=urn, custom=True, type=type_, id=id_, inputs=inputs, outputs=inputs)
                ledger.record(state, old=old)
        return f"{urn}::{state.id}"

    def _same(self, old: ResourceState, new: ResourceState) -> ResourceState:
        self._work.ledger.record(new, old=old, durable=False)
        self._work.display.same(new)
        return new

    def _carry_out(self, step: Step, becomes: ResourceState | None = None) -> ResourceState:
        """Create or update. The step's old state then *becomes* another one, or is gone.

        A preview shows it instead: the outputs that the provider will give are not known yet.
        """
        work, new, old = self._work, step.state, step.old
        if work.preview:
            new = replace(new, outputs=new.inputs)
            work.ledger.record(new, old=old, becomes=becomes)
        elif has_unknown(new.inputs):
            raise EngineError("an input is not known although everything it depends on has been deployed")
        else:
            work.display.begun(step)
            with work.ledger.operation(step.operation) as operation:
                updates = step.op is Op.UPDATE
                new = work.provider.update(old, new) if old and updates else work.provider.create(new)
                work.ledger.record(new, old=old, becomes=becomes, ends=operation)
        work.display.done(step)
        return new

    def reference(self, name: str, parent: str, stack: str, outputs: Properties) -> ResourceState:
        """A reference to another stack. Its outputs are read anew in every phase."""
        secret_names = sorted(key for key, value in outputs.items() if has_secret(value))
        state = ResourceState(
            urn=make_urn(self._stack, self._project, REFERENCE_TYPE, name, parent),
            custom=True,
            type=REFERENCE_TYPE,
            id=stack,
            inputs={"name": stack},
            outputs={"name": stack, "outputs": outputs, "secretOutputNames": secret_names},
            parent=parent,
            provider=self._default_provider("pulumi", {}),
            other={"external": True},
        )
        self._claim(state.urn)
        self._work.ledger.record(state, old=self._work.ledger.old(state.urn))
        return state

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """A component, or the stack itself, has finished."""
        state = self._work.ledger.new.get(urn)
        if state is None:
            return
        if not self._work.preview:  # what a failed run never came to know stays as it was
            bags = {key: state.outputs if has_unknown(value) else outputs for key, value in outputs.items()}
            outputs = {key: bag[key] for key, bag in bags.items() if key in bag}
        if state.type == STACK_TYPE:
            self.stack_outputs = (state.outputs, outputs)
        self._work.ledger.record(replace(state, outputs=outputs), durable=False)


def _replaces_on(old: ResourceState, new: ResourceState) -> bool:
    """Whether a path of `replace_on_changes` has changed."""
    before, after = reveal(old.inputs), reveal(new.inputs)
    return any(get(path, before) != get(path, after) for path in map(parse_path, new.replace_on_changes))
