"""The whole of the work in one process: a burst, and the buttons that people press."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from fcpin.clock import SystemClock
from fcpin.receiver.pin_index import concerned_pins
from fcpin.receiver.errors import ConvergenceFailed
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import JobState
from fcpin.receiver.ledger.ledger import open_ledger
from fcpin.receiver.page import LedgerActions
from fcpin.receiver.settings.model import Mode, ReceiverSettings, StackSettings
from fcpin.receiver.work.worker_pool import WorkerPool
from fcpin.receiver.job_events import JobEventHandler
from tests.receiver.fake_converger import FakeConverger
from tests.receiver.page.people import HoldsFile
from tests.receiver.pins import B, pin
from tests.receiver.samples import push

CLOCK = SystemClock()
PUSHES, STACKS = 1_000, [f"stack-{number}" for number in range(50)]


@dataclass
class Shop:
    ledger: Ledger
    converger: FakeConverger
    crew: WorkerPool

    @property
    def buttons(self) -> LedgerActions:
        """What people press."""
        return LedgerActions(self.ledger, HoldsFile(), self.crew.wake, CLOCK)

    def is_soon(self, state: JobState, count: int = 1, seconds: float = 30) -> bool:
        """Whether so many jobs come to *state*, and nothing else is left."""
        deadline = time.monotonic() + seconds
        while (states := self.states()) != {state: count} and time.monotonic() < deadline:
            time.sleep(0.02)
        return states == {state: count}

    def states(self) -> Counter[JobState]:
        return Counter(job.state for job in self.ledger.jobs(limit=1_000))


Open = Callable[..., Shop]


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Open]:
    opened: list[Shop] = []

    def open_it(*stacks: StackSettings, attempts: int = 6) -> Shop:
        settings = ReceiverSettings(
            tmp_path, {stack.name: stack for stack in stacks}, {}, state=tmp_path / "state", attempts=attempts
        )
        ledger, converger = open_ledger(settings), FakeConverger()
        for stack in stacks:
            converger.has(stack.name, pin("api", f"r.example.com/shop/{stack.name}"))
            converger.newest(stack.name, "api", "main-12", B)
        opened.append(Shop(ledger, converger, WorkerPool(settings, ledger, converger, concerned_pins, CLOCK, JobEventHandler())))
        opened[-1].crew.start()
        return opened[-1]

    yield open_it
    for shop in opened:
        assert shop.crew.stop(5)
        shop.ledger.close()


def test_a_thousand_pushes_over_fifty_stacks_are_fifty_convergences(open_shop: Open) -> None:
    shop = open_shop(*(StackSettings(name) for name in STACKS))

    def send(number: int) -> None:
        stack = STACKS[number % len(STACKS)]
        told = push("main-12", str(number), f"shop/{stack}", digest=B)
        received = shop.ledger.add_event(
            told, [stack], CLOCK.now(), debounce=timedelta(seconds=2), max_wait=timedelta(seconds=60)
        )
        for name, at in received.stacks_to_wake.items():
            shop.crew.wake(name, at)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(PUSHES)))
    assert shop.is_soon(JobState.SUCCEEDED, len(STACKS))
    assert sum(job.event_count for job in shop.ledger.jobs(limit=1_000)) == PUSHES
    assert sorted(stack for stack, _ in shop.converger.ups) == sorted(STACKS)


def test_an_approval_is_deployed_at_once(open_shop: Open) -> None:
    shop = open_shop(StackSettings("prod", Mode.APPROVE))
    shop.crew.ask("prod", ["api"])
    assert shop.is_soon(JobState.WAITING_FOR_APPROVAL)
    [proposal] = shop.ledger.proposals()
    shop.buttons.approve(proposal.token, "ann")
    assert shop.is_soon(JobState.SUCCEEDED)
    assert len(shop.converger.deployed) == 1


def test_a_dead_job_is_tried_again(open_shop: Open) -> None:
    shop = open_shop(StackSettings("prod"), attempts=1)
    shop.converger.fails_next(ConvergenceFailed("no answer"))
    dead = shop.crew.ask("prod", ["api"])
    assert shop.is_soon(JobState.FAILED)
    shop.buttons.retry(dead.id, "ann")
    assert shop.is_soon(JobState.SUCCEEDED)


def test_what_a_freeze_held_back_goes_on_when_it_is_lifted(open_shop: Open) -> None:
    shop = open_shop(StackSettings("prod"))
    shop.buttons.freeze("the sale", "ann")
    job = shop.crew.ask("prod", ["api"])
    deadline = time.monotonic() + 10
    while not shop.ledger.jobs()[0].reason and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (shop.ledger.jobs()[0].id, shop.converger.ups) == (job.id, [])
    shop.buttons.thaw("ann")
    assert shop.is_soon(JobState.SUCCEEDED)
