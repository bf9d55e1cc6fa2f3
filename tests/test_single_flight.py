"""Once, however many ask."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from fcpin.errors import RegistryDenied, RegistryUnavailable
from fcpin.single_flight import SingleFlight


class Counter:
    """Makes numbered values. *error* is raised instead while it is set."""

    def __init__(self, error: Exception | None = None) -> None:
        self.made = 0
        self.error = error

    def make(self) -> str:
        self.made += 1
        if self.error:
            raise self.error
        return f"number {self.made}"


def together(call: Callable[[], str], started: threading.Event, go: threading.Event) -> list[object]:
    """What eight threads get that ask while the first one is still making it."""
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(call)
        assert started.wait(5)
        rest = [pool.submit(call) for _ in range(7)]
        go.set()
        return [future.exception() or future.result() for future in (first, *rest)]


def test_those_who_ask_meanwhile_get_the_same_answer() -> None:
    once, counter = SingleFlight[str, str](), Counter()
    started, go = threading.Event(), threading.Event()

    def make() -> str:
        started.set()
        assert go.wait(5)
        return counter.make()

    assert together(lambda: once.get("key", make), started, go) == ["number 1"] * 8
    assert once.get("key", make) == "number 1"
    assert counter.made == 1


def test_those_who_ask_meanwhile_get_the_same_error() -> None:
    once, counter = SingleFlight[str, str](), Counter(RegistryDenied("no"))
    started, go = threading.Event(), threading.Event()

    def make() -> str:
        started.set()
        assert go.wait(5)
        return counter.make()

    assert together(lambda: once.get("key", make), started, go) == [counter.error] * 8
    assert counter.made == 1


def test_keys_do_not_wait_for_one_another() -> None:
    once = SingleFlight[str, str]()
    assert once.get("outer", lambda: once.get("inner", lambda: "made")) == "made"


def test_a_passing_failure_is_forgotten() -> None:
    once, counter = SingleFlight[str, str](), Counter(RegistryUnavailable("later"))
    with pytest.raises(RegistryUnavailable):
        once.get("key", counter.make)
    counter.error = None
    assert once.get("key", counter.make) == "number 2"


def test_a_lasting_failure_is_not_requested_again() -> None:
    once, counter = SingleFlight[str, str](), Counter(RegistryDenied("no"))
    for _ in range(2):
        with pytest.raises(RegistryDenied):
            once.get("key", counter.make)
    assert counter.made == 1


def test_only_the_value_that_is_remembered_can_be_forgotten() -> None:
    once, counter = SingleFlight[str, str](), Counter()
    old = once.get("key", counter.make)
    once.forget("key", old)
    new = once.get("key", counter.make)
    once.forget("key", old)
    assert once.get("key", counter.make) is new
    once.forget("unknown", old)


def test_what_is_dropped_is_made_again_a_lasting_failure_too() -> None:
    once, counter = SingleFlight[str, str](), Counter(RegistryDenied("no"))
    with pytest.raises(RegistryDenied):
        once.get("key", counter.make)
    counter.error = None
    once.forget("key")
    once.forget("another key")
    assert once.get("key", counter.make) == "number 2"
