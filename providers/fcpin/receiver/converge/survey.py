"""Look at every function of a stack, and write down what was seen: for the page, the metrics, and the work.

1. The report takes the place of the one before. A stack that cannot be read keeps the functions of that one.
2. What runs and neither the history nor the report before has is noted in the history: somebody else deployed it, or a
   worker that was killed. What a job deployed is the job's to tell, so nothing is noted while one is at work.
3. A moved tag that no sender told of is an outage: it becomes a job, once, unless one waits or is at work anyway.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, Protocol

from fcpin.clients import function_clients, registries_of
from fcpin.clock import Clock
from fcpin.drift import Kind
from fcpin.errors import FcpinError
from fcpin.policy.fields import Fields
from fcpin.policy.hold import Hold
from fcpin.policy.times import parse_moment
from fcpin.receiver.converge.words import in_words
from fcpin.receiver.ledger.model import Job, State, Transition
from fcpin.receiver.survey_report import FunctionReport, HoldReport, StackReport, UnreadableReport, survey_key
from fcpin.stack import Engine, Stack, StackPin
from fcpin.stack.drift_scan import DriftScan, Finding

_HISTORY: Final = 1000
_log = logging.getLogger(__name__)


class SurveyLedger(Protocol):
    """As much of the ledger as a survey needs."""

    def jobs(self, *, stack: str | None = None, limit: int = 50) -> Sequence[Job]: ...

    def transitions(
        self, *, stack: str | None = None, pin: str | None = None, limit: int = 50
    ) -> Sequence[Transition]: ...

    def note(self, transition: Transition) -> bool: ...

    def put(self, key: str, value: Mapping[str, Any]) -> None: ...

    def get(self, key: str) -> Mapping[str, Any] | None: ...


class Surveyor:
    """Looks at the stacks of one project. Thread-safe for different stacks."""

    def __init__(
        self,
        engine: Engine,
        ledger: SurveyLedger,
        clock: Clock,
        ask: Callable[[str, Sequence[str]], object],
        learn: Callable[[str, Sequence[StackPin]], None],
    ) -> None:
        """*ask* makes a job for pins of a stack; *learn* takes the pins of a stack whose state was read."""
        self._engine, self._ledger, self._clock = engine, ledger, clock
        self._ask, self._learn = ask, learn
        self._asked: dict[tuple[str, str], str] = {}

    def look(self, stack: str) -> StackReport:
        """What there is to see; it is in the ledger by then. Raises LedgerUnavailable."""
        now, before = self._clock.now(), self._before(stack)
        newest = self._newest(stack)
        try:
            told = Stack.read(self._engine, stack)
            self._learn(stack, told.pins)
            findings, entries = self._survey(told, now), told.functions
        except FcpinError as error:
            report = StackReport(stack, now, self._name, before.functions if before else (), str(error))
            self._ledger.put(survey_key(stack), report.as_json())
            return report
        if newest is not None and newest == self._newest(stack):  # no job has been at work while we looked
            for transition in _by_others(stack, findings, before, newest, now):
                self._ledger.note(transition)
        report = self._written(stack, findings, entries, now)
        self._heal(stack, findings)
        return report

    def _survey(self, stack: Stack, now: datetime) -> Sequence[Finding]:
        settings = stack.settings
        registries = registries_of(settings, self._clock)
        survey = DriftScan(function_clients(settings), registries, now, min_age_bypass=settings.min_age_bypass)
        return survey.of(stack.pins)

    def _newest(self, stack: str) -> Mapping[str, Transition] | None:
        """Of each pin, the newest that the history has; None while a job is at work."""
        if any(job.state is State.RUNNING for job in self._live(stack)):
            return None
        return {one.pin: one for one in reversed(self._ledger.transitions(stack=stack, limit=_HISTORY))}

    def _written(
        self, stack: str, findings: Sequence[Finding], entries: Mapping[str, Mapping[str, Any]], now: datetime
    ) -> StackReport:
        known = self._ledger.transitions(stack=stack, limit=_HISTORY)
        newest = {one.pin: one for one in reversed(known)}
        functions = [
            _function(finding, entries.get(finding.pin.name), newest.get(finding.pin.name), now) for finding in findings
        ]
        report = StackReport(stack, now, self._name, functions)
        self._ledger.put(survey_key(stack), report.as_json())
        return report

    def _heal(self, stack: str, findings: Sequence[Finding]) -> None:
        """Each outage once: a job that ended without healing it would not do better a survey later."""
        outages = {
            (stack, finding.pin.name): finding.drift.sentence
            for finding in findings
            if finding.drift.kind is Kind.MOVED_TAG and not (finding.pin.policy or {}).get("suspend")
        }
        for key in [key for key in self._asked if key[0] == stack and key not in outages]:
            del self._asked[key]
        new = {key: sentence for key, sentence in outages.items() if self._asked.get(key) != sentence}
        if new and not any(job.state in (State.WAITING, State.RUNNING) for job in self._live(stack)):
            pins = [pin for _, pin in new]
            _log.warning("stack %s: the tag of %s was moved, and no sender told of it", stack, ", ".join(pins))
            self._ask(stack, pins)
            self._asked |= new

    def _live(self, stack: str) -> Sequence[Job]:
        """What waits and what runs come first."""
        return self._ledger.jobs(stack=stack, limit=2)

    def _before(self, stack: str) -> StackReport | None:
        found = self._ledger.get(survey_key(stack))
        with suppress(UnreadableReport):
            return StackReport.read(found) if found is not None else None
        return None

    @property
    def _name(self) -> str:
        return "pulumi" if self._engine.name == "pulumi" else "embedded"


def _by_others(
    stack: str,
    findings: Sequence[Finding],
    before: StackReport | None,
    newest: Mapping[str, Transition],
    now: datetime,
) -> Iterator[Transition]:
    """What the state has by now, and neither *newest* of the history nor the report *before* had."""
    was = {function.pin: (function.tag, function.digest) for function in (before.functions if before else ())}
    was |= {pin: (one.to_tag, one.to_digest) for pin, one in newest.items()}
    for finding in findings:
        pin = finding.pin
        old_tag, old_digest = was.get(pin.name, ("", None))
        digest = pin.deployed.digest if pin.deployed else None
        if old_digest is not None and digest is not None and old_digest != digest:
            yield Transition(
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
    finding: Finding, entry: Mapping[str, object] | None, newest: Transition | None, now: datetime
) -> FunctionReport:
    """*entry*: what the stack's file says of the pin by now, if it names it; *newest* of the pin's transitions."""
    pin, drift = finding.pin, finding.drift
    digest = pin.deployed.digest if pin.deployed else None
    spec = entry or pin.policy or {}
    return FunctionReport(
        pin=pin.name,
        function_name=pin.function_name,
        region=pin.region,
        repository=str(pin.repository),
        policy=in_words(pin.policy),
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
    """The one that the stack's file says, so that the page shows a hold before it is deployed; else the state's."""
    hold = Hold.read(Fields.of(spec, "", []))
    if hold is None or hold.is_over(now):
        return None
    return HoldReport(hold.tag or "", hold.digest, hold.until, hold.reason or "")


def _modified(finding: Finding) -> datetime | None:
    """When FC was told last to run what it runs, as long as that is what was deployed."""
    function, deployed = finding.function, finding.pin.deployed
    if function is None or deployed is None or function.digest != deployed.digest:
        return None
    try:
        return parse_moment(function.last_modified_time)
    except ValueError:
        return None
