"""Look at every function of a stack, and keep what was found: for the page, the metrics, and new jobs.

1. The report replaces the one before. A stack that cannot be read keeps the functions of that one.
2. A deployed image that neither the history nor the report before has is recorded in the history: a person deployed it,
   or a worker that was killed. What a job deployed is recorded by the job, so nothing is recorded while one runs.
3. A moved tag without an event is an outage: it becomes a job, once, unless a job is pending or running.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from fcpin.clients import function_clients, registries_of
from fcpin.clock import Clock
from fcpin.errors import FcpinError
from fcpin.models import read_or_note
from fcpin.policy.hold import Hold
from fcpin.policy.times import parse_moment
from fcpin.receiver.drift_scan.report import FunctionReport, HoldReport, StackReport, UnreadableReport, report_key
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import KEEP_DEPLOYMENTS, Deployment, Job, JobState
from fcpin.stack import Engine, Stack, StackPin
from fcpin.stack.drift_scan import DriftScan, Finding

_OWN_COLUMN: Final = frozenset({"policy", "hold", "suspend", "platform"})
"""Options that are not among those that follow the order: shown elsewhere, or the same everywhere."""
_READ_BY_THE_PROGRAM: Final = frozenset({"image"})
"""Values of an order that the program has from another stack."""
_log = logging.getLogger(__name__)


class DriftScanner:
    """Scans the stacks of one project. Thread-safe for different stacks."""

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        clock: Clock,
        request: Callable[[str, Sequence[str]], object],
        learn: Callable[[str, Sequence[StackPin]], object],
    ) -> None:
        """*request* creates a job for pins of a stack; *learn* takes the pins of a stack whose state was read."""
        self._engine, self._ledger, self._clock = engine, ledger, clock
        self._request, self._learn = request, learn
        self._requested: dict[tuple[str, str], str] = {}

    def scan(self, stack: str) -> StackReport:
        """The report, after it is in the ledger. Raises LedgerUnavailable."""
        now, before = self._clock.now(), self._before(stack)
        newest = self._newest(stack)
        try:
            read = Stack.read(self._engine, stack)
            self._learn(stack, read.pins)
            findings, entries = self._look(read, now), read.functions
        except FcpinError as error:
            report = StackReport(stack, now, self._name, before.functions if before else (), str(error))
            self._ledger.put(report_key(stack), report.as_json())
            return report
        if newest is not None and newest == self._newest(stack):  # no job has run meanwhile
            for deployment in _unrecorded(stack, findings, before, newest, now):
                self._ledger.record_deployment(deployment)
        report = self._written(stack, findings, entries, now)
        self._heal(stack, findings)
        return report

    def _look(self, stack: Stack, now: datetime) -> Sequence[Finding]:
        settings = stack.settings
        registries = registries_of(settings, self._clock)
        scan = DriftScan(function_clients(settings), registries, now, min_age_bypass=settings.min_age_bypass)
        return scan.of(stack.pins)

    def _newest(self, stack: str) -> Mapping[str, Deployment] | None:
        """Of each pin, the newest in the history; None while a job runs."""
        if any(job.state is JobState.RUNNING for job in self._live(stack)):
            return None
        return {one.pin: one for one in reversed(self._ledger.deployments(stack=stack, limit=KEEP_DEPLOYMENTS))}

    def _written(
        self, stack: str, findings: Sequence[Finding], entries: Mapping[str, Mapping[str, Any]], now: datetime
    ) -> StackReport:
        known = self._ledger.deployments(stack=stack, limit=KEEP_DEPLOYMENTS)
        newest = {one.pin: one for one in reversed(known)}
        functions = [
            _function(finding, entries.get(finding.pin.name), newest.get(finding.pin.name), now) for finding in findings
        ]
        report = StackReport(stack, now, self._name, tuple(functions))
        self._ledger.put(report_key(stack), report.as_json())
        return report

    def _heal(self, stack: str, findings: Sequence[Finding]) -> None:
        """Each outage once: a job that ended without healing it would not do better after the next scan."""
        outages = {
            (stack, finding.pin.name): finding.drift.sentence
            for finding in findings
            if finding.drift.kind.facts.starts_job and not (finding.pin.policy or {}).get("suspend")
        }
        for key in [key for key in self._requested if key[0] == stack and key not in outages]:
            del self._requested[key]
        new = {key: sentence for key, sentence in outages.items() if self._requested.get(key) != sentence}
        if new and not any(job.state in (JobState.PENDING, JobState.RUNNING) for job in self._live(stack)):
            pins = [pin for _, pin in new]
            _log.warning("stack %s: the tag of %s was moved, and no event reported it", stack, ", ".join(pins))
            self._request(stack, pins)
            self._requested |= new

    def _live(self, stack: str) -> Sequence[Job]:
        """Those that have not ended come first."""
        return self._ledger.jobs(stack=stack, limit=2)

    def _before(self, stack: str) -> StackReport | None:
        found = self._ledger.get(report_key(stack))
        with suppress(UnreadableReport):
            return StackReport.read(found) if found is not None else None
        return None

    @property
    def _name(self) -> str:
        return "pulumi" if self._engine.name == "pulumi" else "embedded"


def _unrecorded(
    stack: str,
    findings: Sequence[Finding],
    before: StackReport | None,
    newest: Mapping[str, Deployment],
    now: datetime,
) -> Iterator[Deployment]:
    """What the state has, and neither *newest* of the history nor the report *before* had."""
    was = {function.pin: (function.tag, function.digest) for function in (before.functions if before else ())}
    was |= {pin: (one.to_tag, one.to_digest) for pin, one in newest.items()}
    for finding in findings:
        pin = finding.pin
        old_tag, old_digest = was.get(pin.name, ("", None))
        digest = pin.deployed.digest if pin.deployed else None
        if old_digest is not None and digest is not None and old_digest != digest:
            yield Deployment(
                stack=stack,
                pin=pin.name,
                function_name=pin.function_name,
                region=pin.region,
                repository=str(pin.repository),
                from_tag=old_tag,
                from_digest=old_digest,
                to_tag=pin.deployed_tag,
                to_digest=digest,
                at=_modified(finding) or now,
            )


def _function(
    finding: Finding, entry: Mapping[str, object] | None, newest: Deployment | None, now: datetime
) -> FunctionReport:
    """*entry* of the pin in the stack's file, if there is one; *newest* of the pin's deployments."""
    pin, drift = finding.pin, finding.drift
    digest = pin.deployed.digest if pin.deployed else None
    spec = entry or pin.policy or {}
    return FunctionReport(
        pin=pin.name,
        function_name=pin.function_name,
        region=pin.region,
        repository=str(pin.repository),
        policy=format_policy(pin.policy),
        tag=pin.deployed_tag,
        digest=digest,
        since=newest.at if newest and newest.to_digest == digest else _modified(finding),
        drift=drift.kind,
        sentence=drift.sentence,
        detail=drift.detail,
        exposed_seconds=finding.exposed_seconds,
        hold=_hold(spec, now),
        suspended=spec.get("suspend") is True,
    )


def _hold(spec: Mapping[str, object], now: datetime) -> HoldReport | None:
    """The one in the stack's file, so that the page shows a hold before it is deployed; else the state's."""
    hold = read_or_note(Hold, spec["hold"], "hold", []) if spec.get("hold") else None
    if hold is None or hold.is_over(now):
        return None
    return HoldReport(hold.tag or "", hold.digest, hold.until, hold.reason or "")


def _modified(finding: Finding) -> datetime | None:
    """When the function was last modified, as long as it runs what was deployed."""
    function, deployed = finding.function, finding.pin.deployed
    if function is None or deployed is None or function.digest != deployed.digest:
        return None
    try:
        return parse_moment(function.last_modified_time)
    except ValueError:
        return None


def format_policy(spec: Mapping[str, object] | None) -> str:
    """`family main`, `semver 1.x, min_age 2h`: the order first; *spec* as in a state, None where it is a secret."""
    if spec is None:
        return "secret"
    order = spec.get("policy")
    orders = [_option(name, value) for name, value in order.items()] if isinstance(order, Mapping) else []
    return ", ".join([*orders, *(_option(key, value) for key, value in spec.items() if key not in _OWN_COLUMN)])


def _option(name: str, value: object) -> str:
    return " ".join((name, *_scalars(value)))


def _scalars(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in _READ_BY_THE_PROGRAM:
                yield from _scalars(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _scalars(inner)
    elif isinstance(value, bool):
        yield "yes" if value else "no"
    elif isinstance(value, float) and value.is_integer():
        yield str(int(value))
    elif value is not None:
        yield str(value)
