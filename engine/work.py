"""What all parts of one phase share: the state, the provider, the display, and how much is to be done."""

from collections.abc import Collection
from dataclasses import dataclass, field
from threading import Event

from engine.display import Display, Step
from engine.errors import EngineError
from engine.ledger import Ledger
from engine.plugin import Provider

UNPROTECT = "remove the `protect` option from it in your program and run `up` first"


@dataclass(frozen=True)
class Work:
    """One phase: of an update, a refresh or a destroy, its preview or the thing itself."""

    ledger: Ledger
    provider: Provider
    display: Display
    preview: bool = False
    parallel: int = 16
    targets: Collection[str] = ()
    stopping: Event = field(default_factory=Event)
    """Once set nothing new is started: by a signal at any moment, by a failure, but not in a preview."""

    @property
    def is_over(self) -> bool:
        return bool(self.display.errors) or self.stopping.is_set()

    def spares(self, urn: str) -> bool:
        """Whether there are targets, and *urn* is none of them."""
        return bool(self.targets) and urn not in self.targets

    def show(self, step: Step) -> None:
        """A step that takes no time."""
        (self.display.planned if self.preview else self.display.done)(step)

    def delete(self, step: Step) -> None:
        """Delete the step's resource in the cloud, if there is something to delete. Raises EngineError."""
        state = step.state
        if state.protect and not state.delete:
            raise EngineError(f"cannot be deleted because it is protected; {UNPROTECT}")
        if self.preview or not state.is_managed:
            self.ledger.record(old=state)
            if not state.is_internal:
                self.show(step)
            return
        self.display.begun(step)
        with self.ledger.operation(state, "deleting") as operation:
            if not state.retain_on_delete:
                self.provider.delete(state)
            self.ledger.record(old=state, ends=operation)
        self.display.done(step)
