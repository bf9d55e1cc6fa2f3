"""What becomes of a stack's jobs, without I/O: both ledgers read, apply a rule, and write, in one transaction.

1. A stack has at most one job that waits and one that runs.
2. A push joins the job that waits, else makes one. It is due when the burst is over (`gathering`).
3. A job that waits for longer becomes due with a push, except a retry (`attempts` > 0), which keeps its time.
4. A job runs while its worker renews the lease. Afterwards anybody may take it over, with what waits beside it.
5. What is put back joins what came meanwhile. A failed attempt keeps its time.
6. Joining loses nothing: pushes, names asked for and counts are those of both, id and age those of the older one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from fcpin.receiver.ledger.base import Ending
from fcpin.receiver.ledger.model import Job, Proposal, State, Transition
from fcpin.receiver.push import Place, Push

MOST_TAGS: Final = 100
"""A job remembers so many pushes. Of those before, it remembers the repository, which concerns every pin on it."""

NewId = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Slots:
    """A stack's jobs that have not ended."""

    waiting: Job | None = None
    running: Job | None = None

    @property
    def jobs(self) -> Sequence[Job]:
        """Those that there are."""
        return [job for job in (self.waiting, self.running) if job]

    @property
    def due(self) -> datetime | None:
        """From when on there is work, or None."""
        if self.running:
            return self.running.lease
        return self.waiting.due if self.waiting else None


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a burst may be."""

    quiet: timedelta
    at_most: timedelta


def received(slots: Slots, stack: str, push: Push, now: datetime, pace: Pace, new_id: NewId) -> Slots:
    """Rules 2 and 3."""
    job = slots.waiting
    if job is None:
        due = min(now + pace.quiet, now + pace.at_most)
        return replace(
            slots, waiting=Job(new_id(), stack, State.WAITING, now, due, merged(push), count=1, gathering=now)
        )
    job = replace(job, pushes=merged(*job.pushes, push), count=job.count + 1)
    return replace(slots, waiting=_paced(job, now, pace))


def _paced(job: Job, now: datetime, pace: Pace) -> Job:
    if job.attempts and job.state is State.WAITING:
        return job
    if job.gathering:
        return replace(job, due=min(now + pace.quiet, job.gathering + pace.at_most))
    due = min(now + pace.quiet, now + pace.at_most)
    if job.due and job.due <= due:
        return job
    return replace(job, state=State.WAITING, due=due, gathering=now, reason="")


def asked(slots: Slots, stack: str, pins: Sequence[str], now: datetime, new_id: NewId) -> tuple[Slots, Job]:
    """The slots, and the job for *pins* among them, which is due now."""
    job = slots.waiting or Job(new_id(), stack, State.WAITING, now, now)
    job = replace(job, state=State.WAITING, due=now, gathering=None, reason="", asked=_union(job.asked, tuple(pins)))
    return replace(slots, waiting=job), job


def claimed(slots: Slots, worker: str, now: datetime, lease: timedelta) -> Slots | None:
    """Rule 4; None when there is nothing to take."""
    if slots.running:
        if slots.running.lease and slots.running.lease > now:
            return None
        job = joined(slots.running, slots.waiting)
    elif slots.waiting and slots.waiting.due and slots.waiting.due <= now:
        job = slots.waiting
    else:
        return None
    return Slots(
        running=replace(
            job,
            state=State.RUNNING,
            attempts=job.attempts + 1,
            worker=worker,
            lease=now + lease,
            gathering=None,
            reason="",
        )
    )


def renewed(slots: Slots, job: Job, now: datetime, lease: timedelta) -> Slots | None:
    """The lease, counted from *now*; None when the job is another worker's."""
    running = slots.running
    return replace(slots, running=replace(running, lease=now + lease)) if running and _same(running, job) else None


def finished(slots: Slots, job: Job, ending: Ending, now: datetime) -> tuple[Slots, Job | None] | None:
    """Rule 5: the slots, and the job if it has ended; None when it is another worker's."""
    running = slots.running
    if running is None or not _same(running, job):
        return None
    busy = (running.busy or now) if ending.busy else None
    left = replace(running, state=ending.state, reason=ending.reason, lease=None, gathering=None, busy=busy)
    if ending.state in (State.DONE, State.DEAD):
        return Slots(waiting=slots.waiting), replace(left, due=None, ended=now)
    left = replace(left, due=ending.due, worker="", attempts=running.attempts if ending.failed else 0)
    return Slots(waiting=_rejoined(left, slots.waiting, ending.failed)), None


def _rejoined(left: Job, came: Job | None, failed: bool) -> Job:
    if came is None:
        return left
    job = joined(left, came)
    if failed:
        return replace(job, due=left.due)
    if came.due and (left.due is None or came.due < left.due):
        return replace(job, state=State.WAITING, due=came.due, gathering=came.gathering, reason=came.reason)
    return replace(job, due=left.due)


def retried(slots: Slots, dead: Job, now: datetime) -> Slots:
    """A dead job from its first attempt, with what waits."""
    job = replace(
        dead,
        state=State.WAITING,
        due=now,
        attempts=0,
        reason="",
        worker="",
        lease=None,
        ended=None,
        gathering=None,
        busy=None,
    )
    return replace(slots, waiting=joined(job, slots.waiting))


def joined(older: Job, newer: Job | None) -> Job:
    """Rule 6. State and times are the older one's."""
    if newer is None:
        return older
    return replace(
        older,
        created=min(older.created, newer.created),
        pushes=merged(*older.pushes, *newer.pushes),
        asked=_union(older.asked, newer.asked),
        count=older.count + newer.count,
    )


def merged(*pushes: Push) -> tuple[Push, ...]:
    """Each tag of each repository once, the newest push of it, oldest first; those beyond `MOST_TAGS` without tag."""
    newest: dict[tuple[Place, str | None], Push] = {}
    for push in pushes:
        key = (push.place, push.tag)
        known = newest.pop(key, None)
        newest[key] = known if known and _before(push, known) else push
    return _bounded(tuple(newest.values()))


def _bounded(pushes: tuple[Push, ...]) -> tuple[Push, ...]:
    tagged = [push for push in pushes if push.tag is not None]
    if len(tagged) <= MOST_TAGS:
        return pushes
    forgotten = {push.place: replace(push, tag=None, digest=None) for push in tagged[:-MOST_TAGS]}
    whole = {push.place: push for push in pushes if push.tag is None}
    return (*(forgotten | whole).values(), *tagged[-MOST_TAGS:])


def _before(push: Push, known: Push) -> bool:
    return bool(push.pushed and known.pushed and push.pushed < known.pushed)


def _same(running: Job, job: Job) -> bool:
    return running.id == job.id and running.worker == job.worker


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def to_wake(before: Slots, after: Slots) -> datetime | None:
    """When the waiting job needs a wake-up that it does not have yet: it is new, or due earlier."""
    due, had = (slots.waiting.due if slots.waiting else None for slots in (after, before))
    return due if due and (had is None or due < had) else None


def approved(proposal: Proposal, by: str, now: datetime) -> Proposal:
    """The first approval counts."""
    return proposal if proposal.approved else replace(proposal, approved_by=by, approved=now)


def kept_approvals(proposals: Iterable[Proposal], before: Iterable[Proposal]) -> list[Proposal]:
    """*proposals*, each with the approval and the age that it had before."""
    known = {proposal.token: proposal for proposal in before}
    return [known.get(proposal.token, proposal) for proposal in proposals]


def is_known(transition: Transition, newest: Transition) -> bool:
    """Whether the pin's *newest* one is this one, seen again."""
    return (transition.from_digest, transition.to_digest) == (newest.from_digest, newest.to_digest)


def by_proposal(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Oldest first."""
    return sorted(proposals, key=lambda one: (one.proposed, one.stack, one.pin))


def by_age(jobs: Iterable[Job]) -> list[Job]:
    """What has not ended first, then what has, newest first; by stack where that is equal."""
    never = datetime.max.replace(tzinfo=UTC)
    by_stack = sorted(jobs, key=lambda job: job.stack)
    return sorted(by_stack, key=lambda job: (job.ended or never, job.created), reverse=True)
