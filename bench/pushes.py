"""From a push to UpdateFunction: real docker-registry, skopeo and receiver, against the emulator; and a burst of 1,000.

Seconds on the clock, since most of it is processes that begin, and one second is the wait for the end of a burst.
"""

import hashlib
import hmac
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import urllib3

from demo.narrator import Narrator, expect
from demo.push import wait_for
from demo.receiver import Receiver
from demo.registry import PERSONAL, Registries, registries
from demo.stack import Stack

PUSHES: Final = 20
REPOSITORIES: Final = 50
BURST: Final = 1_000
BURST_SECONDS: Final = 10.0
_FLOORS: Final = 5
_SENDERS: Final = 16
_PATIENCE: Final = 120.0
NEEDED: Final = ("docker-registry", "skopeo")


@dataclass(frozen=True)
class Scene:
    """A cloud with a registry, a deployed stack, and a receiver that hears."""

    places: Registries
    stack: Stack
    receiver: Receiver

    @property
    def log(self) -> Path:
        return self.places.folder / "receiver.log"


@contextmanager
def scene(functions: Mapping[str, Any], push: Callable[[Registries], None]) -> Iterator[Scene]:
    """With *functions* in the stack `local`, deployed after *push*."""
    with tempfile.TemporaryDirectory(prefix="fcpin-bench-") as name:
        folder, receiver = Path(name), Receiver()
        narrator = Narrator(folder=folder, quiet=True)
        with registries(folder, narrator, receiver.notifications) as places:
            push(places)
            stack = Stack(folder, "embedded", narrator, places)
            stack.prepare({"fcpin:functions": dict(functions)})
            stack.run("up", "--yes", "--skip-preview")
            with receiver.serve(folder, narrator.environment, engine="embedded"):
                expect("a receiver without work", wait_for(receiver.is_idle, _PATIENCE))
                yield Scene(places, stack, receiver)


def push_to_updated(pushes: int = PUSHES) -> Iterator[str]:
    """One line a figure. Raises DemoFailed when a push is not deployed."""
    function = {"repository": f"{PERSONAL}/shop/checkout", "policy": {"family": {"name": "main"}}, "config": _CONFIG}
    begin = lambda places: places.push(PERSONAL, "shop/checkout", "main-0", "main 0")  # noqa: E731 - one expression
    with scene({"checkout": function}, begin) as here:
        received = 'fcpin_receiver_accepted_events_total{sender="registry"}'
        expect(
            "the first push received",
            wait_for(lambda: here.receiver.metrics()[received] > 0 and here.receiver.is_idle()),
        )
        took = [_one(here, number) for number in range(1, pushes + 1)]
        heard = [max(0.0, moment - ended) for (ended, _), moment in zip(took, _heard(here.log)[-pushes:], strict=True)]
        whole = [updated - ended for ended, updated in took]
        rest = [total - before - _QUIET for total, before in zip(whole, heard, strict=True)]
        yield _row("push to UpdateFunction answered", whole)
        yield _row("  until the receiver has kept it", heard)
        yield _row("  until the burst is over", [_QUIET])
        yield _row("  up, until UpdateFunction answered", rest)
        yield _row("floor: an up with nothing to do", _empty_ups(here.stack))
        yield _row("floor: python -c pass", _processes())


def burst() -> Iterator[str]:
    """BURST pushes within BURST_SECONDS over REPOSITORIES: one line a figure."""
    names = [f"service-{number}" for number in range(REPOSITORIES)]
    host = "demo-registry.cn-hangzhou.cr.aliyuncs.com"
    functions = {
        name: {"repository": f"{host}/shop/{name}", "policy": {"family": {"name": "main"}}, "config": _CONFIG}
        for name in names
    }

    def begin(places: Registries) -> None:
        for name in names:
            places.cloud.push(f"shop/{name}", "main-0", content=f"{name} 0")

    with scene(functions, begin) as here:
        answers = _send_events(here, names, host)
        last = time.monotonic()
        newest = {name: here.places.cloud.tags(f"shop/{name}")[f"main-{BURST // REPOSITORIES}"] for name in names}
        expect(
            "all on the newest",
            wait_for(lambda: all(here.places.running_digest(n) == d for n, d in newest.items()), _PATIENCE),
        )
        settled = time.monotonic() - last
        # A job is counted a moment after it has ended.
        expect("no work left", wait_for(lambda: here.receiver.is_idle() and _attempts(here) > 0, _PATIENCE))
        expect("no push lost", here.receiver.metrics()['fcpin_receiver_accepted_events_total{sender="ci"}'] == BURST)
        yield _row("answer to a push", answers)
        yield f"  {'convergences of the stack':<36}{_attempts(here):>8.0f}"
        yield f"  {'last push to all 50 functions':<36}{settled:>8.2f}"


def _attempts(here: Scene) -> float:
    metrics = here.receiver.metrics()
    return sum(value for name, value in metrics.items() if name.startswith("fcpin_receiver_attempts_total"))


def _send_events(here: Scene, names: Sequence[str], host: str) -> Sequence[float]:
    """Seconds until each push was answered. Raises DemoFailed unless all were taken, in time."""
    pool = urllib3.PoolManager(maxsize=_SENDERS, retries=False)
    begun = time.monotonic()

    def send(number: int) -> float:
        name, tag = names[number % REPOSITORIES], f"main-{number // REPOSITORIES + 1}"
        here.places.cloud.push(f"shop/{name}", tag, content=f"{name} {tag}")
        time.sleep(max(0.0, begun + number * BURST_SECONDS / BURST - time.monotonic()))
        body = json.dumps({"image": f"{host}/shop/{name}:{tag}", "sent": datetime.now(UTC).isoformat()}).encode()
        signature = hmac.new(here.receiver.hook_secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        sent = time.monotonic()
        answer = pool.request("POST", f"{here.receiver.url}/hooks/ci", body=body, headers=headers)
        expect(f"push {number} taken: {answer.status} {answer.data!r}", answer.status == 202)
        return time.monotonic() - sent

    with ThreadPoolExecutor(_SENDERS) as senders:
        return list(senders.map(send, range(BURST)))


def _one(here: Scene, number: int) -> tuple[float, float]:
    """When the push had ended, and when the function had been updated; in seconds since 1970."""
    digest = here.places.push(PERSONAL, "shop/checkout", f"main-{number}", f"main {number}")
    ended = time.time()
    expect(f"push {number} deployed", wait_for(lambda: here.places.running_digest("checkout") == digest, _PATIENCE))
    updated = time.time()
    expect("no work left", wait_for(here.receiver.is_idle, _PATIENCE))
    return ended, updated


def _heard(log: Path) -> Sequence[float]:
    """When the receiver had kept each push."""
    lines = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
    return [
        datetime.fromisoformat(line["time"]).timestamp()
        for line in lines
        if line["logger"] == "fcpin.receiver.intake" and "affects" in line["message"]
    ]


def _empty_ups(stack: Stack) -> Sequence[float]:
    return [_seconds(lambda: stack.run("up", "--yes", "--skip-preview")) for _ in range(_FLOORS)]


def _processes() -> Sequence[float]:
    return [_seconds(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)) for _ in range(_FLOORS)]


def _seconds(call: Callable[[], object]) -> float:
    begun = time.monotonic()
    call()
    return time.monotonic() - begun


def _row(name: str, seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[math.ceil(0.95 * len(ordered)) - 1]
    return f"  {name:<36}{statistics.median(ordered):>8.2f}{p95:>8.2f}{ordered[-1]:>8.2f}"


def missing() -> Sequence[str]:
    """Programs that are needed, and not here."""
    return [program for program in NEEDED if shutil.which(program) is None]


_QUIET: Final = 1.0
"""Seconds, of `StackSettings.debounce`."""
_CONFIG: Final = {"cpu": 0.5, "memory_size": 512, "disk_size": 512, "port": 9000}
