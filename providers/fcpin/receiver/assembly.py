"""The receiver put together: its parts, and the order in which they begin and end."""

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from starlette.applications import Starlette

from fcpin import call_statistics
from fcpin.clock import Clock
from fcpin.errors import InvalidSettings
from fcpin.receiver.concerned import concerned_pins
from fcpin.receiver.converge.base import Converger
from fcpin.receiver.converge.converger import EngineConverger
from fcpin.receiver.converge.holds import FileHolds
from fcpin.receiver.converge.rounds import Rounds
from fcpin.receiver.converge.survey import Surveyor
from fcpin.receiver.diary import Diary
from fcpin.receiver.errors import Rejected
from fcpin.receiver.intake import Intake
from fcpin.receiver.known_pins import KnownPins
from fcpin.receiver.ledger.base import Ledger
from fcpin.receiver.metrics import Metrics
from fcpin.receiver.notify import DriftNotices, Notifier, open_outbox
from fcpin.receiver.observers import Observers
from fcpin.receiver.page import LedgerActions, Page
from fcpin.receiver.settings.environment import deployment_environment
from fcpin.receiver.settings.model import PageSettings, ReceiverSettings
from fcpin.receiver.web.app import build_app
from fcpin.receiver.web.limits import Limits
from fcpin.receiver.work.crew import Crew
from fcpin.stack import Engine
from fcpin.stack.project import stack_file
from fcpin.stack.stack import StackPin

_RUNS: Final = "runs"
_STOP_SECONDS: Final = 8.0
"""In which a deployment that is interrupted ends, and its worker writes down how. Twice that is waited at most."""
_LAST_WORDS_SECONDS: Final = 5.0
"""In which notifications that wait are sent."""
_log = logging.getLogger(__name__)


class WholeConverger(Converger, Protocol):
    """A converger whose engine can be asked about the stacks, and whose work can be ended."""

    engine: Engine

    def learn(self, stack: str, pins: Sequence[StackPin]) -> None:
        """Somebody has read the stack's state."""

    def stop(self, within: float) -> None:
        """End what is under way; at most *within* seconds are waited."""


def find_converger(settings: ReceiverSettings) -> EngineConverger:
    """With the engine that is here. Raises StackError."""
    engine = Engine.find(settings.engine, settings.project, deployment_environment(settings))
    return EngineConverger.find(engine, settings.state / _RUNS)


class Receiver:
    """Works jobs off from `start` to `stop`, and hears of pushes while its `app` is served."""

    def __init__(
        self,
        settings: ReceiverSettings,
        ledger: Ledger,
        converger: WholeConverger,
        clock: Clock,
    ) -> None:
        """Raises InvalidSettings for an address that nobody can be notified at."""
        self._settings, self._ledger, self._converger, self._clock = settings, ledger, converger, clock
        self.metrics = Metrics(settings, ledger, call_statistics.calls.counts, clock)
        self._outbox = open_outbox(settings.notify, self.metrics.counted.notified, clock)
        self.known = KnownPins(tuple(settings.stacks), settings.instances, converger.pins)
        concerned = partial(concerned_pins, instances=settings.instances)
        surveyor = Surveyor(converger.engine, ledger, clock, self._ask, self._learn)
        tell_of_drift = DriftNotices(ledger, self._outbox.put)
        self.rounds = Rounds(
            lambda stack: tell_of_drift(surveyor.look(stack)), _files(settings), settings.scan_interval, clock
        )
        observers = Observers([Diary(), self.metrics.counted, Notifier(self._outbox.put), self.rounds])
        self.crew = Crew(settings, ledger, _Learning(converger, self.known), concerned, clock, observers)
        self._page = self._made_page(settings.page) if settings.page else None

    def app(self, limits: Limits) -> Starlette:
        """What hears of pushes, shows the page and tells the metrics."""
        counts = self.metrics.counted
        intake = Intake.of(self._settings, self._ledger, self.known.watches, self.crew.wake, counts, self._clock)
        routes = [self.metrics.route(), *(self._page.routes() if self._page else ())]
        return build_app(intake, self._clock, limits=limits, routes=routes, unready=self.known.unready)

    def hang_up(self) -> None:
        """End the streams of the page, which a server would wait for."""
        if self._page:
            self._page.close()

    def start(self) -> None:
        """Go on with what was left behind, and look at every stack: first which pins it has, then what they are."""
        threading.Thread(target=self._look, name="receiver-first-look", daemon=True).start()
        self.crew.start()

    def stop(self) -> None:
        """What is under way is interrupted and written down: whoever runs next goes on with it."""
        self.rounds.stop(0)
        self._converger.stop(_STOP_SECONDS)
        if not self.crew.stop(_STOP_SECONDS):
            _log.warning("a job is still under way; another receiver takes it over when its lease ends")
        self._outbox.close(_LAST_WORDS_SECONDS)
        self._ledger.close()

    def _look(self) -> None:
        self.known.refresh()
        self.rounds.start()

    def _made_page(self, settings: PageSettings) -> Page:
        holds = FileHolds(self._converger.engine, self._clock)
        actions = LedgerActions(self._ledger, holds, self.crew.wake, self._clock)
        counts = self.metrics.counted
        count: Callable[[Rejected], None] = lambda rejection: counts.rejected("", rejection.reason)  # noqa: E731 - one line
        return Page(
            self._ledger,
            actions,
            settings,
            self._settings.stacks,
            self._clock,
            count=count,
            proxies=self._settings.trusted_proxies,
        )

    def _ask(self, stack: str, pins: Sequence[str]) -> None:
        self.crew.ask(stack, pins)

    def _learn(self, stack: str, pins: Sequence[StackPin]) -> None:
        self.known.learn(stack, pins)
        self._converger.learn(stack, pins)


def _files(settings: ReceiverSettings) -> dict[str, Path | None]:
    """The file of each stack; None where the stack has none, as one may that only the engine knows."""
    files: dict[str, Path | None] = {}
    for stack in settings.stacks:
        try:
            files[stack] = stack_file(settings.project, stack)
        except InvalidSettings:
            files[stack] = None
    return files


class _Learning:
    """The converger; what the workers learn of the pins, the intake knows too."""

    def __init__(self, converger: Converger, known: KnownPins) -> None:
        self._pins, self._known = converger.pins, known
        self.preview, self.up = converger.preview, converger.up

    def pins(self, stack: str) -> Sequence[StackPin]:
        pins = self._pins(stack)
        self._known.learn(stack, pins)
        return pins
