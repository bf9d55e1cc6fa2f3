"""Steps in any order: both stores answer the same, and no event is ever lost.

The model has one thing only: which tags of a stack no job that succeeded has dealt with.
"""

import itertools
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from fcpin.receiver.ledger.ledger import Ledger, redis_ledger, sqlite_ledger
from fcpin.receiver.ledger.model import Ending, Job, JobState
from tests.receiver.samples import at, push
from tests.support.redis_server import RedisServer

STACKS = ["prod", "test"]
LEASE: Final = timedelta(seconds=5)
Answer = TypeVar("Answer")

stacks = st.sampled_from(STACKS)
tags = st.sampled_from(["a", "b", "c"])


class Machine(RuleBasedStateMachine):
    """Every step is done with both ledgers."""

    def __init__(self, redis: RedisServer) -> None:
        super().__init__()
        redis.empty()
        self.folder = tempfile.TemporaryDirectory()
        ids = [map(str, itertools.count()), map(str, itertools.count())]
        self.ledgers: tuple[Ledger, ...] = (
            sqlite_ledger(Path(self.folder.name) / "ledger.sqlite", lambda: next(ids[0])),
            redis_ledger(redis.url, new_id=lambda: next(ids[1])),
        )
        self.seconds, self.events = 0.0, 0
        self.owed: dict[str, set[str]] = {stack: set() for stack in STACKS}
        self.held: list[Job] = []

    def teardown(self) -> None:
        for ledger in self.ledgers:
            ledger.close()
        self.folder.cleanup()

    def both(self, step: Callable[[Ledger], Answer]) -> Answer:
        first, second = map(step, self.ledgers)
        assert first == second
        return first

    @rule(seconds=st.sampled_from([0.3, 1, 6]))
    def time_passes(self, seconds: float) -> None:
        self.seconds += seconds

    @rule(tag=tags, concerned=st.lists(stacks, max_size=2), again=st.booleans())
    def an_event_comes(self, tag: str, concerned: list[str], again: bool) -> None:
        self.events += not again
        is_new = self.both(
            lambda ledger: ledger.add_event(
                push(tag, event=str(self.events)),
                concerned,
                at(self.seconds),
                debounce=timedelta(seconds=1),
                max_wait=timedelta(seconds=2),
            )
        )
        if is_new:
            for stack in concerned:
                self.owed[stack].add(tag)

    @rule(stack=stacks, pin=st.sampled_from(["api", "web"]))
    def a_person_requests(self, stack: str, pin: str) -> None:
        self.both(lambda ledger: ledger.request(stack, [pin], at(self.seconds)))

    @rule(stack=stacks, worker=st.sampled_from(["w1", "w2"]))
    def a_worker_claims(self, stack: str, worker: str) -> None:
        running = {job.stack: job for job in self.ledgers[0].jobs() if job.state is JobState.RUNNING}
        job = self.both(lambda ledger: ledger.claim(stack, worker, at(self.seconds), LEASE))
        if job:
            before = running.get(stack)
            assert before is None or (before.lease and before.lease <= at(self.seconds)), "two workers on one stack"
            self.held.append(job)

    @rule(data=st.data())
    def a_worker_renews(self, data: Any) -> None:
        if self.held:
            job = data.draw(st.sampled_from(self.held))
            self.both(lambda ledger: ledger.renew(job, at(self.seconds), LEASE))

    @rule(
        data=st.data(),
        state=st.sampled_from([JobState.SUCCEEDED, JobState.FAILED, JobState.PENDING, JobState.WAITING_FOR_APPROVAL]),
        is_retry=st.booleans(),
        busy=st.booleans(),
        wait=st.sampled_from([0, 1, 9]),
    )
    def a_worker_finishes(self, data: Any, state: JobState, is_retry: bool, busy: bool, wait: int) -> None:
        if not self.held:
            return
        job = data.draw(st.sampled_from(self.held))
        self.held.remove(job)
        due = at(self.seconds + wait) if state is JobState.PENDING else None
        mine = any(one.id == job.id and one.worker == job.worker and not one.ended for one in self.ledgers[0].jobs())
        self.both(
            lambda ledger: ledger.finish(
                job, Ending(state, "", due, is_retry and state is JobState.PENDING, busy), at(self.seconds)
            )
        )
        if mine and state is JobState.SUCCEEDED:
            self.owed[job.stack] -= {one.tag for one in job.events if one.tag}
            for other in self.ledgers[0].jobs(stack=job.stack):
                if other.state is not JobState.SUCCEEDED:
                    self.owed[job.stack] |= {one.tag for one in other.events if one.tag}

    @rule(data=st.data())
    def a_person_retries(self, data: Any) -> None:
        ended = [job for job in self.ledgers[0].jobs() if job.ended]
        if ended:
            job = data.draw(st.sampled_from(ended))
            self.both(lambda ledger: ledger.retry(job.id, at(self.seconds)))

    @invariant()
    def both_answer_the_same(self) -> None:
        self.both(lambda ledger: ledger.jobs(limit=500))
        self.both(lambda ledger: ledger.due_times())

    @invariant()
    def a_stack_has_one_pending_and_one_running_job(self) -> None:
        live = [(job.stack, job.state is JobState.RUNNING) for job in self.ledgers[0].jobs(limit=500) if not job.ended]
        assert len(live) == len(set(live))

    @invariant()
    def no_event_is_lost(self) -> None:
        for stack, owed in self.owed.items():
            jobs = self.ledgers[0].jobs(stack=stack, limit=500)
            assert owed <= {one.tag for job in jobs if job.state is not JobState.SUCCEEDED for one in job.events}


def test_both_stores_answer_the_same_and_lose_nothing(redis: RedisServer) -> None:
    class OnRedis(Machine):
        def __init__(self) -> None:
            super().__init__(redis)

    calm = settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(OnRedis, settings=calm)
