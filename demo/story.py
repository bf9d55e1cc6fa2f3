"""The acts, in the order in which a user would meet them. Each checks what it tells."""

import hashlib
import re

from demo.narrator import Narrator, expect
from demo.registry import PERSONAL, Registries
from demo.stack import Stack
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Credentials
from fcpin.layout import shorten


def tell(narrator: Narrator, registries: Registries, stack: Stack) -> None:
    """Play everything. Raises DemoFailed at the first thing that is not as told."""
    cloud = registries.cloud
    enterprise = cloud.enterprise_host

    narrator.act("two functions are created, each on the newest tag of its family")
    registries.push(PERSONAL, "shop/checkout", commit("first"), "checkout one")
    registries.push(enterprise, "shop/orders", "v1.4.0", "orders one")
    stack.run("up", "--yes")
    expect("two functions", [function["functionName"] for function in cloud.functions()] == ["checkout", "orders"])

    narrator.act("a build pushes new images; the preview shows old => new tag and digest")
    checkout = registries.push(PERSONAL, "shop/checkout", commit("second"), "checkout two")
    orders = registries.push(enterprise, "shop/orders", "v1.4.1", "orders two")
    registries.push(enterprise, "shop/orders", "v2.0.0", "orders three")
    shown = stack.run("preview", "--diff")
    for value in (commit("first"), commit("second"), "v1.4.0", "v1.4.1", shorten(checkout), shorten(orders)):
        expect(f"{value} in the preview", value in shown)

    narrator.act("up deploys exactly that")
    stack.run("up", "--yes")
    expect("checkout on the previewed digest", runs(registries, "checkout") == checkout)
    expect("orders on the previewed digest", runs(registries, "orders") == orders)

    narrator.act("a second up has nothing to do, and does not call UpdateFunction")
    cloud.calls.clear()
    stack.run("up", "--yes", "--expect-no-changes")
    calls = cloud.calls.count("UpdateFunction")
    narrator.say(f"UpdateFunction calls: {calls}")
    expect("no UpdateFunction call", calls == 0)

    narrator.act("a function of another tool is adopted; it follows a moving tag, and fcpin warns of that")
    first = registries.push(enterprise, "shop/legacy", "main", "legacy one")
    create_elsewhere(registries, "legacy", f"{enterprise}/shop/legacy:main")
    policy = {"digest": {"tag": "main"}}
    stack.add("legacy", {"function_name": "legacy", "repository": f"{enterprise}/shop/legacy", "policy": policy})
    stack.run("up", "--yes")

    narrator.act("the tag moves: on Function Compute that is an outage")
    second = registries.push(enterprise, "shop/legacy", "main", "legacy two")
    answer = cloud.invoke("legacy", cold=True)
    narrator.say(f"the next cold invocation of legacy answers {answer.status} {answer.code}: {answer.message}")
    expect("PullImageFailed", answer.code == "PullImageFailed" and first != second)

    narrator.act("up heals it")
    healed = stack.run("up", "--yes")
    exposed = re.search(r"new instances could not start for up to ([\d.]+) s", " ".join(healed.split()))
    expect("the seconds of exposure", exposed is not None)
    answer = cloud.invoke("legacy", cold=True)
    narrator.say(f"the next cold invocation of legacy answers {answer.status}, and runs {answer.digest}")
    expect("legacy on the new digest", answer.digest == second)

    narrator.act("somebody changes an image in the console: refresh shows it, up --refresh repairs it")
    cloud.set_image("orders", f"{enterprise}/shop/orders:v1.4.0")
    drift = stack.run("refresh", "--preview-only", "--diff")
    expect("the drift", "v1.4.0" in drift)
    stack.run("up", "--yes", "--refresh")
    expect("orders on its pin again", runs(registries, "orders") == orders)

    narrator.act("destroy deletes what was created here, and leaves what was adopted")
    stack.run("destroy", "--yes")
    left = [function["functionName"] for function in cloud.functions()]
    narrator.say(f"functions that are left: {', '.join(left)}")
    expect("only legacy left", left == ["legacy"])


def commit(change: str) -> str:
    """A tag as a build pipeline makes it: the family, and the commit's hash."""
    return f"release-{hashlib.sha256(change.encode()).hexdigest()[:40]}"


def runs(registries: Registries, function: str) -> str:
    """The digest that a function runs."""
    resolved: str = registries.cloud.function(function)["customContainerConfig"]["resolvedImageUri"]
    return resolved.partition("@")[2]


def create_elsewhere(registries: Registries, name: str, image: str) -> None:
    """Create a function as Serverless Devs or the console would."""
    cloud = registries.cloud
    credentials = Credentials(cloud.access_key_id, cloud.access_key_secret)
    body = {"runtime": "custom-container", "handler": "index.handler", "customContainerConfig": {"image": image}}
    FunctionClient("cn-hangzhou", endpoint=cloud.url, credentials=credentials).create(name, body)
    cloud.advance(1)
