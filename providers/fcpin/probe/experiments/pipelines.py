"""What nobody has verified about image-build pipelines: the probe builds nothing, and says so."""

from collections.abc import Iterator
from typing import Final

from fcpin.probe.experiments.experiment import Experiment
from fcpin.probe.findings import Finding, Unknown
from fcpin.probe.lab import Lab

NAMES: Final = (
    "pipeline_start",
    "pipeline_phases",
    "pipeline_tasks",
    "build_output",
    "build_seconds",
)
_WHY: Final = "no pipeline is run: it takes a code repository and a role of yours, and stays in the account for ever"


def _nothing(_: Lab) -> Iterator[Finding]:
    yield from (Unknown(name, _WHY) for name in NAMES)


EXPERIMENTS: Final = (Experiment(NAMES, _nothing),)
