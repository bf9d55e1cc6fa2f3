"""How long a function takes to become what was asked for, and what may happen meanwhile."""

from collections.abc import Iterator
from typing import Final

from fcpin.errors import FunctionRejected
from fcpin.probe.experiments.experiment import Experiment
from fcpin.probe.findings import Fact, Finding, Unknown
from fcpin.probe.function import Outcome
from fcpin.probe.lab import Lab

COMMAND: Final = ["fcpin-probe"]
"""A setting of the container to recognise; the program takes no notice of it."""
_IN_PROGRESS: Final = "InProgress"
_CONFLICT: Final = 409
_AT_ONCE: Final = 1.0
"""Seconds; an update that takes longer was under way when it was answered."""
_THRESHOLD: Final = 7
"""Of failures, which is not FC's default."""


def _create(lab: Lab) -> Iterator[Finding]:
    outcome = lab.function().create({"image": lab.image("one"), "command": COMMAND})
    if not outcome.succeeded:
        raise FunctionRejected(f"CreateFunction was {outcome}")
    yield Fact("create_seconds", round(outcome.seconds, 1), "made a function", f"Active after {outcome.seconds:.1f} s")


def _update(lab: Lab) -> Iterator[Finding]:
    """The update leaves out the command that the function was made with."""
    outcome = lab.deploy("two")
    yield _answer(outcome, lab.image("two"))
    yield Fact("update_seconds", round(outcome.seconds, 1), "updated it", f"Successful after {outcome.seconds:.1f} s")
    kept = outcome.function is not None and outcome.function.container.get("command") == COMMAND
    did, answered = "updated the image without the command", f"the command is {'still there' if kept else 'gone'}"
    yield Fact("update_merge", "merge" if kept else "replace", did, answered)


def _answer(outcome: Outcome, image: str) -> Finding:
    """What the answer to an update of the image to *image* tells of it."""
    answer, did = outcome.said.body, "looked at the answer of that update"
    status = answer.get("lastUpdateStatus")
    if not status:
        return Fact("update_answer", "bare", did, "it has no lastUpdateStatus")
    if status == _IN_PROGRESS:
        return Fact("update_answer", "status", did, "lastUpdateStatus is InProgress")
    if (answer.get("customContainerConfig") or {}).get("image") != image or outcome.seconds >= _AT_ONCE:
        return Fact("update_answer", "stale", did, f"lastUpdateStatus is {status}, of the function as it was before")
    return Unknown("update_answer", f"{did}: the update was finished in it")


def _nested(lab: Lab) -> Iterator[Finding]:
    """Two updates of the health check, the second with a part of it; a third takes it away again."""
    function, image = lab.ready(), lab.image("two")
    both, part = {"periodSeconds": 9, "failureThreshold": _THRESHOLD}, {"periodSeconds": 9}
    function.deploy(image, healthCheckConfig=both, command=COMMAND)
    outcome = function.deploy(image, healthCheckConfig=part)
    container = outcome.function.container if outcome.function else {}
    kept = (container.get("healthCheckConfig") or {}).get("failureThreshold") == _THRESHOLD
    function.deploy(image, healthCheckConfig={}, command=[])
    did = "updated one of two fields of healthCheckConfig"
    if not outcome.succeeded:
        yield Unknown("nested_merge", f"{did}, and that was {outcome}")
    elif container.get("command") != COMMAND:
        yield Unknown("nested_merge", f"{did}: the whole customContainerConfig was replaced")
    else:
        answered = f"the other one is {'still there' if kept else 'gone'}"
        yield Fact("nested_merge", "merge" if kept else "replace", did, answered)


def _concurrent(lab: Lab) -> Iterator[Finding]:
    function = lab.ready()
    first = function.send_update({"customContainerConfig": {"image": lab.image("one")}})
    if not first.is_success:
        yield Unknown("concurrent_update", f"the first of two updates was {first}")
        return
    under_way = function.get().last_update_status == _IN_PROGRESS
    second = function.send_update({"description": "the second of two updates"})
    function.settle(second if second.is_success else first)
    did = "sent a second update at once"
    if second.status == _CONFLICT:
        yield Fact("concurrent_update", "conflict", did, str(second))
    elif not second.is_success:
        yield Unknown("concurrent_update", f"{did}, and it was {second}")
    elif not under_way:
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


EXPERIMENTS: Final = (
    Experiment(("create_seconds",), _create),
    Experiment(("update_answer", "update_seconds", "update_merge"), _update),
    Experiment(("nested_merge",), _nested),
    Experiment(("listed_functions",), _list),
    Experiment(("concurrent_update",), _concurrent),
)
