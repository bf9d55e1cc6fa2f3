"""One phase of a deployment: each registration of the program becomes a step, carried out at once.

There is no plan ahead of the steps: the SDK registers a resource only when everything that it needs is known, so the
order in which registrations are answered is a valid order, and the thread that asks is the one that waits.

1.  What an alias, a replacement or an interrupted run left under another name or mark is found before anything else.
2.  `ignore_changes` resets the program's inputs to the old ones before check(), never after it.
3.  check() may change the inputs; diff() decides about them; only then anything is done.
4.  A preview makes the same decisions and calls neither create() nor update() nor delete().
5.  After a failure nothing new is started; what is under way is finished and saved. A preview goes on, so that all
    failures are seen at once; only what depends on a failed resource is left out.
"""

import threading
import uuid
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass, field, replace

from engine.changes import Change, compare
from engine.display import Display
from engine.errors import EngineError, Unsupported
from engine.goals import Goal
from engine.ledger import Ledger
from engine.paths import get, parse_path, reset
from engine.project import Config
from engine.provider import Provider, config_properties
from engine.state import PROVIDER_TYPE, STACK_TYPE, ResourceState, make_urn
from engine.steps import Op, Step
from engine.times import rfc3339
from engine.values import Properties, has_unknown, reveal
from fcpin.clock import Clock


@dataclass(frozen=True)
class Outcome:
    """What the program is told about a registration."""

    urn: str
    id: str = ""
    outputs: Properties = field(default_factory=dict)
    failed: bool = False
    unknown: bool = False
    """Not created, because it is no target."""


@dataclass(frozen=True)
class Settings:
    """What a phase is to do."""

    stack: str
    project: str
    config: Config
    preview: bool
    parallel: int = 16
    targets: Collection[str] = ()


class Deployment:
    """Carries out registrations; called from many threads at once."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        provider: Provider,
        display: Display,
        clock: Clock,
        stopping: threading.Event,
    ) -> None:
        """When *stopping* is set nothing new is started any more; a failure sets it too, but not in a preview."""
        self._settings = settings
        self._ledger = ledger
        self._provider = provider
        self._display = display
        self._clock = clock
        self._slots = threading.BoundedSemaphore(settings.parallel)
        self._mutex = threading.Lock()
        self._registered: set[str] = set()
        self._begun: dict[str, Step] = {}
        self._failed: set[str] = set()
        self._skipped: set[str] = set()
        self._stopping = stopping
        self._closed = False
        self.stack_outputs: tuple[Properties, Properties] | None = None
        """Before and after."""

    @property
    def registered(self) -> Set[str]:
        """The URNs that the program has, whatever became of them."""
        return self._registered

    def close(self) -> None:
        """Return when no step is under way. From then on every registration fails: its program is gone."""
        if not self._closed:
            self._closed = True
            for _ in range(self._settings.parallel):
                self._slots.acquire()
            self._slots.release(self._settings.parallel)

    def refuse(self) -> None:
        """The program asked for something unsupported: nothing more of it is carried out."""
        self._stopping.set()

    def register(self, goal: Goal) -> Outcome:
        """Do what *goal* asks for. Never raises: a failure is shown and is the outcome."""
        with self._slots:
            try:
                if self._cannot_start(goal):
                    return self._fail(goal)
                self._claim(goal.urn)
                return self._register(goal)
            except EngineError as error:
                step = self._begun.get(goal.urn) or Step(Op.SAME, goal.urn, goal.type)
                self._display.failed(step, error)
                return self._fail(goal)

    def _cannot_start(self, goal: Goal) -> bool:
        broken = not self._failed.isdisjoint({goal.parent, *goal.dependencies})
        return broken or self._closed or self._stopping.is_set()

    def _claim(self, urn: str) -> None:
        with self._mutex:
            if urn in self._registered:
                raise EngineError(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self._registered.add(urn)

    def _fail(self, goal: Goal) -> Outcome:
        self._failed.add(goal.urn)
        if not self._settings.preview:
            self._stopping.set()
        return Outcome(goal.urn, failed=True)

    def _register(self, goal: Goal) -> Outcome:
        old = self._find_old(goal)
        new = self._new_state(goal)
        if not goal.custom:
            return self._component(new, old)
        if self._settings.targets and goal.urn not in self._settings.targets:
            return self._untargeted(goal, old)
        if missing := sorted(self._skipped & {goal.parent, *goal.dependencies}):
            raise EngineError(f"needs {', '.join(missing)}, which does not exist yet and is no --target; target it too")
        new = replace(new, provider=self._default_provider())
        known = None if old is None or old.pending_replacement else old
        old_inputs = known.inputs if known else {}
        for path in goal.ignored_paths if known else ():
            new = replace(new, inputs=reset(path, old_inputs, new.inputs))
        new = replace(new, inputs=self._provider.check(new, old_inputs))
        if old is None:
            return self._create(Op.CREATE, new)
        if known is None:
            return self._create(Op.REPLACE, new, replaces=old)
        return self._changed(goal, known, new)

    def _find_old(self, goal: Goal) -> ResourceState | None:
        return next((old for urn in (goal.urn, *goal.aliases) if (old := self._ledger.old(urn))), None)

    def _new_state(self, goal: Goal) -> ResourceState:
        now = rfc3339(self._clock.now())
        return ResourceState(
            urn=goal.urn,
            type=goal.type,
            custom=goal.custom,
            inputs=goal.inputs,
            parent=goal.parent,
            protect=goal.protect,
            retain_on_delete=goal.retain_on_delete,
            dependencies=goal.dependencies,
            property_dependencies=goal.property_dependencies if goal.custom else {},
            additional_secret_outputs=goal.additional_secret_outputs,
            ignore_changes=goal.ignore_changes,
            replace_on_changes=goal.replace_on_changes,
            created=now,
            modified=now,
        )

    def _default_provider(self) -> str:
        """Reference to the default provider resource, which is registered when the first resource needs it."""
        settings = self._settings
        urn = make_urn(settings.stack, settings.project, PROVIDER_TYPE, "default")
        with self._mutex:
            state = self._ledger.new(urn)
            if state is None:
                old = self._ledger.old(urn)
                now = rfc3339(self._clock.now())
                inputs = config_properties(settings.config)
                state = ResourceState(
                    urn=urn,
                    type=PROVIDER_TYPE,
                    custom=True,
                    id=old.id if old else str(uuid.uuid4()),
                    inputs=inputs,
                    outputs=inputs,
                    created=old.created if old else now,
                    modified=old.modified if old and not compare(old.inputs, inputs) else now,
                )
                self._ledger.put(state, old)
        return f"{urn}::{state.id}"

    def _component(self, new: ResourceState, old: ResourceState | None) -> Outcome:
        changes = compare(old.inputs, new.inputs) if old else []
        if old:
            new = replace(new, outputs=old.outputs, created=old.created, modified=old.modified)
        if old and not changes:
            self._display.same(new)
        else:
            step = Step(Op.UPDATE if old else Op.CREATE, new.urn, new.type, old, new, changes)
            if self._settings.preview:
                self._display.planned(step)
            else:
                self._display.done(step)
        self._ledger.put(new, old)
        return Outcome(new.urn, outputs=new.inputs)

    def _untargeted(self, goal: Goal, old: ResourceState | None) -> Outcome:
        if old is None:
            self._skipped.add(goal.urn)
            return Outcome(goal.urn, unknown=True)
        self._default_provider()
        self._ledger.put(old, old, durable=False)
        self._display.same(old)
        return Outcome(old.urn, old.id, old.outputs)

    def _changed(self, goal: Goal, old: ResourceState, new: ResourceState) -> Outcome:
        difference = self._provider.diff(old, new)
        compared = compare(old.inputs, new.inputs)
        changed = bool(compared) if difference.changes is None else difference.changes
        # what the provider says changes is final: replace_on_changes asks only where the engine compares itself
        asked = _replaces_on(goal, old, new, compared) if difference.changes is None else False
        if changed and (difference.replaces or asked):
            wish = goal.delete_before_replace
            delete_first = difference.delete_before_replace if wish is None else wish
            return self._replace(goal, old, new, compared, delete_first=delete_first)
        new = replace(new, id=old.id, created=old.created)
        if changed or old.init_errors:
            return self._update(old, new, compared)
        new = replace(new, outputs=old.outputs, modified=old.modified)
        self._ledger.put(new, old, durable=False)
        self._display.same(new)
        return Outcome(new.urn, new.id, new.outputs)

    def _create(
        self,
        op: Op,
        new: ResourceState,
        *,
        replaces: ResourceState | None = None,
        discards: ResourceState | None = None,
        changes: Sequence[Change] = (),
    ) -> Outcome:
        step = Step(op, new.urn, new.type, replaces or discards, new, changes)
        if self._settings.preview:
            return self._plan(step, new, replaces, discards)
        self._begin(step, new)
        with self._ledger.operation(new, "creating") as operation:
            answer = self._provider.create(new)
            new = replace(new, id=answer.id, outputs=answer.outputs)
            self._ledger.put(new, replaces, discards=discards, ends=operation)
        self._display.done(step)
        return Outcome(new.urn, new.id, new.outputs)

    def _update(self, old: ResourceState, new: ResourceState, changes: Sequence[Change]) -> Outcome:
        step = Step(Op.UPDATE, new.urn, new.type, old, new, changes)
        if self._settings.preview:
            return self._plan(step, new, old)
        self._begin(step, new)
        with self._ledger.operation(old, "updating") as operation:
            new = replace(new, outputs=self._provider.update(old, new).outputs)
            self._ledger.put(new, old, ends=operation)
        self._display.done(step)
        return Outcome(new.urn, new.id, new.outputs)

    def _replace(
        self, goal: Goal, old: ResourceState, new: ResourceState, changes: Sequence[Change], *, delete_first: bool
    ) -> Outcome:
        if old.protect and new.protect:
            raise EngineError(
                "cannot be replaced because it is protected; remove the `protect` option from it in your program first"
            )
        # what check() carried over from the old resource does not apply to a new one
        new = replace(new, inputs=self._provider.check(replace(new, inputs=goal.inputs), {}))
        if not delete_first:
            return self._create(Op.REPLACE, new, discards=old, changes=changes)
        self._refuse_dependents(old)
        if not self._settings.preview:
            old = self._delete_first(old)
        return self._create(Op.REPLACE, new, replaces=old, changes=changes)

    def _delete_first(self, old: ResourceState) -> ResourceState:
        step = Step(Op.DELETE_REPLACED, old.urn, old.type, old)
        self._begun[old.urn] = step
        self._display.begun(step)
        with self._ledger.operation(old, "deleting") as operation:
            delete(self._provider, old)
            deleted = replace(old, pending_replacement=True)
            self._ledger.amend(old, deleted, ends=operation)
            self._ledger.commit()
        self._display.done(step)
        return deleted

    def _refuse_dependents(self, old: ResourceState) -> None:
        for state in self._ledger.remaining():
            if not state.delete and any(old.urn in urns for urns in state.property_dependencies.values()):
                raise Unsupported(f"delete_before_replace of a resource that others depend on ({state.urn})")

    def _plan(
        self,
        step: Step,
        new: ResourceState,
        replaces: ResourceState | None,
        discards: ResourceState | None = None,
    ) -> Outcome:
        """What a preview does instead: the outputs that the provider will give are not known yet."""
        self._display.planned(step)
        self._ledger.put(replace(new, outputs=new.inputs), replaces, discards=discards)
        return Outcome(new.urn, new.id, new.inputs)

    def _begin(self, step: Step, new: ResourceState) -> None:
        if has_unknown(new.inputs):
            raise EngineError("an input is not known although everything it depends on has been deployed")
        self._begun[step.urn] = step
        self._display.begun(step)

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """A component, or the stack itself, has finished."""
        state = self._ledger.new(urn)
        if state is None:
            return
        if not self._settings.preview:  # what a failed run never came to know stays as it was
            outputs = {
                key: state.outputs.get(key) if has_unknown(value) else value
                for key, value in outputs.items()
                if not has_unknown(value) or key in state.outputs
            }
        if state.type == STACK_TYPE:
            self.stack_outputs = (state.outputs, outputs)
        self._ledger.put(replace(state, outputs=outputs), durable=False)


def delete(provider: Provider, state: ResourceState) -> None:
    """Delete *state* in the cloud, if there is something to delete."""
    if state.is_managed and not state.retain_on_delete and not state.pending_replacement:
        provider.delete(state)


def _replaces_on(goal: Goal, old: ResourceState, new: ResourceState, changes: Sequence[Change]) -> bool:
    """Whether a path of `replace_on_changes` has changed."""
    for text in goal.replace_on_changes:
        path = parse_path(text)
        if changes if path == ("*",) else reveal(get(path, old.inputs)) != reveal(get(path, new.inputs)):
            return True
    return False
