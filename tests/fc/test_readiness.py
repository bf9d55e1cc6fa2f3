"""When a function is ready, when it has failed, and how long somebody waits for it."""

from collections.abc import Iterator

import pytest

from fcpin.errors import DeadlineExceeded, UpdateFailed
from fcpin.fc.model import Function
from fcpin.fc.readiness import Verdict, Waiter, judge
from tests.support.clock import ManualClock


def function(
    state: str = "Active", update: str = "Successful", at: str = "2026-11-22T12:00:01Z", **more: str
) -> Function:
    wire = {"functionName": "checkout", "state": state, "lastUpdateStatus": update, "lastModifiedTime": at, **more}
    return Function.from_wire(wire)


VERDICTS = [
    ("active and successful is ready", "Active", "Successful", Verdict.READY),
    ("a function without state fields is ready", "", "", Verdict.READY),
    ("an inactive function is prepared again at its next invocation", "Inactive", "Successful", Verdict.READY),
    ("a new function is pending", "Pending", "Successful", Verdict.WAIT),
    ("an update is in progress", "Active", "InProgress", Verdict.WAIT),
    ("a failed update is a failure although the function is active", "Active", "Failed", Verdict.FAILED),
    ("a failed function that is being updated may be healed by it", "Failed", "InProgress", Verdict.WAIT),
    ("a failed function is a failure", "Failed", "Successful", Verdict.FAILED),
    ("a state nobody knows yet is waited for", "Hibernating", "Successful", Verdict.WAIT),
]


@pytest.mark.parametrize(
    ("state", "update", "verdict"), [row[1:] for row in VERDICTS], ids=[row[0] for row in VERDICTS]
)
def test_both_status_fields_count(state: str, update: str, verdict: Verdict) -> None:
    assert judge(function(state, update)) is verdict


def test_waits_until_the_update_is_successful() -> None:
    clock, answers = ManualClock(), iter([function(update="InProgress"), function()])
    ready = Waiter(clock, deadline=60).wait(function(update="InProgress"), lambda: next(answers))
    assert ready.last_update_status == "Successful"
    assert len(clock.slept) == 2


def test_an_answer_older_than_the_request_tells_nothing() -> None:
    answers: Iterator[Function] = iter([function(at="2026-11-22T12:00:00Z"), function(at="2026-11-22T12:00:05Z")])
    sent = function(update="InProgress", at="2026-11-22T12:00:05Z")
    assert Waiter(ManualClock(), deadline=60).wait(sent, lambda: next(answers)).last_modified_time.endswith("05Z")


def test_a_failed_update_says_why_and_that_the_old_image_keeps_serving() -> None:
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
