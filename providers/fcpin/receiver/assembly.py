"""The parts of the receiver, and the order in which they start and stop."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from starlette.applications import Starlette

from fcpin import call_statistics
from fcpin.clock import Clock
from fcpin.errors import InvalidSettings
from fcpin.receiver.converge.converger import Converger, EngineConverger
from fcpin.receiver.converge.holds import FileHolds
from fcpin.receiver.drift_scan.scanner import DriftScanner
from fcpin.receiver.drift_scan.schedule import ScanSchedule
from fcpin.receiver.errors import Rejected
from fcpin.receiver.intake import Intake
from fcpin.receiver.job_events import JobEventHandler, JobLog
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.metrics import Metrics
from fcpin.receiver.notify import DriftNotices, Notifier, open_outbox
from fcpin.receiver.page import LedgerActions, Page
from fcpin.receiver.pin_index import PinIndex
from fcpin.receiver.settings.environment import deployment_environment
from fcpin.receiver.settings.model import PageSettings, ReceiverSettings
from fcpin.receiver.web.app import build_app
from fcpin.receiver.web.limits import Limits
from fcpin.receiver.work.worker_pool import WorkerPool
from fcpin.stack import Engine
from fcpin.stack.project import stack_file

_RUNS: Final = "runs"
_STOP_SECONDS: Final = 8.0
"""For an interrupted deployment to end, and the same again for its worker to record that."""
_NOTIFY_SECONDS: Final = 5.0
"""For pending notifications to be sent."""
_log = logging.getLogger(__name__)


class StoppableConverger(Converger, Protocol):
    engine: Engine

    def stop(self, seconds: float) -> None:
        """Interrupt every run, and wait at most *seconds* for them."""


def find_converger(settings: ReceiverSettings) -> EngineConverger:
    """With the engine that is installed. Raises StackError."""
    engine = Engine.find(settings.engine, settings.project, deployment_environment(settings))
    return EngineConverger.find(engine, settings.state / _RUNS)


class Receiver:
    """Runs jobs from `start` to `stop`, and accepts events while its `app` is served."""

    def __init__(self, settings: ReceiverSettings, ledger: Ledger, converger: StoppableConverger, clock: Clock) -> None:
        """Raises InvalidSettings for an invalid address of notifications."""
        self._settings, self._ledger, self._converger, self._clock = settings, ledger, converger, clock
        self.metrics = Metrics(settings, ledger, call_statistics.calls.counts, clock)
        self._outbox = open_outbox(settings.notify, self.metrics.counters.notified, clock)
        self.index = PinIndex(tuple(settings.stacks), converger.pins, settings.instances)
        scanner = DriftScanner(
            converger.engine, ledger, clock, lambda stack, pins: self.pool.request(stack, pins), self.index.learn
        )
        notify_of_drift = DriftNotices(ledger, self._outbox.put)
        self.scans = ScanSchedule(
            lambda stack: notify_of_drift(scanner.scan(stack)), _files(settings), settings.scan_interval, clock
        )
        handlers: list[JobEventHandler] = [JobLog(), self.metrics.counters, Notifier(self._outbox.put), self.scans]
        self.pool = WorkerPool(settings, ledger, converger, self.index, clock, handlers)
        self._page = self._create_page(settings.page) if settings.page else None

    def app(self, limits: Limits) -> Starlette:
        """The webhooks, the page and the metrics."""
        counts = self.metrics.counters
        intake = Intake.of(self._settings, self._ledger, self.index, self.pool.wake, counts, self._clock)
        routes = [self.metrics.route(), *(self._page.routes() if self._page else ())]
        return build_app(intake, self._clock, limits=limits, routes=routes, unready=self.index.unready)

    def hang_up(self) -> None:
        """End the streams of the page, which a server would wait for."""
        if self._page:
            self._page.close()

    def start(self) -> None:
        """Continue the jobs that an earlier process left; read the pins of every stack, then scan them."""
        threading.Thread(target=self._first_scan, name="receiver-first-scan", daemon=True).start()
        self.pool.start()

    def stop(self) -> None:
        """Interrupt what runs, and record that: another process, or the next one, continues."""
        self.scans.stop(0)
        self._converger.stop(_STOP_SECONDS)
        if not self.pool.stop(_STOP_SECONDS):
            _log.warning("a job still runs; another receiver takes it over when its lease ends")
        self._outbox.close(_NOTIFY_SECONDS)
        self._ledger.close()

    def _first_scan(self) -> None:
        self.index.read_all()
        self.scans.start()

    def _create_page(self, settings: PageSettings) -> Page:
        holds = FileHolds(self._converger.engine, self._clock)
        actions = LedgerActions(self._ledger, holds, self.pool.wake, self._clock)
        counts = self.metrics.counters
        count: Callable[[Rejected], None] = lambda rejection: counts.rejected("", rejection.reason)  # noqa: E731
        return Page(
            self._ledger,
            actions,
            settings,
            self._settings.stacks,
            self._clock,
            count=count,
            proxies=self._settings.trusted_proxies,
        )


def _files(settings: ReceiverSettings) -> dict[str, Path | None]:
    """The file of each stack; None for one that only the engine knows."""
    files: dict[str, Path | None] = {}
    for stack in settings.stacks:
        try:
            files[stack] = stack_file(settings.project, stack)
        except InvalidSettings:
            files[stack] = None
    return files
