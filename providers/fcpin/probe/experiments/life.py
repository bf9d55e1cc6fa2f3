"""How long a function takes to become what was asked for, and what may happen meanwhile."""

from collections.abc import Iterator
from typing import Final

from fcpin.errors import FunctionRejected
from fcpin.fc.model import Function
from fcpin.probe.experiments.experiment import Experiment
from fcpin.probe.findings import Fact, Finding, Unknown
from fcpin.probe.lab import Lab

COMMAND: Final = ["fcpin-probe"]
"""A setting of the container to recognise; the program takes no notice of it."""
_IN_PROGRESS: Final = "InProgress"
_CONFLICT: Final = 409


def _create(lab: Lab) -> Iterator[Finding]:
    outcome = lab.function().create({"image": lab.image("one"), "command": COMMAND})
    if not outcome.succeeded:
        raise FunctionRejected(f"CreateFunction was {outcome}")
    yield Fact("create_seconds", round(outcome.seconds, 1), "made a function", f"Active after {outcome.seconds:.1f} s")


def _update(lab: Lab) -> Iterator[Finding]:
    """The update leaves out the command that the function was made with."""
    outcome = lab.deploy("two")
    yield Fact("update_seconds", round(outcome.seconds, 1), "updated it", f"Successful after {outcome.seconds:.1f} s")
    kept = outcome.function is not None and outcome.function.container.get("command") == COMMAND
    did, answered = "updated the image without the command", f"the command is {'still there' if kept else 'gone'}"
    yield Fact("update_merge", "merge" if kept else "replace", did, answered)


def _concurrent(lab: Lab) -> Iterator[Finding]:
    function = lab.ready()
    first = function.send_update({"customContainerConfig": {"image": lab.image("one")}})
    if not first.is_success:
        yield Unknown("concurrent_update", f"the first of two updates was {first}")
        return
    second = function.send_update({"description": "the second of two updates"})
    function.settle(second if second.is_success else first)
    did = "sent a second update at once"
    if second.status == _CONFLICT:
        yield Fact("concurrent_update", "conflict", did, str(second))
    elif not second.is_success:
        yield Unknown("concurrent_update", f"{did}, and it was {second}")
    elif Function.answered(first.body, function.name).last_update_status != _IN_PROGRESS:
        yield Unknown("concurrent_update", "the first update was finished before a second one could be sent")
    else:
        yield Fact("concurrent_update", "accepted", did, "accepted while the first was InProgress")


def _list(lab: Lab) -> Iterator[Finding]:
    listed = lab.ready().listed()
    if listed is None:
        yield Unknown("listed_functions", "ListFunctions does not tell of the function")
        return
    image, status = bool(listed.resolved_image_uri), bool(listed.last_update_status)
    position = "brief" if not image else "full" if status else "no-status"
    has = [name for name, there in (("resolvedImageUri", image), ("lastUpdateStatus", status)) if there]
    answered = f"of resolvedImageUri and lastUpdateStatus the answer has {' and '.join(has) or 'neither'}"
    yield Fact("listed_functions", position, "listed functions", answered)


def _publish(lab: Lab) -> Iterator[Finding]:
    function = lab.ready()
    first, second = function.publish(), function.publish()
    did = "published the function twice"
    versions = [said.fields("a version").text("versionId") for said in (first, second)]
    if not first.is_success:
        yield Unknown("publish_unchanged", f"the first publishing was {first}")
    elif not second.is_success:
        yield Fact("publish_unchanged", "rejected", did, f"the second was {second}")
    elif versions[0] == versions[1]:
        yield Unknown("publish_unchanged", f"{did}, and got version {versions[0]} twice: neither accepted nor rejected")
    else:
        yield Fact("publish_unchanged", "accepted", did, f"got the versions {' and '.join(versions)}")


def _idle(_: Lab) -> Iterator[Finding]:
    yield Unknown("instance_idle_seconds", "no instance is kept waiting to see when it ends: the probe's end at once")


EXPERIMENTS: Final = (
    Experiment(("create_seconds",), _create),
    Experiment(("update_seconds", "update_merge"), _update),
    Experiment(("listed_functions",), _list),
    Experiment(("concurrent_update",), _concurrent),
    Experiment(("publish_unchanged",), _publish),
    Experiment(("instance_idle_seconds",), _idle),
)
