"""The rules of a stack's jobs, without I/O. The ledger reads a record, applies a rule and writes, in one transaction.

1. A stack has at most one pending job and one running job.
2. An event joins the pending job, or creates one. It is due when the burst is over (`debounce_started`).
3. A job that waits for something else (a window, an approval, a freeze) becomes due with an event: the push may have
   moved a deployed tag, or what was proposed. Only a retry (`attempts` > 0) keeps its time.
4. A job runs while its worker renews the lease. Afterwards any worker may take it over, with the pending job.
5. A job that is put back joins what was created meanwhile. A retry keeps its time.
6. Joining loses nothing: events, requested pins and counts are those of both, id and age those of the older job.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from fcpin.receiver.ledger.model import Deployment, Ending, Job, JobState, Proposal, StackRecord
from fcpin.receiver.push_event import PushEvent, RepositoryHint

MAX_TAGS: Final = 100
"""A job keeps so many events with a tag. Of earlier ones it keeps the repository, which concerns every pin on it."""

NewId = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Burst:
    """A job is due when no event has come for *debounce*, and at most *max_wait* after the first one."""

    debounce: timedelta
    max_wait: timedelta

    def due(self, first: datetime, now: datetime) -> datetime:
        return min(now + self.debounce, first + self.max_wait)


def with_event(
    record: StackRecord, stack: str, event: PushEvent, now: datetime, burst: Burst, new_id: NewId
) -> StackRecord:
    """Rules 2 and 3."""
    job = record.pending
    if job is None:
        job = Job(
            new_id(),
            stack,
            JobState.PENDING,
            created=now,
            due=burst.due(now, now),
            events=merged(event),
            event_count=1,
            debounce_started=now,
        )
        return replace(record, pending=job)
    job = replace(job, events=merged(*job.events, event), event_count=job.event_count + 1)
    return replace(record, pending=_debounced(job, now, burst))


def _debounced(job: Job, now: datetime, burst: Burst) -> Job:
    if job.attempts and job.state is JobState.PENDING:
        return job
    if job.debounce_started:
        return replace(job, due=burst.due(job.debounce_started, now))
    due = burst.due(now, now)
    if job.due and job.due <= due:
        return job
    return replace(job, state=JobState.PENDING, due=due, debounce_started=now, reason="")


def with_request(
    record: StackRecord, stack: str, pins: Sequence[str], now: datetime, new_id: NewId
) -> tuple[StackRecord, Job]:
    """The record, and the job for *pins* in it, which is due now."""
    job = record.pending or Job(new_id(), stack, JobState.PENDING, now, now)
    job = replace(
        job,
        state=JobState.PENDING,
        due=now,
        debounce_started=None,
        reason="",
        requested_pins=_union(job.requested_pins, tuple(pins)),
    )
    return replace(record, pending=job), job


def claimed(record: StackRecord, worker: str, now: datetime, lease: timedelta) -> StackRecord | None:
    """Rule 4; None when no job can be claimed."""
    if record.running:
        if record.running.lease and record.running.lease > now:
            return None
        job = joined(record.running, record.pending)
    elif record.pending and record.pending.due and record.pending.due <= now:
        job = record.pending
    else:
        return None
    running = replace(
        job,
        state=JobState.RUNNING,
        attempts=job.attempts + 1,
        worker=worker,
        lease=now + lease,
        debounce_started=None,
        reason="",
    )
    return replace(record, pending=None, running=running)


def renewed(record: StackRecord, job: Job, now: datetime, lease: timedelta) -> StackRecord | None:
    """With a lease from *now*; None when another worker has the job."""
    running = record.running
    if running is None or not _is_same(running, job):
        return None
    return replace(record, running=replace(running, lease=now + lease))


def finished(record: StackRecord, job: Job, ending: Ending, now: datetime) -> tuple[StackRecord, Job | None] | None:
    """Rule 5: the record, and the job if it has ended; None when another worker has the job."""
    running = record.running
    if running is None or not _is_same(running, job):
        return None
    busy_since = (running.busy_since or now) if ending.busy else None
    left = replace(
        running, state=ending.state, reason=ending.reason, lease=None, debounce_started=None, busy_since=busy_since
    )
    if ending.state.has_ended:
        return replace(record, running=None), replace(left, due=None, ended=now)
    left = replace(left, due=ending.due, worker="", attempts=running.attempts if ending.is_retry else 0)
    return replace(record, pending=_rejoined(left, record.pending, ending.is_retry), running=None), None


def _rejoined(left: Job, came: Job | None, is_retry: bool) -> Job:
    if came is None:
        return left
    job = joined(left, came)
    if is_retry:
        return replace(job, due=left.due)
    if came.due and (left.due is None or came.due < left.due):
        return replace(
            job, state=JobState.PENDING, due=came.due, debounce_started=came.debounce_started, reason=came.reason
        )
    return replace(job, due=left.due)


def retried(record: StackRecord, failed: Job, now: datetime) -> tuple[StackRecord, Job]:
    """A failed job from its first attempt, joined with the pending one."""
    job = replace(
        failed,
        state=JobState.PENDING,
        due=now,
        attempts=0,
        reason="",
        worker="",
        lease=None,
        ended=None,
        debounce_started=None,
        busy_since=None,
    )
    job = joined(job, record.pending)
    return replace(record, pending=job), job


def joined(older: Job, newer: Job | None) -> Job:
    """Rule 6. JobState and times are those of *older*."""
    if newer is None:
        return older
    return replace(
        older,
        created=min(older.created, newer.created),
        events=merged(*older.events, *newer.events),
        requested_pins=_union(older.requested_pins, newer.requested_pins),
        event_count=older.event_count + newer.event_count,
    )


def merged(*events: PushEvent) -> tuple[PushEvent, ...]:
    """Each tag of each repository once, its newest event, oldest first; those beyond `MAX_TAGS` without a tag."""
    newest: dict[tuple[RepositoryHint, str | None], PushEvent] = {}
    for event in events:
        key = (event.repository, event.tag)
        known = newest.pop(key, None)
        newest[key] = known if known and _is_earlier(event, known) else event
    return _bounded(tuple(newest.values()))


def _bounded(events: tuple[PushEvent, ...]) -> tuple[PushEvent, ...]:
    tagged = [event for event in events if event.tag is not None]
    if len(tagged) <= MAX_TAGS:
        return events
    forgotten = {event.repository: replace(event, tag=None, digest=None) for event in tagged[:-MAX_TAGS]}
    whole = {event.repository: event for event in events if event.tag is None}
    return (*(forgotten | whole).values(), *tagged[-MAX_TAGS:])


def _is_earlier(event: PushEvent, known: PushEvent) -> bool:
    return bool(event.pushed and known.pushed and event.pushed < known.pushed)


def _is_same(running: Job, job: Job) -> bool:
    return running.id == job.id and running.worker == job.worker


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def with_proposals(record: StackRecord, proposals: Iterable[Proposal]) -> StackRecord:
    """*proposals* instead of those before, each with the approval and the age that it had."""
    known = {proposal.token: proposal for proposal in record.proposals}
    return replace(record, proposals=tuple(known.get(proposal.token, proposal) for proposal in proposals))


def with_approval(record: StackRecord, token: str, by: str, now: datetime) -> tuple[StackRecord, Proposal] | None:
    """The first approval counts; None when *token* is not proposed."""
    proposal = next((one for one in record.proposals if one.token == token), None)
    if proposal is None:
        return None
    if proposal.approved is None:
        proposal = replace(proposal, approved_by=by, approved=now)
    proposals = tuple(proposal if one.token == token else one for one in record.proposals)
    return replace(record, proposals=proposals), proposal


def is_recorded(deployment: Deployment, newest: Deployment | None) -> bool:
    """Whether *newest*, the last one of the pin, is the same image change."""
    return newest is not None and (deployment.from_digest, deployment.to_digest) == (
        newest.from_digest,
        newest.to_digest,
    )


def by_age(jobs: Iterable[Job]) -> list[Job]:
    """Those that have not ended first, then the others, newest first; by stack where that is equal."""
    never = datetime.max.replace(tzinfo=UTC)
    by_stack = sorted(jobs, key=lambda job: job.stack)
    return sorted(by_stack, key=lambda job: (job.ended or never, job.created), reverse=True)
