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
    elif Function.from_wire(first.body).last_update_status != _IN_PROGRESS:
        yield Unknown("concurrent_update", "the first update was finished before a second one could be sent")
    else:
        yield Fact("concurrent_update", "accepted", did, "accepted while the first was InProgress")


def _list(lab: Lab) -> Iterator[Finding]:
    listed = lab.ready().listed()
    if not listed:
        yield Unknown("listed_functions", "ListFunctions does not tell of the function")
        return
    full = bool((listed.get("customContainerConfig") or {}).get("resolvedImageUri"))
    answered = f"resolvedImageUri is {'' if full else 'not '}in the answer"
    yield Fact("listed_functions", "full" if full else "brief", "listed functions", answered)


EXPERIMENTS: Final = (
    Experiment(("create_seconds",), _create),
    Experiment(("update_seconds", "update_merge"), _update),
    Experiment(("listed_functions",), _list),
    Experiment(("concurrent_update",), _concurrent),
)
