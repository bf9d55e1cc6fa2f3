"""When a function is ready, when it has failed, and how long a change is awaited."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from fcpin.errors import DeadlineExceeded, FunctionNotFound, UpdateFailed
from fcpin.fc.model import Function
from fcpin.fc.readiness import Readiness, Waiter
from tests.support.clock import ManualClock


def function(
    state: str = "Active", update: str = "Successful", at: str = "2026-11-22T12:00:01Z", **more: str
) -> Function:
    wire = {"functionName": "checkout", "state": state, "lastUpdateStatus": update, "lastModifiedTime": at, **more}
    return Function.from_wire(wire)


STATES = [
    ("active and successful is ready", "Active", "Successful", Readiness.READY),
    ("a function without state fields is ready", "", "", Readiness.READY),
    ("an inactive function is prepared again at its next invocation", "Inactive", "Successful", Readiness.READY),
    ("a new function is pending", "Pending", "Successful", Readiness.PENDING),
    ("an update is in progress", "Active", "InProgress", Readiness.PENDING),
    ("a failed update is a failure although the function is active", "Active", "Failed", Readiness.FAILED),
    ("a failed function that is being updated may be healed by it", "Failed", "InProgress", Readiness.PENDING),
    ("a failed function is a failure", "Failed", "Successful", Readiness.FAILED),
    ("an unknown state is pending", "Hibernating", "Successful", Readiness.PENDING),
]


@pytest.mark.parametrize(("state", "update", "expected"), [row[1:] for row in STATES], ids=[row[0] for row in STATES])
def test_both_status_fields_count(state: str, update: str, expected: Readiness) -> None:
    assert Readiness.of(function(state, update)) is expected


def test_waits_until_the_update_is_successful() -> None:
    clock, answers = ManualClock(), iter([function(update="InProgress"), function()])
    reported: list[str] = []
    ready = Waiter(clock, 60, reported.append).wait(function(update="InProgress"), lambda: next(answers))
    assert reported == [], "a short wait"
    assert ready.last_update_status == "Successful"
    assert len(clock.slept) == 2


def test_a_response_older_than_the_request_is_ignored() -> None:
    answers: Iterator[Function] = iter([function(at="2026-11-22T12:00:00Z"), function(at="2026-11-22T12:00:05Z")])
    sent = function(update="InProgress", at="2026-11-22T12:00:05Z")
    assert Waiter(ManualClock(), deadline=60).wait(sent, lambda: next(answers)).last_modified_time.endswith("05Z")


def test_a_failed_update_reports_why_and_that_the_old_image_keeps_serving() -> None:
    failed = function(
        update="Failed", lastUpdateStatusReasonCode="PullImageFailed", lastUpdateStatusReason="no such image"
    )
    with pytest.raises(UpdateFailed, match="PullImageFailed: no such image; the old image keeps serving"):
        Waiter(ManualClock(), deadline=60).wait(function(update="InProgress"), lambda: failed)


def test_gives_up_at_the_deadline_with_the_last_status() -> None:
    clock = ManualClock()
    waiting = function(update="InProgress", lastUpdateStatusReasonCode="ImageOptimizing")
    with pytest.raises(DeadlineExceeded, match=r"not ready after 5 s .*ImageOptimizing"):
        Waiter(clock, deadline=5).wait(waiting, lambda: waiting)
    assert clock.monotonic() == pytest.approx(5)
    assert max(clock.slept) <= 2


OLD = "2026-11-22T11:00:00Z"


def test_the_response_to_a_request_does_not_count() -> None:
    """Without a status of the operation, or with the one from before, it looks like done."""
    for sent in (function("", ""), function(at=OLD), function()):
        answers = iter([function(update="InProgress"), function(update="Failed")])
        with pytest.raises(UpdateFailed):
            Waiter(ManualClock(), deadline=60).wait(sent, lambda: next(answers), function(at=OLD))  # noqa: B023


def test_a_finished_update_costs_one_read_and_no_pause() -> None:
    clock, reads = ManualClock(), 0

    def get() -> Function:
        nonlocal reads
        reads += 1
        return function()

    Waiter(clock, deadline=60).wait(function(), get, function(at=OLD))
    assert (reads, clock.slept) == (1, [])


def test_an_unchanged_response_is_ignored() -> None:
    """Times have no fractions of a second, so an update may leave the time as it was: then something else differs."""
    before, done = function(state="Failed"), function(state="Active")
    answers = iter([before, before, done])
    assert Waiter(ManualClock(), deadline=60).wait(before, lambda: next(answers), before) is done


def test_a_read_that_goes_back_in_time_is_ignored() -> None:
    new = "2026-11-22T12:00:09Z"
    answers = iter([function(update="InProgress", at=new), function(image="old"), function(at=new)])
    ready = Waiter(ManualClock(), deadline=60).wait(function(at=OLD), lambda: next(answers), function(at=OLD))
    assert ready.last_modified_time == new


def test_a_function_that_was_just_created_may_not_be_found_yet() -> None:
    misses = iter([True, True, False])

    def get() -> Function:
        if next(misses):
            raise FunctionNotFound("not yet")
        return function()

    assert Waiter(ManualClock(), deadline=60).wait(function("Pending"), get).state == "Active"


def test_a_function_that_is_not_found_after_an_update_was_deleted() -> None:
    def get() -> Function:
        raise FunctionNotFound("gone")

    with pytest.raises(FunctionNotFound):
        Waiter(ManualClock(), deadline=60).wait(function(), get, function(at=OLD))


@pytest.mark.parametrize("verb", ["wait", "settle"])
@pytest.mark.parametrize("deadline", [100.0, 600.0])
def test_progress_is_reported_at_least_every_30_seconds(deadline: float, verb: str) -> None:
    clock, reported = ManualClock(), [0.0]
    waiting = function(update="InProgress", lastUpdateStatusReasonCode="ImageOptimizing")
    waiter = Waiter(
        clock, deadline, lambda line: reported.append(clock.monotonic()) if "ImageOptimizing" in line else None
    )
    with pytest.raises(DeadlineExceeded):
        getattr(waiter, verb)(waiting, lambda: waiting)
    assert len(reported) > deadline / 31
    assert max(later - earlier for earlier, later in pairwise([*reported, clock.monotonic()])) <= 30
