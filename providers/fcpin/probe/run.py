"""One run of all experiments, from the first push to the last removal."""

from collections.abc import Callable, Iterator, Sequence

from fcpin.errors import FcpinError
from fcpin.probe.experiments import EXPERIMENTS, Experiment
from fcpin.probe.findings import Fact, Finding, Unknown
from fcpin.probe.lab import Lab

Tell = Callable[[str], None]


def run(lab: Lab, tell: Tell, experiments: Sequence[Experiment] = EXPERIMENTS) -> list[Finding]:
    """A finding for every question of *experiments*, each told when it is found.

    Whatever happens, what was made is removed. Raises RegistryError when nothing can be pushed.
    """
    try:
        lab.push_all()
        findings = list[Finding]()
        for experiment in experiments:
            for finding in _findings(experiment, lab):
                tell(str(finding))
                findings.append(finding)
        return findings
    finally:
        _remove(lab, tell)


def _findings(experiment: Experiment, lab: Lab) -> Iterator[Finding]:
    open_ = dict.fromkeys(experiment.names)
    why = "the experiment did not settle it"
    try:
        for finding in experiment.run(lab):
            open_.pop(finding.name)
            yield finding
    except FcpinError as error:
        why = str(error)
    except (KeyError, TypeError, ValueError) as error:  # the cloud may answer what no document says
        why = f"an answer has another shape than expected ({type(error).__name__}: {error})"
    yield from (Unknown(name, why) for name in open_)


def _remove(lab: Lab, tell: Tell) -> None:
    """A second interruption ends this as well, and what is left is named all the same."""
    try:
        failures = list(lab.remove())  # all of it, even when nobody is listening any more
        for failure in failures:
            tell(f"not removed: {failure}")
    finally:
        for thing in lab.left:
            tell(f"left behind: {thing}")
        if not lab.left:
            tell("everything that was made is removed again")


def settled(findings: Sequence[Finding]) -> int:
    """How many of them are facts."""
    return sum(isinstance(finding, Fact) for finding in findings)
