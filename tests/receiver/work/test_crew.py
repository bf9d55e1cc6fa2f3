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
from fcpin.receiver.concerned import concerned_pins
from fcpin.receiver.errors import ConvergenceFailed
from fcpin.receiver.ledger.base import Ledger
from fcpin.receiver.ledger.model import State
from fcpin.receiver.ledger.opening import open_ledger
from fcpin.receiver.page import LedgerActions
from fcpin.receiver.settings.model import Mode, ReceiverSettings, StackSettings
from fcpin.receiver.work.crew import Crew
from fcpin.receiver.work.observer import Unobserved
from tests.receiver.fake_converger import FakeConverger
from tests.receiver.page.page_client import HoldsFile
from tests.receiver.pins import B, pin
from tests.receiver.samples import push

CLOCK = SystemClock()
PUSHES, STACKS = 1_000, [f"stack-{number}" for number in range(50)]


@dataclass
class Shop:
    ledger: Ledger
    converger: FakeConverger
    crew: Crew

    @property
    def buttons(self) -> LedgerActions:
        """What people press."""
        return LedgerActions(self.ledger, HoldsFile(), self.crew.wake, CLOCK)

    def is_soon(self, state: State, count: int = 1, seconds: float = 30) -> bool:
        """Whether so many jobs come to *state*, and nothing else is left."""
        deadline = time.monotonic() + seconds
        while (states := self.states()) != {state: count} and time.monotonic() < deadline:
            time.sleep(0.02)
        return states == {state: count}

    def states(self) -> Counter[State]:
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
        opened.append(Shop(ledger, converger, Crew(settings, ledger, converger, concerned_pins, CLOCK, Unobserved())))
        opened[-1].crew.start()
        return opened[-1]

    yield open_it
    for shop in opened:
        assert shop.crew.stop(5)
        shop.ledger.close()


def test_a_thousand_pushes_over_fifty_stacks_are_fifty_convergences(open_shop: Open) -> None:
    shop = open_shop(*(StackSettings() for name in STACKS))

    def send(number: int) -> None:
        stack = STACKS[number % len(STACKS)]
        told = push("main-12", str(number), f"shop/{stack}", digest=B)
        received = shop.ledger.receive(
            told, [stack], CLOCK.now(), quiet=timedelta(seconds=2), at_most=timedelta(seconds=60)
        )
        for name, at in received.stacks_to_wake.items():
            shop.crew.wake(name, at)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(PUSHES)))
    assert shop.is_soon(State.DONE, len(STACKS))
    assert sum(job.count for job in shop.ledger.jobs(limit=1_000)) == PUSHES
    assert sorted(stack for stack, _ in shop.converger.ups) == sorted(STACKS)


def test_an_approval_is_deployed_at_once(open_shop: Open) -> None:
    shop = open_shop(StackSettings(mode=Mode.APPROVE))
    shop.crew.ask("prod", ["api"])
    assert shop.is_soon(State.APPROVAL)
    [proposal] = shop.ledger.proposals()
    shop.buttons.approve(proposal.token, "ann")
    assert shop.is_soon(State.DONE)
    assert len(shop.converger.deployed) == 1


def test_a_dead_job_is_tried_again(open_shop: Open) -> None:
    shop = open_shop(StackSettings(), attempts=1)
    shop.converger.fails_next(ConvergenceFailed("no answer"))
    dead = shop.crew.ask("prod", ["api"])
    assert shop.is_soon(State.DEAD)
    shop.buttons.retry(dead.id, "ann")
    assert shop.is_soon(State.DONE)


def test_what_a_freeze_held_back_goes_on_when_it_is_lifted(open_shop: Open) -> None:
    shop = open_shop(StackSettings())
    shop.buttons.freeze("the sale", "ann")
    job = shop.crew.ask("prod", ["api"])
    deadline = time.monotonic() + 10
    while not shop.ledger.jobs()[0].reason and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (shop.ledger.jobs()[0].id, shop.converger.ups) == (job.id, [])
    shop.buttons.thaw("ann")
    assert shop.is_soon(State.DONE)
