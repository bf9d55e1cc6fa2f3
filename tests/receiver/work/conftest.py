"""A worker, alone or in a pool, on stacks in memory, over a ledger in a file. Time passes when a case lets it."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from msgspec import structs

from fcpin.image import Digest
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.job_events import JobEventHandler
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Deployment, Ending, Job, PinChange, Proposal
from fcpin.receiver.ledger.sqlite import SqliteStore
from fcpin.receiver.ledger.store import Store
from fcpin.receiver.pin_index import PinIndex
from fcpin.receiver.settings.model import ReceiverSettings, StackSettings
from fcpin.receiver.work.worker import LEASE, Backoff, Worker
from fcpin.receiver.work.worker_pool import WorkerPool
from tests.receiver.fake_converger import FakeConverger
from tests.receiver.pins import A, B, pin
from tests.receiver.samples import NO_TIME, NOON, push
from tests.support.clock import ManualClock


@dataclass
class Recorded(JobEventHandler):
    """Job events, in one line each; *ends* counts attempts that have ended."""

    lines: list[str] = field(default_factory=list)
    ends: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def started(self, job: Job) -> None:
        self.lines.append(f"started {job.attempts}")

    def ended(self, job: Job, ending: Ending, seconds: float) -> None:
        self.lines.append(f"ended {ending.state}")
        self.ends.release()

    def deployed(self, deployment: Deployment) -> None:
        self.lines.append(f"deployed {deployment.pin} {deployment.to_tag}")

    def proposed(self, proposal: Proposal) -> None:
        self.lines.append(f"proposed {proposal.pin} {proposal.to_tag}")


class UnsteadyLedger(Ledger):
    """Cannot be reached while *is_away*; *looks* counts how often that was tried."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.is_away, self.looks = False, threading.Semaphore(0)

    def due_times(self) -> Mapping[str, datetime]:
        if self.is_away:
            self.looks.release()
            raise LedgerUnavailable("no connection")
        return super().due_times()


@dataclass
class WorkHarness:
    """A stack `prod` whose function `api` runs main-11 with digest A."""

    store: Store
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    converger: FakeConverger = field(default_factory=FakeConverger)
    events: Recorded = field(default_factory=Recorded)
    stacks: dict[str, StackSettings] = field(default_factory=lambda: {"prod": StackSettings()})
    _events: int = 0

    def __post_init__(self) -> None:
        self.ledger = UnsteadyLedger(self.store)
        self.converger.has("prod", pin("api"))
        self.index = PinIndex(["prod"], self.converger.pins, {})

    def has(self, **settings: object) -> None:
        self.stacks["prod"] = structs.replace(self.stacks["prod"], **settings)

    def receives(self, tag: str = "main-12", digest: Digest | None = B, newest: bool = True) -> None:
        """An event; of what `api` is to run next, unless *newest* is false."""
        if newest and digest:
            self.converger.newest("prod", "api", tag, digest)
        self._events += 1
        event = push(tag, str(self._events), digest=digest, pushed=self.clock.now(), received=self.clock.now())
        self.ledger.add_event(event, ["prod"], self.clock.now(), debounce=NO_TIME, max_wait=NO_TIME)

    def requests(self, *pins: str) -> Job:
        return self.ledger.request("prod", pins, self.clock.now())

    def claims(self, worker: str) -> Job | None:
        """Another worker claims the stack, for 30 seconds."""
        return self.ledger.claim("prod", worker, self.clock.now(), LEASE)

    def works(self, after: float = 0) -> Job:
        """The newest job, when the worker has looked at the stack after so many seconds."""
        self.clock.advance(after)
        self.worker().run("prod")
        return self.ledger.jobs(limit=1)[0]

    def approves(self, pin: str = "api") -> None:
        token = next(one.token for one in self.ledger.proposals("prod") if one.pin == pin)
        self.ledger.approve(token, "ann", self.clock.now())

    def worker(self) -> Worker:
        backoff = Backoff(attempts=3, chance=lambda: 1.0)
        return Worker(
            self.ledger, self.converger, self.index, self.stacks, self.clock, backoff, [self.events], name="w"
        )

    def pool(self) -> WorkerPool:
        settings = ReceiverSettings(stacks=self.stacks, senders={}, workers=2)
        return WorkerPool(settings, self.ledger, self.converger, self.index, self.clock, [self.events])

    def change(self, tag: str = "main-12", to: Digest = B) -> PinChange:
        return PinChange(pin="api", from_tag="main-11", from_digest=A, to_tag=tag, to_digest=to)

    @property
    def runs(self) -> str:
        """Tags that were deployed, in this order."""
        return " ".join(tag for _, _, tag, _ in self.converger.deployed)

    @property
    def proposed(self) -> Sequence[tuple[str, str, Digest]]:
        return [(one.pin, one.to_tag, one.to_digest) for one in self.ledger.proposals("prod")]


@pytest.fixture
def work(tmp_path: Path) -> Iterator[WorkHarness]:
    store = SqliteStore(tmp_path / "ledger.sqlite")
    yield WorkHarness(store)
    store.close()
