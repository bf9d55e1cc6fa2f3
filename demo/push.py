"""`python -m demo.push`: one push, and the function runs it; `make demo-push` calls it."""

import sys
import time
from collections.abc import Callable
from typing import Final

from demo.narrator import Narrator, expect
from demo.receiver import Hearing
from demo.registry import PERSONAL, Registries, registries
from demo.screenshot import DESKTOP, PHONE, photograph
from demo.stack import ROOT, Engine, Stack
from demo.stage import perform
from demo.story import commit, runs

FOLDER: Final = ROOT / ".demo-push"
PICTURES: Final = ROOT / "docs" / "receiver"
_PATIENCE: Final = 30.0
_SHOWN: Final = tuple(
    f"fcpin_receiver_{name}_total" for name in ("pushes", "attempts", "deployments", "outage_seconds", "api_calls")
)
_PUSHES: Final = 'fcpin_receiver_accepted_events_total{sender="registry"}'
_WELL: Final = 'fcpin_receiver_functions{drift="ok",stack="local"}'
_FUNCTIONS: Final = 2


def play(narrator: Narrator, engine: Engine) -> None:
    """Raises DemoFailed at the first thing that is not as told."""
    hearing = Hearing()
    with registries(FOLDER, narrator, hearing.notifications) as places:
        stack = Stack(FOLDER, engine, narrator, places)
        stack.prepare()
        narrator.act("two functions are created, each on the newest tag of its family")
        places.push(PERSONAL, "shop/checkout", commit("first"), "checkout one")
        places.push(places.cloud.enterprise_host, "shop/orders", "v1.4.0", "orders one")
        stack.run("up", "--yes")
        narrator.act("the receiver begins, and docker-registry tells it of pushes")
        with hearing.serve(FOLDER, narrator.environment, engine=engine):
            narrator.say((FOLDER / "receiver.yaml").read_text())
            tell(narrator, places, hearing)


def tell(narrator: Narrator, places: Registries, hearing: Hearing) -> None:
    # docker-registry has kept what it could not tell before: the push that the stack was made of.
    expect("the first push told", wait_for(lambda: hearing.metrics()[_PUSHES] > 0 and hearing.is_idle()))

    narrator.act("a build pushes a new image: nobody runs up")
    second = places.push(PERSONAL, "shop/checkout", commit("second"), "checkout two")
    waited = deployed(places, "checkout", second)
    narrator.say(f"checkout runs {second}, {waited:.1f} s after the push")

    narrator.act("the tag moves: an outage on Function Compute, until the receiver has heard of it")
    moved = places.push(PERSONAL, "shop/checkout", commit("second"), "checkout two again")
    exposed = deployed(places, "checkout", moved)
    starts = wait_for(lambda: places.cloud.invoke("checkout", cold=True).digest == moved)
    expect("a cold start on the new digest", starts)
    narrator.say(f"checkout runs {moved}, {exposed:.1f} s after the push, and a cold instance starts again")

    narrator.act("what Prometheus is told, and what people see")
    expect("a survey that finds all well", wait_for(lambda: hearing.metrics().get(_WELL) == _FUNCTIONS))
    told = hearing.metrics()
    expect("two deployments in the metrics", told['fcpin_receiver_deployments_total{stack="local"}'] > 1)
    shown = {name: value for name, value in told.items() if value and name.startswith(_SHOWN)}
    narrator.say("\n".join(f"{name} {value:g}" for name, value in shown.items()))
    picture(narrator, hearing)


def picture(narrator: Narrator, hearing: Hearing) -> None:
    """Write the page's screenshots, where there is a Chromium."""
    PICTURES.mkdir(exist_ok=True)
    pictures = {PICTURES / "page.png": DESKTOP, PICTURES / "page-phone.png": PHONE}
    try:
        photograph(f"{hearing.url}/", hearing.page_token, pictures)
    except FileNotFoundError as error:
        narrator.say(f"(no screenshot: {error})")
    else:
        narrator.say(f"the page: {', '.join(str(file.relative_to(ROOT)) for file in pictures)}")


def deployed(places: Registries, function: str, digest: str) -> float:
    """Seconds until *function* runs *digest*. Raises DemoFailed."""
    begun = time.monotonic()
    expect(f"{function} on {digest}", wait_for(lambda: runs(places, function) == digest))
    return time.monotonic() - begun


def wait_for(holds: Callable[[], bool], seconds: float = _PATIENCE) -> bool:
    """Whether it came to that in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


if __name__ == "__main__":
    sys.exit(perform(__doc__, FOLDER, play, needed=("docker-registry", "skopeo")))
