"""A real registry notifies the receiver of a real push."""

import time
from collections.abc import Callable

from fcpin.clock import SystemClock
from tests.receiver.senders.requests import SECRET
from tests.receiver.web.serving import Receiver
from tests.support.docker_registry import Notify, docker_registry


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


def test_only_pushes_of_tags_are_accepted_from_a_registry() -> None:
    """It also reports layers, configurations, children of an index and pulls; none of them is a push of a tag."""
    receiver = Receiver(pins={"dev": None}, clock=SystemClock())
    with receiver.serve() as client:
        notify = Notify(f"{client.url}/hooks/distribution?registry=registry.example.com", SECRET)
        with docker_registry(notify=notify) as registry:
            one = registry.push("shop/app", "main-12", content="one")
            two = registry.push("shop/app", "main-13", content="two", index=True)
            until(lambda: len(receiver.inbox.events) == 2)
            registry.retag("shop/app", "main-12", to="main-13")
            until(lambda: len(receiver.inbox.events) == 3)
    events = [(push.repository.host, push.repository.path, push.tag, push.digest) for push, _ in receiver.inbox.events]
    where = ("registry.example.com", "shop/app")
    assert events == [(*where, "main-12", one), (*where, "main-13", two), (*where, "main-12", two)]
    assert receiver.counted["distribution", "accepted"] == 3
    assert all(what == "accepted" or what.startswith("ignored: ") for _, what in receiver.counted)
