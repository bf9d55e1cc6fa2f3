"""What survives `kill -9` of every process: jobs, proposals, deployments, reports and the freeze.

Each method is one transaction: its effect is stored when it returns. What becomes of a job is decided in `rules`; a
store only keeps bytes. Every method raises LedgerUnavailable when the store cannot be reached.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger import model, rules
from fcpin.receiver.ledger.model import Deployment, Ending, Freeze, Job, JobState, Proposal, StackRecord
from fcpin.receiver.ledger.redis import RedisStore
from fcpin.receiver.ledger.rules import Burst, NewId
from fcpin.receiver.ledger.sqlite import SqliteStore
from fcpin.receiver.ledger.store import Store, Transaction, View
from fcpin.receiver.push_event import PushEvent
from fcpin.receiver.settings.model import ReceiverSettings

FILE: Final = "ledger.sqlite"
_FREEZE: Final = "freeze"

Value = TypeVar("Value")


class Ledger:
    """Thread-safe."""

    def __init__(self, store: Store, new_id: NewId = lambda: uuid.uuid4().hex[:12]) -> None:
        self._store, self._new_id = store, new_id

    # Events and jobs

    def add_event(
        self, event: PushEvent, stacks: Sequence[str], now: datetime, *, debounce: timedelta, max_wait: timedelta
    ) -> bool:
        """Add *event* to the pending job of each of *stacks*, or create one. False for a duplicate event."""

        def work(transaction: Transaction) -> bool:
            if not transaction.remember(f"{event.sender}/{event.id}", now, model.KEEP_EVENT_IDS):
                return False
            burst = Burst(debounce, max_wait)
            for stack in dict.fromkeys(stacks):
                record = _record(transaction, stack)
                _keep(transaction, stack, rules.with_event(record, stack, event, now, burst, self._new_id))
            return True

        return self._store.transact(work)

    def request(self, stack: str, pins: Sequence[str], now: datetime) -> Job:
        """A job for *pins* that is due now. Joins the pending one."""

        def work(transaction: Transaction) -> Job:
            record, job = rules.with_request(_record(transaction, stack), stack, pins, now, self._new_id)
            _keep(transaction, stack, record)
            return job

        return self._store.transact(work)

    def claim(self, stack: str, worker: str, now: datetime, lease: timedelta) -> Job | None:
        """Take the stack's job that is due, as `running`; None when none is due or another worker has the stack.

        A job whose lease has ended is taken over, with the pending job.
        """

        def work(transaction: Transaction) -> Job | None:
            record = rules.claimed(_record(transaction, stack), worker, now, lease)
            if record is None:
                return None
            _keep(transaction, stack, record)
            return record.running

        return self._store.transact(work)

    def renew(self, job: Job, now: datetime, lease: timedelta) -> bool:
        """False when another worker has the job."""

        def work(transaction: Transaction) -> bool:
            record = rules.renewed(_record(transaction, job.stack), job, now, lease)
            if record is not None:
                _keep(transaction, job.stack, record)
            return record is not None

        return self._store.transact(work)

    def finish(self, job: Job, ending: Ending, now: datetime, deployments: Sequence[Deployment] = ()) -> bool:
        """End the job or put it back, with what it deployed. False, with no effect, if another worker has it."""

        def work(transaction: Transaction) -> bool:
            done = rules.finished(_record(transaction, job.stack), job, ending, now)
            if done is None:
                return False
            record, ended = done
            _keep(transaction, job.stack, record)
            if ended:
                _end(transaction, ended)
            for deployment in deployments:
                _append_deployment(transaction, deployment)
            return True

        return self._store.transact(work)

    def due_times(self) -> Mapping[str, datetime]:
        """Stacks with work, and when to look at them: when a job is due, or when the lease of a running one ends."""
        return {stack: due for stack, due in self._store.stacks().items() if due is not None}

    def jobs(self, *, stack: str | None = None, limit: int = 50) -> Sequence[Job]:
        """Those that have not ended, then those that have, newest first. The last `KEEP_JOBS` of a stack are kept."""

        def work(view: View) -> list[Job]:
            found: list[Job] = []
            for name in self._stacks(stack):
                found += _record(view, name).jobs
                found += [_decode(Job, entry) for entry in view.entries(_ended(name), stop=limit)]
            return found

        return rules.by_age(self._store.read(work))[:limit]

    def retry(self, job: str, now: datetime) -> Job | None:
        """Have a failed job run again, from its first attempt; None when no failed job has that id."""

        def work(transaction: Transaction) -> Job | None:
            for stack in self._stacks(None):
                for entry in transaction.entries(_ended(stack)):
                    failed = _decode(Job, entry)
                    if (failed.id, failed.state) == (job, JobState.FAILED):
                        transaction.remove(_ended(stack), entry)
                        record, again = rules.retried(_record(transaction, stack), failed, now)
                        _keep(transaction, stack, record)
                        return again
            return None

        return self._store.transact(work)

    def append_log(self, job: str, line: str) -> None:
        """A line of progress. The newest `KEEP_LINES` of a job are kept."""

        def work(transaction: Transaction) -> None:
            last = transaction.entries(_log(job), stop=1)
            number = _decode(tuple[int, str], last[0])[0] + 1 if last else 1
            transaction.append(_log(job), _encode((number, line)), model.KEEP_LINES)

        self._store.transact(work)

    def log_lines(self, job: str, after: int = 0) -> Sequence[tuple[int, str]]:
        """Lines of progress with their numbers, from 1, oldest first; those after number *after*."""
        entries = self._store.read(lambda view: view.entries(_log(job)))
        lines = (_decode(tuple[int, str], entry) for entry in reversed(entries))
        return [(number, line) for number, line in lines if number > after]

    # Deployments

    def deployments(self, *, stack: str | None = None, pin: str | None = None, limit: int = 50) -> Sequence[Deployment]:
        """Newest first. The last `KEEP_DEPLOYMENTS` of a stack are kept."""

        def work(view: View) -> list[Deployment]:
            stop = limit if pin is None else None
            found = [
                _decode(Deployment, entry)
                for name in self._stacks(stack)
                for entry in view.entries(_deployments(name), stop=stop)
            ]
            return [one for one in found if pin in (None, one.pin)]

        found = self._store.read(work)
        return (sorted(found, key=lambda one: one.at, reverse=True) if stack is None else found)[:limit]

    def record_deployment(self, deployment: Deployment) -> bool:
        """One that no job of this ledger did. False when it is known: the newest of its pin has the same digests."""

        def work(transaction: Transaction) -> bool:
            entries = transaction.entries(_deployments(deployment.stack))
            known = (_decode(Deployment, entry) for entry in entries)
            newest = next((one for one in known if one.pin == deployment.pin), None)
            if rules.is_recorded(deployment, newest):
                return False
            transaction.set_due(deployment.stack, _record(transaction, deployment.stack).due)
            _append_deployment(transaction, deployment)
            return True

        return self._store.transact(work)

    # Approvals and the freeze

    def set_proposals(self, stack: str, proposals: Sequence[Proposal]) -> None:
        """What the stack would deploy now, instead of what it proposed before. Approvals of equal tokens stay."""
        self._store.transact(
            lambda transaction: _keep(transaction, stack, rules.with_proposals(_record(transaction, stack), proposals))
        )

    def proposals(self, stack: str | None = None) -> Sequence[Proposal]:
        """What waits for approval, or is approved and not yet deployed; oldest first."""
        found = self._store.read(
            lambda view: [one for name in self._stacks(stack) for one in _record(view, name).proposals]
        )
        return sorted(found, key=lambda one: (one.proposed, one.stack, one.pin))

    def approve(self, token: str, by: str, now: datetime) -> Proposal | None:
        """Approve, and make the stack's job due for that pin, as `request` does.

        None when nothing of that token is proposed: it was deployed, or the tag was pushed again.
        """

        def work(transaction: Transaction) -> Proposal | None:
            for stack in self._stacks(None):
                if done := rules.with_approval(_record(transaction, stack), token, by, now):
                    record, proposal = done
                    record, _ = rules.with_request(record, stack, [proposal.pin], now, self._new_id)
                    _keep(transaction, stack, record)
                    return proposal
            return None

        return self._store.transact(work)

    def set_freeze(self, freeze: Freeze | None) -> None:
        """None lifts it."""
        value = _encode(freeze) if freeze else None
        self._store.transact(lambda transaction: transaction.set_value(_FREEZE, value))

    def current_freeze(self) -> Freeze | None:
        value = self._store.read(lambda view: view.value(_FREEZE))
        return _decode(Freeze, value) if value else None

    # Reports

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        """A small JSON object that all receivers share, such as a drift report."""
        self._store.transact(lambda transaction: transaction.set_value(f"value:{key}", _encode(value)))

    def get(self, key: str) -> Mapping[str, Any] | None:
        """What `put` stored last."""
        value = self._store.read(lambda view: view.value(f"value:{key}"))
        return _decode(dict[str, Any], value) if value else None

    # The store

    def check_ready(self) -> None:
        """Raises LedgerUnavailable when an event could not be stored now."""
        self._store.check_ready()

    def close(self) -> None:
        self._store.close()

    def _stacks(self, stack: str | None) -> Sequence[str]:
        return sorted(self._store.stacks()) if stack is None else [stack]


def sqlite_ledger(path: Path, new_id: NewId | None = None) -> Ledger:
    """In the file *path*, which is created. Raises InvalidSettings for a file of another version, LedgerUnavailable."""
    store = SqliteStore(path)
    return Ledger(store, new_id) if new_id else Ledger(store)


def redis_ledger(url: str, prefix: str = "fcpin", new_id: NewId | None = None) -> Ledger:
    """In the Redis at *url*, under keys that begin with *prefix*. Raises InvalidSettings for an invalid URL."""
    store = RedisStore(url, prefix)
    return Ledger(store, new_id) if new_id else Ledger(store)


def open_ledger(settings: ReceiverSettings) -> Ledger:
    """In Redis where the settings name one, else in the folder `state`. Raises InvalidSettings, LedgerUnavailable."""
    if settings.redis:
        return redis_ledger(settings.redis.value)
    try:
        settings.state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerUnavailable(
            f"{settings.state}: {error.strerror}; set `state` to a folder that is writable"
        ) from error
    return sqlite_ledger(settings.state / FILE)


def _log(job: str) -> str:
    return f"log:{job}"


def _ended(stack: str) -> str:
    return f"ended:{stack}"


def _deployments(stack: str) -> str:
    return f"deployments:{stack}"


def _record(view: View, stack: str) -> StackRecord:
    value = view.value(f"stack:{stack}")
    return _decode(StackRecord, value) if value else StackRecord()


def _keep(transaction: Transaction, stack: str, record: StackRecord) -> None:
    transaction.set_value(f"stack:{stack}", None if record == StackRecord() else _encode(record))
    transaction.set_due(stack, record.due)


def _end(transaction: Transaction, job: Job) -> None:
    for entry in transaction.entries(_ended(job.stack), start=model.KEEP_JOBS - 1):
        transaction.remove(_log(_decode(Job, entry).id))
    transaction.append(_ended(job.stack), _encode(job), model.KEEP_JOBS)


def _append_deployment(transaction: Transaction, deployment: Deployment) -> None:
    transaction.append(_deployments(deployment.stack), _encode(deployment), model.KEEP_DEPLOYMENTS)


def _encode(value: object) -> bytes:
    return msgspec.json.encode(value)


def _decode(kind: type[Value], value: bytes) -> Value:
    try:
        return msgspec.json.decode(value, type=kind)
    except msgspec.MsgspecError as error:
        name = getattr(kind, "__name__", kind)
        raise LedgerUnavailable(f"a {name} in the store cannot be read: {error}; use an empty store") from None
