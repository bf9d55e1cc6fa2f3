"""What the page shows, read from the ledger and sorted: worst first, soonest first, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import FunctionReport, StackReport, UnreadableReport, report_key
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Deployment, Freeze, Job, JobState, Proposal
from fcpin.receiver.page.formatting import counted

JOBS: Final = 50
HISTORY: Final = 15

_WORST_FIRST: Final = tuple(Kind)
_SOONEST_FIRST: Final = (JobState.RUNNING, JobState.FAILED, JobState.WAITING_FOR_APPROVAL, JobState.PENDING)


class Level(StrEnum):
    """How bad something is; each has a colour and an icon."""

    BROKEN = "broken"
    UNKNOWN = "unknown"
    BEHIND = "behind"
    FINE = "fine"


_LEVELS: Final = {0: Level.FINE, 10: Level.BEHIND, 20: Level.BROKEN, 30: Level.UNKNOWN}


def level(kind: Kind) -> Level:
    """By the exit status of `fcpin drift`."""
    return _LEVELS[kind.exit_code]


@dataclass(frozen=True, slots=True)
class StackView:
    """One stack that the receiver converges."""

    name: str
    approves: bool
    """Whether its deployments need an approval."""
    report: StackReport | None = None
    """None until the first drift scan."""
    error: str = ""
    """Why there is nothing newer."""

    @property
    def functions(self) -> Sequence[FunctionReport]:
        """Worst first, then by name."""
        functions = self.report.functions if self.report else ()
        return sorted(functions, key=lambda one: (_WORST_FIRST.index(one.drift), one.pin))

    def function(self, pin: str) -> FunctionReport | None:
        return next((one for one in self.functions if one.pin == pin), None)

    def exposed_seconds(self, function: FunctionReport, now: datetime) -> float | None:
        """Until *now*, if nothing changed since the drift scan; None if new instances can start."""
        if function.exposed_seconds is None or self.report is None:
            return None
        return function.exposed_seconds + max((now - self.report.at).total_seconds(), 0.0)


@dataclass(frozen=True, slots=True)
class Headline:
    """The page in one sentence."""

    level: Level
    sentence: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the first page."""

    stacks: Sequence[StackView]
    jobs: Sequence[Job]
    """Running, failed, waiting for approval and pending."""
    done: Sequence[Job]
    proposals: Sequence[Proposal]
    deployments: Sequence[Deployment]
    freeze: Freeze | None
    progress: Mapping[str, Sequence[tuple[int, str]]] = field(default_factory=dict)
    """Numbered lines of the running jobs, by job."""

    def stack(self, name: str) -> StackView | None:
        return next((one for one in self.stacks if one.name == name), None)

    @property
    def headline(self) -> Headline:
        kinds = [function.drift for stack in self.stacks for function in stack.functions]
        unseen = [stack.name for stack in self.stacks if stack.report is None]
        return _headline(kinds, unseen)


def read_overview(ledger: Ledger, stacks: Mapping[str, bool]) -> Overview:
    """*stacks*: names, and whether their deployments need an approval. Raises LedgerUnavailable."""
    jobs = ledger.jobs(limit=JOBS)
    open_jobs = [job for job in jobs if job.state is not JobState.SUCCEEDED]
    return Overview(
        stacks=[_stack(ledger, name, approves) for name, approves in stacks.items()],
        jobs=sorted(open_jobs, key=lambda job: _SOONEST_FIRST.index(job.state)),
        done=[job for job in jobs if job.state is JobState.SUCCEEDED],
        proposals=sorted(ledger.proposals(), key=lambda one: (one.approved is not None, one.stack, one.pin)),
        deployments=ledger.deployments(limit=HISTORY),
        freeze=ledger.current_freeze(),
        progress={job.id: ledger.log_lines(job.id) for job in jobs if job.state is JobState.RUNNING},
    )


def _stack(ledger: Ledger, name: str, approves: bool) -> StackView:
    written = ledger.get(report_key(name))
    if written is None:
        return StackView(name, approves)
    try:
        report = StackReport.read(written)
    except UnreadableReport as error:
        return StackView(name, approves, error=str(error))
    return StackView(name, approves, report, report.error or "")


def _headline(kinds: Sequence[Kind], unseen: Sequence[str]) -> Headline:
    groups: dict[str, list[Kind]] = {}
    for kind in sorted(kinds, key=_WORST_FIRST.index):
        if kind.facts.summary:
            groups.setdefault(kind.facts.summary, []).append(kind)
    parts = [(level(these[0]), f"{counted(len(these), 'function')} {words}") for words, these in groups.items()]
    if parts:
        return Headline(parts[0][0], "; ".join(words for _, words in parts))
    if unseen:
        return Headline(Level.UNKNOWN, f"{', '.join(unseen)}: not scanned yet")
    if not kinds:
        return Headline(Level.FINE, "No function is pinned")
    return Headline(Level.FINE, f"{'All ' if len(kinds) > 1 else ''}{counted(len(kinds), 'function')} as deployed")
