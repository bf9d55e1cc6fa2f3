"""The ledger in Redis, for receivers on several machines.

Each call watches what it reads and writes in one MULTI/EXEC, and begins anew when somebody else was faster. Redis must
append every write to its file (`appendonly yes`) and evict nothing, or it is not `ready`.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import redis

from fcpin.errors import InvalidSettings, Problem
from fcpin.receiver.errors import LedgerUnavailable
from fcpin.receiver.ledger import limits, rules
from fcpin.receiver.ledger.base import Ending, Received
from fcpin.receiver.ledger.codec import VERSION, decode, encode
from fcpin.receiver.ledger.model import Freeze, Job, Proposal, State, Transition
from fcpin.receiver.ledger.rules import NewId, Pace, Slots
from fcpin.receiver.push import Push

Pipe = Any
"""redis-py's Pipeline: reads at once until `multi`, and queues from there on."""
Answer = TypeVar("Answer")

_NO_URL: Final = "is no URL that can be read; in a password `/`, `?`, `#` and `@` are written %2F, %3F, %23 and %40"
_SECONDS: Final = 5.0
"""To connect, and to wait for an answer."""


class RedisLedger:
    """`receiver.ledger.base.Ledger` in the Redis at *url*, under keys that begin with *prefix*."""

    def __init__(self, url: str, prefix: str = "fcpin", new_id: NewId = lambda: uuid.uuid4().hex[:12]) -> None:
        """Raises InvalidSettings for a URL that is none. Connects when it is used."""
        self._prefix, self._new_id = prefix, new_id
        try:
            self._redis: Any = redis.Redis.from_url(
                url, decode_responses=True, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
            )
        except ValueError:  # whose words may have a part of the password
            raise InvalidSettings(Problem("redis", _NO_URL)) from None

    # Pushes and jobs

    def receive(
        self, push: Push, stacks: Sequence[str], now: datetime, *, quiet: timedelta, at_most: timedelta
    ) -> Received:
        stacks = tuple(dict.fromkeys(stacks))
        event = self._key("event", push.sender, push.event)

        def work(pipe: Pipe) -> Received:
            if pipe.exists(event):
                pipe.multi()
                return Received(False, {})
            before = {stack: self._slots(pipe, stack) for stack in stacks}
            pace = Pace(quiet, at_most)
            after = {
                stack: rules.received(slots, stack, push, now, pace, self._new_id) for stack, slots in before.items()
            }
            pipe.multi()
            pipe.set(event, now.isoformat(), ex=limits.EVENTS_FOR)
            for stack, slots in after.items():
                self._keep(pipe, stack, slots)
            due = {stack: rules.to_wake(before[stack], after[stack]) for stack in stacks}
            return Received(True, {stack: at for stack, at in due.items() if at is not None})

        return self._transaction(work, event, *map(self._live, stacks))

    def ask(self, stack: str, pins: Sequence[str], now: datetime) -> Job:
        def work(pipe: Pipe) -> Job:
            slots = self._slots(pipe, stack)
            pipe.multi()
            return self._asked(pipe, stack, slots, pins, now)

        return self._transaction(work, self._live(stack))

    def claim(self, stack: str, worker: str, now: datetime, lease: timedelta) -> Job | None:
        def work(pipe: Pipe) -> Job | None:
            after = rules.claimed(self._slots(pipe, stack), worker, now, lease)
            pipe.multi()
            if after is None:
                return None
            self._keep(pipe, stack, after)
            return after.running

        return self._transaction(work, self._live(stack))

    def renew(self, job: Job, now: datetime, lease: timedelta) -> bool:
        def work(pipe: Pipe) -> bool:
            after = rules.renewed(self._slots(pipe, job.stack), job, now, lease)
            pipe.multi()
            if after is not None:
                self._keep(pipe, job.stack, after)
            return after is not None

        return self._transaction(work, self._live(job.stack))

    def finish(self, job: Job, ending: Ending, now: datetime, transitions: Sequence[Transition] = ()) -> Job | None:
        def work(pipe: Pipe) -> Job | None:
            done = rules.finished(self._slots(pipe, job.stack), job, ending, now)
            over = self._over(pipe, job.stack)
            pipe.multi()
            if done is None:
                return None
            after, ended = done
            self._keep(pipe, job.stack, after)
            if ended:
                self._end(pipe, ended, over)
            for transition in transitions:
                self._record(pipe, transition)
            return after.waiting

        return self._transaction(work, self._live(job.stack))

    def waiting(self) -> Mapping[str, datetime]:
        return {stack: slots.due for stack, slots in self._all_slots().items() if slots.due}

    def jobs(self, *, stack: str | None = None, limit: int = 50) -> Sequence[Job]:
        live = {stack: self._read(self._slots, stack)} if stack else self._all_slots()
        ended = [job for one in self._stacks(stack) for job in self._ended(one, limit)]
        return rules.by_age([*(job for slots in live.values() for job in slots.jobs), *ended])[:limit]

    def retry(self, job: str, now: datetime) -> Job | None:
        dead = next(
            (one for stack in self._stacks(None) for one in self._ended(stack, limits.JOBS) if one.id == job), None
        )
        if dead is None or dead.state is not State.DEAD:
            return None

        def work(pipe: Pipe) -> Job | None:
            text = encode(dead)
            known = text in pipe.lrange(self._key("ended", dead.stack), 0, -1)
            after = rules.retried(self._slots(pipe, dead.stack), dead, now)
            pipe.multi()
            if not known:
                return None
            pipe.lrem(self._key("ended", dead.stack), 1, text)
            self._keep(pipe, dead.stack, after)
            return after.waiting

        return self._transaction(work, self._live(dead.stack), self._key("ended", dead.stack))

    # What is told of them

    def say(self, job: str, line: str) -> None:
        def work(pipe: Pipe) -> None:
            pipe.multi()
            pipe.incr(self._key("count", job))
            pipe.rpush(self._key("said", job), line)
            pipe.ltrim(self._key("said", job), -limits.LINES, -1)

        self._transaction(work)

    def said(self, job: str, after: int = 0) -> Sequence[tuple[int, str]]:
        def work(pipe: Pipe) -> Sequence[tuple[int, str]]:
            pipe.multi()
            pipe.get(self._key("count", job))
            pipe.lrange(self._key("said", job), 0, -1)
            count, lines = pipe.execute()
            first = int(count or 0) - len(lines) + 1
            return [(number, line) for number, line in enumerate(lines, first) if number > after]

        return self._transaction(work)

    def transitions(self, *, stack: str | None = None, pin: str | None = None, limit: int = 50) -> Sequence[Transition]:
        found = [one for each in self._stacks(stack) for one in self._read(self._recorded, each, pin)]
        return sorted(found, key=lambda one: one.at, reverse=True)[:limit] if stack is None else found[:limit]

    def note(self, transition: Transition) -> bool:
        def work(pipe: Pipe) -> bool:
            newest = self._recorded(pipe, transition.stack, transition.pin)[:1]
            known = bool(newest) and rules.is_known(transition, newest[0])
            pipe.multi()
            if not known:
                self._record(pipe, transition)
            return not known

        return self._transaction(work, self._key("transitions", transition.stack))

    # What waits for a person

    def propose(self, stack: str, proposals: Sequence[Proposal]) -> None:
        def work(pipe: Pipe) -> None:
            before = [one for one in self._proposed(pipe) if one.stack == stack]
            pipe.multi()
            for one in before:
                pipe.hdel(self._key("proposals"), one.token)
            for one in rules.kept_approvals(proposals, before):
                pipe.hset(self._key("proposals"), one.token, encode(one))

        self._transaction(work, self._key("proposals"))

    def proposals(self, stack: str | None = None) -> Sequence[Proposal]:
        return [one for one in self._read(self._proposed) if stack in (None, one.stack)]

    def approve(self, token: str, by: str, now: datetime) -> Proposal | None:
        def work(pipe: Pipe) -> Proposal | None:
            text = pipe.hget(self._key("proposals"), token)
            if text is None:
                pipe.multi()
                return None
            approved = rules.approved(decode(Proposal, text), by, now)
            pipe.watch(self._live(approved.stack))
            slots = self._slots(pipe, approved.stack)
            pipe.multi()
            pipe.hset(self._key("proposals"), token, encode(approved))
            self._asked(pipe, approved.stack, slots, [approved.pin], now)
            return approved

        return self._transaction(work, self._key("proposals"))

    def freeze(self, freeze: Freeze | None) -> None:
        with self._failures():
            self._redis.set(self._key("freeze"), encode(freeze)) if freeze else self._redis.delete(self._key("freeze"))

    def frozen(self) -> Freeze | None:
        with self._failures():
            text = self._redis.get(self._key("freeze"))
        return decode(Freeze, text) if text else None

    # The store

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        with self._failures():
            self._redis.hset(self._key("kept"), key, json.dumps(value))

    def get(self, key: str) -> Mapping[str, Any] | None:
        with self._failures():
            text = self._redis.hget(self._key("kept"), key)
        value: Mapping[str, Any] | None = json.loads(text) if text else None
        return value

    def ready(self) -> None:
        """Raises LedgerUnavailable also for a Redis that would lose jobs, or that another version wrote to."""
        with self._failures():
            self._redis.set(self._key("version"), VERSION, nx=True)
            version = self._redis.get(self._key("version"))
            info = self._redis.info("everything")
        if version != str(VERSION):
            raise LedgerUnavailable(
                f"Redis holds a ledger of version {version}, this receiver has {VERSION}; give it another database"
            )
        if not info.get("aof_enabled"):
            raise LedgerUnavailable("Redis would lose jobs when it restarts; set `appendonly yes` in its configuration")
        if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
            raise LedgerUnavailable(
                f"Redis would drop jobs when its memory is full (maxmemory-policy {info.get('maxmemory_policy')});"
                " set `maxmemory-policy noeviction`"
            )

    def close(self) -> None:
        self._redis.close()

    def _key(self, *parts: str) -> str:
        return ":".join((self._prefix, *parts))

    def _live(self, stack: str) -> str:
        return self._key("live", stack)

    def _transaction(self, work: Callable[[Pipe], Answer], *watched: str) -> Answer:
        """What *work* answered, once what it queued has been written while *watched* stayed as it was."""
        with self._failures():
            answer: Answer = self._redis.transaction(work, *watched, value_from_callable=True)
            return answer

    def _read(self, work: Callable[..., Answer], *values: object) -> Answer:
        with self._failures():
            return work(self._redis, *values)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except redis.RedisError as error:
            raise LedgerUnavailable(f"Redis does not keep what it is told: {error}") from error

    def _slots(self, pipe: Pipe, stack: str) -> Slots:
        jobs = {slot: decode(Job, text) for slot, text in pipe.hgetall(self._live(stack)).items()}
        return Slots(**jobs)

    def _all_slots(self) -> Mapping[str, Slots]:
        return {stack: self._read(self._slots, stack) for stack in self._stacks(None)}

    def _stacks(self, stack: str | None) -> Sequence[str]:
        if stack:
            return [stack]
        with self._failures():
            return sorted(self._redis.smembers(self._key("stacks")))

    def _keep(self, pipe: Pipe, stack: str, slots: Slots) -> None:
        pipe.sadd(self._key("stacks"), stack)
        pipe.delete(self._live(stack))
        for slot, job in (("waiting", slots.waiting), ("running", slots.running)):
            if job:
                pipe.hset(self._live(stack), slot, encode(job))

    def _asked(self, pipe: Pipe, stack: str, slots: Slots, pins: Sequence[str], now: datetime) -> Job:
        after, job = rules.asked(slots, stack, pins, now, self._new_id)
        self._keep(pipe, stack, after)
        return job

    def _ended(self, stack: str, limit: int) -> Sequence[Job]:
        with self._failures():
            return [decode(Job, text) for text in self._redis.lrange(self._key("ended", stack), 0, limit - 1)]

    def _over(self, pipe: Pipe, stack: str) -> Sequence[Job]:
        return [decode(Job, text) for text in pipe.lrange(self._key("ended", stack), limits.JOBS - 1, -1)]

    def _end(self, pipe: Pipe, job: Job, over: Sequence[Job]) -> None:
        pipe.lpush(self._key("ended", job.stack), encode(job))
        pipe.ltrim(self._key("ended", job.stack), 0, limits.JOBS - 1)
        for old in over:
            pipe.delete(self._key("said", old.id), self._key("count", old.id))

    def _recorded(self, pipe: Pipe, stack: str, pin: str | None) -> Sequence[Transition]:
        texts = pipe.lrange(self._key("transitions", stack), 0, -1)
        return [one for one in (decode(Transition, text) for text in texts) if pin in (None, one.pin)]

    def _record(self, pipe: Pipe, transition: Transition) -> None:
        pipe.sadd(self._key("stacks"), transition.stack)
        pipe.lpush(self._key("transitions", transition.stack), encode(transition))
        pipe.ltrim(self._key("transitions", transition.stack), 0, limits.TRANSITIONS - 1)

    def _proposed(self, pipe: Pipe) -> Sequence[Proposal]:
        return rules.by_proposal(decode(Proposal, text) for text in pipe.hvals(self._key("proposals")))
