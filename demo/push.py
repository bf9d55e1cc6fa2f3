"""`python -m demo.push`: one push, and the function runs it; `make demo-push` runs it."""

import sys
import time
from collections.abc import Callable
from typing import Final

from demo.narrator import Engine, Narrator, expect, perform
from demo.receiver import Receiver
from demo.registry import PERSONAL, Registries, commit_tag, registries
from demo.screenshot import DESKTOP, PHONE, photograph
from demo.stack import ROOT, Stack

FOLDER: Final = ROOT / ".demo-push"
PICTURES: Final = ROOT / "docs" / "receiver"
_PATIENCE: Final = 30.0
_SHOWN: Final = tuple(
    f"fcpin_receiver_{name}_total"
    for name in ("accepted_events", "attempts", "deployments", "outage_seconds", "api_calls")
)
_PUSHES: Final = 'fcpin_receiver_accepted_events_total{sender="registry"}'
_WELL: Final = 'fcpin_receiver_functions{drift="ok",stack="local"}'
_FUNCTIONS: Final = 2


def play(narrator: Narrator, engine: Engine) -> None:
    """Raises DemoFailed at the first unexpected result."""
    receiver = Receiver()
    with registries(FOLDER, narrator, receiver.notifications) as places:
        stack = Stack(FOLDER, engine, narrator, places)
        stack.prepare()
        narrator.act("two functions are created, each on the newest tag of its family")
        places.push(PERSONAL, "shop/checkout", commit_tag("first"), "checkout one")
        places.push(places.cloud.enterprise_host, "shop/orders", "v1.4.0", "orders one")
        stack.run("up", "--yes")
        narrator.act("the receiver starts, and docker-registry reports pushes to it")
        with receiver.serve(FOLDER, narrator.environment, engine=engine):
            narrator.write((FOLDER / "receiver.yaml").read_text())
            acts(narrator, places, receiver)


def acts(narrator: Narrator, places: Registries, receiver: Receiver) -> None:
    # docker-registry repeats the report of the first push, which it could not deliver before.
    expect("the report of the first push", wait_for(lambda: receiver.metrics()[_PUSHES] > 0 and receiver.is_idle()))

    narrator.act("a build pushes a new image; the receiver deploys it")
    second = places.push(PERSONAL, "shop/checkout", commit_tag("second"), "checkout two")
    waited = deployed(places, "checkout", second)
    narrator.write(f"checkout runs {second}, {waited:.1f} s after the push")

    narrator.act("the tag moves: an outage on Function Compute, until the receiver has deployed it")
    moved = places.push(PERSONAL, "shop/checkout", commit_tag("second"), "checkout two again")
    exposed = deployed(places, "checkout", moved)
    starts = wait_for(lambda: places.cloud.invoke("checkout", cold=True).digest == moved)
    expect("a cold start on the new digest", starts)
    narrator.write(f"checkout runs {moved}, {exposed:.1f} s after the push, and a cold instance starts again")

    narrator.act("the metrics for Prometheus, and the page")
    expect("a drift scan without drift", wait_for(lambda: receiver.metrics().get(_WELL) == _FUNCTIONS))
    metrics = receiver.metrics()
    expect("two deployments in the metrics", metrics['fcpin_receiver_deployments_total{stack="local"}'] > 1)
    shown = {name: value for name, value in metrics.items() if value and name.startswith(_SHOWN)}
    narrator.write("\n".join(f"{name} {value:g}" for name, value in shown.items()))
    picture(narrator, receiver)


def picture(narrator: Narrator, receiver: Receiver) -> None:
    """Write the page's screenshots, where there is a Chromium."""
    PICTURES.mkdir(exist_ok=True)
    pictures = {PICTURES / "page.png": DESKTOP, PICTURES / "page-phone.png": PHONE}
    try:
        photograph(f"{receiver.url}/", receiver.page_token, pictures)
    except FileNotFoundError as error:
        narrator.write(f"(no screenshot: {error})")
    else:
        narrator.write(f"the page: {', '.join(str(file.relative_to(ROOT)) for file in pictures)}")


def deployed(places: Registries, function: str, digest: str) -> float:
    """Seconds until *function* runs *digest*. Raises DemoFailed."""
    begun = time.monotonic()
    expect(f"{function} on {digest}", wait_for(lambda: places.running_digest(function) == digest))
    return time.monotonic() - begun


def wait_for(holds: Callable[[], bool], seconds: float = _PATIENCE) -> bool:
    """Whether *holds* became true in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


if __name__ == "__main__":
    sys.exit(perform(__doc__, FOLDER, play, needed=("docker-registry", "skopeo")))
