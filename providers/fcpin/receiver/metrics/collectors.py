"""Metrics that are read for each scrape: the ledger and the call statistics.

Every receiver of one ledger reports the same of it, so a dashboard takes their `max`, not their `sum`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from fcpin.call_statistics import Call
from fcpin.clock import Clock
from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import FunctionReport, StackReport, UnreadableReport, report_key
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import JobState
from fcpin.receiver.metrics.counters import PREFIX

Calls: TypeAlias = Callable[[], Mapping[Call, int]]
"""Returns how often each call was made by this process and its child processes."""
_LIVE: Final = (JobState.PENDING, JobState.RUNNING, JobState.WAITING_FOR_APPROVAL)


class LedgerMetrics(Collector):
    """Jobs, the freeze, and the last drift scans."""

    def __init__(self, ledger: Ledger, stacks: Sequence[str], clock: Clock) -> None:
        self._ledger, self._stacks, self._clock = ledger, stacks, clock

    def describe(self) -> Sequence[Metric]:
        """Empty, because the ledger may be unavailable at the start."""
        return ()

    def collect(self) -> Iterator[Metric]:
        up = _gauge("ledger_up", "1 if the ledger could be read; else its metrics are absent.")
        try:
            found = [*self._jobs(), *self._switches(), *self._scans()]
        except LedgerUnavailable:
            found = []
        up.add_metric((), float(bool(found)))
        yield up
        yield from found

    def _jobs(self) -> Iterator[Metric]:
        # A stack has at most one pending and one running job, and these are listed before those that ended.
        jobs = [job for job in self._ledger.jobs(limit=2 * len(self._stacks) + 1) if job.state in _LIVE]
        counts = Counter((job.stack, job.state) for job in jobs)
        depth = _gauge("jobs", "Jobs that have not ended.", "stack", "state")
        for stack in self._stacks:
            for state in _LIVE:
                depth.add_metric((stack, state), counts[stack, state])
        yield depth
        oldest = _gauge("oldest_pending_seconds", "Age of the oldest pending job; 0 without one.")
        ages = [self._since(job.created) for job in jobs if job.state is JobState.PENDING]
        oldest.add_metric((), max(ages, default=0.0))
        yield oldest

    def _switches(self) -> Iterator[Metric]:
        frozen = _gauge("frozen", "1 while a freeze holds back every deployment.")
        frozen.add_metric((), float(self._ledger.current_freeze() is not None))
        yield frozen
        proposals = _gauge("proposals", "Changes that wait for an approval.", "stack")
        counts = Counter(one.stack for one in self._ledger.proposals() if not one.approved)
        for stack in self._stacks:
            proposals.add_metric((stack,), counts[stack])
        yield proposals

    def _scans(self) -> Iterator[Metric]:
        reports = [report for stack in self._stacks if (report := self._report(stack))]
        seen = _gauge("scan_timestamp_seconds", "Time of the last drift scan.", "stack")
        failed = _gauge("scan_failed", "1 if the last drift scan failed.", "stack")
        drift = _gauge("functions", "Functions, by kind of drift.", "stack", "drift")
        exposed = _gauge(
            "exposed_seconds", "Seconds since new instances cannot start; absent if they can.", "stack", "pin"
        )
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
        """Continues after the drift scan, until the next deployment of the function."""
        if function.exposed_seconds is None:
            return None
        newest = self._ledger.deployments(stack=report.stack, pin=function.pin, limit=1)
        if newest and newest[0].at >= report.at:
            return None
        return function.exposed_seconds + self._since(report.at)

    def _since(self, moment: datetime) -> float:
        return max(0.0, (self._clock.now() - moment).total_seconds())


class CallMetrics(Collector):
    """Calls of Alibaba Cloud's APIs and of registries."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def describe(self) -> Sequence[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        calls = CounterMetricFamily(
            f"{PREFIX}_api_calls",
            "Calls of Alibaba Cloud's APIs (fc, cr) and of registries, including retries.",
            labels=("service", "operation", "outcome"),
        )
        for call, count in sorted(self._calls().items()):
            calls.add_metric(call, count)
        yield calls


def _gauge(name: str, help_: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", help_, labels=labels)
