"""What the ledger says at the moment of a scrape: jobs, the freeze, and what the last surveys saw.

Every receiver on one ledger says the same, so that dashboards take the `max` of these over them, not the `sum`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from fcpin.clock import Clock
from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import FunctionReport, StackReport, UnreadableReport, report_key
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import JobState
from fcpin.receiver.metrics.counted import PREFIX

_LIVE: Final = (JobState.PENDING, JobState.RUNNING, JobState.WAITING_FOR_APPROVAL)


class LedgerMetrics(Collector):
    """Reads the ledger anew for each scrape."""

    def __init__(self, ledger: Ledger, stacks: Sequence[str], clock: Clock) -> None:
        self._ledger, self._stacks, self._clock = ledger, stacks, clock

    def describe(self) -> Sequence[Metric]:
        """Nothing is asked for at the start, when the ledger may be away."""
        return ()

    def collect(self) -> Iterator[Metric]:
        up = _gauge("ledger_up", "Whether the ledger could be read.")
        try:
            found = [*self._jobs(), *self._switches(), *self._surveys()]
        except LedgerUnavailable:
            found = []
        up.add_metric((), float(bool(found)))
        yield up
        yield from found

    def _jobs(self) -> Iterator[Metric]:
        # A stack has one job that waits and one that runs at most, and these come before those that have ended.
        jobs = [job for job in self._ledger.jobs(limit=2 * len(self._stacks) + 1) if job.state in _LIVE]
        counts = Counter((job.stack, job.state) for job in jobs)
        depth = _gauge("jobs", "Jobs that have not ended.", "stack", "state")
        for stack in self._stacks:
            for state in _LIVE:
                depth.add_metric((stack, state), counts[stack, state])
        yield depth
        oldest = _gauge("oldest_waiting_seconds", "Since when the oldest waiting job waits; 0 for none.")
        ages = [self._since(job.created) for job in jobs if job.state is JobState.PENDING]
        oldest.add_metric((), max(ages, default=0.0))
        yield oldest

    def _switches(self) -> Iterator[Metric]:
        frozen = _gauge("frozen", "Whether nothing is deployed, because somebody said so.")
        frozen.add_metric((), float(self._ledger.current_freeze() is not None))
        yield frozen
        proposals = _gauge("proposals", "Changes that wait for somebody to approve them.", "stack")
        counts = Counter(one.stack for one in self._ledger.proposals() if not one.approved)
        for stack in self._stacks:
            proposals.add_metric((stack,), counts[stack])
        yield proposals

    def _surveys(self) -> Iterator[Metric]:
        reports = [report for stack in self._stacks if (report := self._report(stack))]
        seen = _gauge("survey_timestamp_seconds", "When a stack's functions were last looked at.", "stack")
        failed = _gauge("survey_failed", "Whether the stack could not be looked at.", "stack")
        drift = _gauge("functions", "Functions, by the kind of their drift.", "stack", "drift")
        exposed = _gauge("exposed_seconds", "For how long new instances cannot start by now.", "stack", "pin")
        for report in reports:
            seen.add_metric((report.stack,), report.at.timestamp())
            failed.add_metric((report.stack,), float(report.error is not None))
            kinds = Counter(function.drift for function in report.functions)
            for kind in Kind:
                drift.add_metric((report.stack, kind), kinds[kind])
            for function in report.functions:
                if seconds := self._exposed(report, function):
                    exposed.add_metric((report.stack, function.pin), seconds)
        yield from (seen, failed, drift, exposed)

    def _report(self, stack: str) -> StackReport | None:
        value = self._ledger.get(report_key(stack))
        try:
            return StackReport.read(value) if value is not None else None
        except UnreadableReport:
            return None

    def _exposed(self, report: StackReport, function: FunctionReport) -> float | None:
        """Goes on after the survey, until the function is deployed to."""
        if function.exposed_seconds is None:
            return None
        newest = self._ledger.deployments(stack=report.stack, pin=function.pin, limit=1)
        if newest and newest[0].at >= report.at:
            return None
        return function.exposed_seconds + self._since(report.at)

    def _since(self, moment: datetime) -> float:
        return max(0.0, (self._clock.now() - moment).total_seconds())


def _gauge(name: str, help_: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", help_, labels=labels)
