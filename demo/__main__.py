"""`python -m demo [--engine auto|embedded|pulumi]`: the whole story, each act with its check; `make demo` runs it."""

import re
import sys
from typing import Final

from demo.narrator import Engine, Narrator, expect, perform
from demo.registry import PERSONAL, Registries, commit_tag, registries
from demo.stack import ROOT, Stack
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Credentials
from fcpin.layout import shorten

FOLDER: Final = ROOT / ".demo"


def play(narrator: Narrator, engine: Engine) -> None:
    with registries(FOLDER, narrator) as places:
        stack = Stack(FOLDER, engine, narrator, places)
        stack.prepare()
        acts(narrator, places, stack)


def acts(narrator: Narrator, places: Registries, stack: Stack) -> None:
    """Raises DemoFailed at the first unexpected result."""
    cloud = places.cloud
    enterprise = cloud.enterprise_host

    narrator.act("two functions are created, each on the newest tag of its family")
    places.push(PERSONAL, "shop/checkout", commit_tag("first"), "checkout one")
    places.push(enterprise, "shop/orders", "v1.4.0", "orders one")
    stack.run("up", "--yes")
    expect("two functions", [function["functionName"] for function in cloud.functions()] == ["checkout", "orders"])

    narrator.act("a build pushes new images; the preview shows old => new tag and digest")
    checkout = places.push(PERSONAL, "shop/checkout", commit_tag("second"), "checkout two")
    orders = places.push(enterprise, "shop/orders", "v1.4.1", "orders two")
    places.push(enterprise, "shop/orders", "v2.0.0", "orders three")
    shown = stack.run("preview", "--diff")
    for value in (commit_tag("first"), commit_tag("second"), "v1.4.0", "v1.4.1", shorten(checkout), shorten(orders)):
        expect(f"{value} in the preview", value in shown)

    narrator.act("up deploys exactly that")
    stack.run("up", "--yes")
    expect("checkout on the previewed digest", places.running_digest("checkout") == checkout)
    expect("orders on the previewed digest", places.running_digest("orders") == orders)

    narrator.act("a second up changes nothing, and does not call UpdateFunction")
    cloud.calls.clear()
    stack.run("up", "--yes", "--expect-no-changes")
    calls = cloud.calls.count("UpdateFunction")
    narrator.write(f"UpdateFunction calls: {calls}")
    expect("no UpdateFunction call", calls == 0)

    narrator.act("a function of another tool is adopted; it follows a moving tag, and fcpin warns of that")
    first = places.push(enterprise, "shop/legacy", "main", "legacy one")
    create_elsewhere(places, "legacy", f"{enterprise}/shop/legacy:main")
    policy = {"digest": {"tag": "main"}}
    stack.add("legacy", {"function_name": "legacy", "repository": f"{enterprise}/shop/legacy", "policy": policy})
    stack.run("up", "--yes")

    narrator.act("the tag moves: on Function Compute that is an outage")
    second = places.push(enterprise, "shop/legacy", "main", "legacy two")
    answer = cloud.invoke("legacy", cold=True)
    narrator.write(f"the next cold invocation of legacy answers {answer.status} {answer.code}: {answer.message}")
    expect("PullImageFailed", answer.code == "PullImageFailed" and first != second)

    narrator.act("up heals it")
    healed = stack.run("up", "--yes")
    exposed = re.search(r"new instances could not start for up to ([\d.]+) s", " ".join(healed.split()))
    expect("the seconds of exposure", exposed is not None)
    answer = cloud.invoke("legacy", cold=True)
    narrator.write(f"the next cold invocation of legacy answers {answer.status}, and runs {answer.digest}")
    expect("legacy on the new digest", answer.digest == second)

    narrator.act("an image is changed in the console: refresh shows it, up --refresh repairs it")
    cloud.set_image("orders", f"{enterprise}/shop/orders:v1.4.0")
    drift = stack.run("refresh", "--preview-only", "--diff")
    expect("the drift", "v1.4.0" in drift)
    stack.run("up", "--yes", "--refresh")
    expect("orders on its pin again", places.running_digest("orders") == orders)

    narrator.act("destroy deletes what was created here, and leaves what was adopted")
    stack.run("destroy", "--yes")
    left = [function["functionName"] for function in cloud.functions()]
    narrator.write(f"functions that are left: {', '.join(left)}")
    expect("only legacy left", left == ["legacy"])


def create_elsewhere(places: Registries, name: str, image: str) -> None:
    """Create a function as Serverless Devs or the console would."""
    cloud = places.cloud
    credentials = Credentials(cloud.access_key_id, cloud.access_key_secret)
    body = {"runtime": "custom-container", "handler": "index.handler", "customContainerConfig": {"image": image}}
    FunctionClient("cn-hangzhou", endpoint=cloud.url, credentials=credentials).create(name, body)
    cloud.advance(1)


if __name__ == "__main__":
    sys.exit(perform("The whole story on a local cloud.", FOLDER, play))
