"""One run of all experiments, from the first push to the last removal, and the file of its facts."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from fcpin.errors import FcpinError, InvalidInput, Problem
from fcpin.probe.experiments import EXPERIMENTS, Experiment
from fcpin.probe.lab import Lab
from fcpin.probe.questions import Fact, Finding, Unknown

VERSION: Final = 1
"""Of the file of facts."""

Report = Callable[[str], None]


def run(lab: Lab, report: Report, experiments: Sequence[Experiment] = EXPERIMENTS) -> list[Finding]:
    """A finding for every question of *experiments*, reported as it is found.

    Whatever happens, what was created is removed. Raises RegistryError when nothing can be pushed.
    """
    try:
        lab.push_all()
        findings = list[Finding]()
        for experiment in experiments:
            for finding in _findings(experiment, lab):
                report(str(finding))
                findings.append(finding)
        return findings
    finally:
        _remove(lab, report)


def _findings(experiment: Experiment, lab: Lab) -> Iterator[Finding]:
    open_ = dict.fromkeys(experiment.names)
    reason = "the experiment did not settle it"
    try:
        for finding in experiment.run(lab):
            open_.pop(finding.name)
            yield finding
    except FcpinError as error:
        reason = str(error)
    except (KeyError, TypeError, ValueError) as error:  # a response that no document describes
        reason = f"a response has another shape than expected ({type(error).__name__}: {error})"
    yield from (Unknown(name, reason) for name in open_)


def _remove(lab: Lab, report: Report) -> None:
    """A second interruption ends the removal; what is left is named anyway."""
    try:
        failures = list(lab.remove())  # removed completely before the first report, which may fail
        for failure in failures:
            report(f"not removed: {failure}")
    finally:
        for thing in lab.left:
            report(f"left behind: {thing}")
        if not lab.left:
            report("everything that was created is removed")


def settled(findings: Sequence[Finding]) -> int:
    """How many of them are facts."""
    return sum(isinstance(finding, Fact) for finding in findings)


def facts_document(findings: Sequence[Finding], region: str, measured: datetime) -> str:
    """The text of facts.json, for `fcpin emulator --facts`."""
    value = {
        "version": VERSION,
        "measured": measured.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "region": region,
        "facts": {one.name: one.value for one in findings if isinstance(one, Fact)},
        "unknown": {one.name: one.reason for one in findings if not isinstance(one, Fact)},
    }
    return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n"


def check_writable(file: Path) -> None:
    """Check before anything is created. Raises InvalidInput."""
    if file.is_dir() or not file.parent.is_dir():
        raise InvalidInput(
            Problem("--output", f"{file} cannot be written: its folder does not exist, or it is a folder")
        )


def write_facts(file: Path, text: str) -> None:
    """Write the whole file, or nothing. Raises InvalidInput."""
    draft = file.with_name(f".{file.name}.new")
    try:
        draft.write_text(text, "utf-8")
        draft.replace(file)
    except OSError as error:
        raise InvalidInput(Problem("--output", f"{file} cannot be written: {error.strerror}")) from None
