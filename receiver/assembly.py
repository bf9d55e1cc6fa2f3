"""The receiver put together: its parts, and the order in which they begin and end."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, Protocol

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from fcpin.clock import Clock
from fcpin.stack import Engine
from fcpin.stack.pins import StackPin
from receiver.concerned import concerned_pins
from receiver.converge.base import Converger
from receiver.converge.converger import EngineConverger
from receiver.intake import Counts, Intake
from receiver.known_pins import KnownPins
from receiver.ledger.base import Ledger
from receiver.settings.model import ReceiverSettings
from receiver.web.app import build_app
from receiver.web.limits import Limits
from receiver.work.crew import Crew
from receiver.work.observer import Observer

_RUNS: Final = "runs"
_STOP_SECONDS: Final = 8.0
"""In which a deployment that is interrupted ends, and its worker writes down how. Twice that is waited at most."""
_log = logging.getLogger(__name__)


class Stoppable(Converger, Protocol):
    """A converger whose work can be ended."""

    def stop(self, within: float) -> None:
        """End what is under way; at most *within* seconds are waited."""


def find_converger(settings: ReceiverSettings) -> EngineConverger:
    """With the engine that is here. Raises StackError."""
    return EngineConverger.find(Engine.find(settings.engine, settings.project), settings.state / _RUNS)


class Receiver:
    """Works jobs off from `start` to `stop`, and hears of pushes while its `app` is served."""

    def __init__(
        self,
        settings: ReceiverSettings,
        ledger: Ledger,
        converger: Stoppable,
        clock: Clock,
        counts: Counts,
        observer: Observer,
    ) -> None:
        self._settings, self._ledger, self._converger = settings, ledger, converger
        self._clock, self._counts = clock, counts
        self.known = KnownPins(tuple(settings.stacks), settings.instances, converger.pins)
        concerned = partial(concerned_pins, instances=settings.instances)
        self.crew = Crew(settings, ledger, _Learning(converger, self.known), concerned, clock, observer)
        self._looks = _Repeat(self.known.refresh, settings.survey_every)

    def app(self, limits: Limits, routes: Sequence[BaseRoute] = ()) -> Starlette:
        """What hears of pushes; *routes* are served beside the hooks."""
        intake = Intake.of(self._settings, self._ledger, self.known.watches, self.crew.wake, self._counts, self._clock)
        return build_app(intake, self._clock, limits=limits, routes=routes, unready=self.known.unready)

    def start(self) -> None:
        """Look at every stack now and then, and go on with what was left behind."""
        self._looks.start()
        self.crew.start()

    def stop(self) -> None:
        """What is under way is interrupted and written down: whoever runs next goes on with it."""
        self._looks.stop()
        self._converger.stop(_STOP_SECONDS)
        if not self.crew.stop(_STOP_SECONDS):
            _log.warning("a job is still under way; another receiver takes it over when its lease ends")
        self._ledger.close()


class _Learning:
    """The converger; what the workers learn of the pins, the intake knows too."""

    def __init__(self, converger: Converger, known: KnownPins) -> None:
        self._pins, self._known = converger.pins, known
        self.preview, self.up = converger.preview, converger.up

    def pins(self, stack: str) -> Sequence[StackPin]:
        pins = self._pins(stack)
        self._known.learn(stack, pins)
        return pins


class _Repeat:
    """Calls something at once and every so often, in a thread of its own."""

    def __init__(self, call: Callable[[], None], every: timedelta) -> None:
        self._call, self._seconds = call, every.total_seconds()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="receiver-looks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Call it no more. A call that is under way is left to itself."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._call()
            except Exception:
                _log.exception("looking at the stacks failed")
            self._stopped.wait(self._seconds)
