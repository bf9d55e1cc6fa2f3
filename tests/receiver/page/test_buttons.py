"""The effect of each button, and its error messages."""

from datetime import timedelta

import pytest

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import HoldReport
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import JobState
from tests.receiver.page.page_client import HoldsFile, PageClient, Wakes
from tests.receiver.page.samples import NEW, NOON, dead, function, proposal, survey, waiting
from tests.support.clock import ManualClock


@pytest.fixture(autouse=True)
def checkout(ledger: Ledger) -> None:
    survey(ledger, "prod", function("checkout", Kind.MOVED_TAG, sentence="main-11 moved"), function("mailer"))


def progress_of(ledger: Ledger, stack: str) -> list[str]:
    return [line for job in ledger.jobs(stack=stack) for _, line in ledger.log_lines(job.id)]


def test_approve(ann: PageClient, ledger: Ledger, wakes: Wakes) -> None:
    ledger.set_proposals("prod", [proposal()])
    page = ann.get("/")
    assert NEW in page.text, "the whole digest is shown"
    assert "Approved" in ann.press("approve", token="c0ffee").words
    (approved,) = ledger.proposals()
    assert (approved.approved_by, approved.approved) == ("ann", NOON)
    assert wakes.count == 1
    assert any("approved by ann" in line and NEW in line for line in progress_of(ledger, "prod"))
    assert "approved by ann" in ann.get("/").words


def test_what_was_pushed_again_since_the_page_was_made_cannot_be_approved(
    ann: PageClient, ledger: Ledger, wakes: Wakes
) -> None:
    ledger.set_proposals("prod", [proposal()])
    token = ann.form_token()
    ledger.set_proposals("prod", [proposal(name="decaf")])
    ann.post("/actions/approve", {"form_token": token, "token": "c0ffee"})
    assert "no longer valid" in ann.get("/").words
    assert not any(one.approved for one in ledger.proposals())
    assert wakes.count == 0


def test_hold(ann: PageClient, holds: HoldsFile, ledger: Ledger, wakes: Wakes) -> None:
    page = ann.press("hold", stack="prod", pin="checkout", tag="main-10", until="3d", reason="main-11  fails")
    hold = holds.held["prod", "checkout"]
    assert (hold.tag, hold.until, hold.reason) == ("main-10", NOON + timedelta(days=3), "main-11 fails")
    assert "checkout is held at main-10 until 2026-11-25T12:00:00Z: main-11 fails" in page.words
    assert wakes.count == 1
    assert ledger.jobs(stack="prod")[0].requested_pins == ("checkout",)
    assert any("by ann" in line for line in progress_of(ledger, "prod"))


HOLDS = [
    ("a tag that is none", {"tag": "app:main-1"}, "is not a valid tag"),
    ("no tag", {"tag": ""}, "tag: is required"),
    ("a time that is none", {"until": "soon"}, "until: must be a time"),
    ("a time without a zone", {"until": "2026-12-01T09:00"}, "no time zone"),
    ("a time that is over", {"until": "2026-11-22T19:59:59+08:00"}, "is in the past"),
    ("no reason", {"reason": " "}, "reason: is required"),
    ("a reason without end", {"reason": "x" * 501}, "at most 500"),
    ("a stack that is none", {"stack": "prodd"}, "not one of prod, staging"),
]


@pytest.mark.parametrize(("label", "change", "problem"), HOLDS, ids=[row[0] for row in HOLDS])
def test_a_hold_that_is_not_possible(
    ann: PageClient, holds: HoldsFile, wakes: Wakes, label: str, change: dict[str, str], problem: str
) -> None:
    fields = {"stack": "prod", "pin": "checkout", "tag": "main-10", "until": "3d", "reason": "bad"} | change
    ann.post("/actions/hold", {"form_token": ann.form_token()} | fields)
    assert problem in ann.get("/").words
    assert (holds.held, wakes.count) == ({}, 0)


def test_a_moment_with_a_zone_is_a_time_too(ann: PageClient, holds: HoldsFile) -> None:
    ann.press("hold", stack="prod", pin="checkout", tag="main-10", until="2026-12-01T09:00:00+08:00", reason="bad")
    assert holds.held["prod", "checkout"].until.isoformat() == "2026-12-01T01:00:00+00:00"


def test_a_file_that_cannot_be_written(ann: PageClient, holds: HoldsFile, wakes: Wakes) -> None:
    holds.read_only = True
    page = ann.press("hold", stack="prod", pin="checkout", tag="main-10", until="3d", reason="bad")
    assert "read-only" in page.words
    assert wakes.count == 0


def test_resume(ann: PageClient, holds: HoldsFile, ledger: Ledger, wakes: Wakes) -> None:
    held = HoldReport("main-10", None, NOON + timedelta(days=1), "bad")
    survey(ledger, "prod", function("checkout", hold=held))
    ann.press("hold", stack="prod", pin="checkout", tag="main-10", until="1d", reason="bad")
    assert "End the hold" in ann.get("/functions/prod/checkout").words
    page = ann.press("resume", stack="prod", pin="checkout")
    assert "The hold of checkout is ended" in page.words
    assert holds.held == {}
    assert wakes.count == 2


def test_converge_now(ann: PageClient, ledger: Ledger, wakes: Wakes) -> None:
    ann.press("converge", stack="prod", pins="checkout\nmailer")
    (job,) = ledger.jobs(stack="prod")
    assert (job.requested_pins, job.due) == (("checkout", "mailer"), NOON)
    assert wakes.count == 1
    assert any("requested by ann" in line for line in progress_of(ledger, "prod"))


def test_try_again(ann: PageClient, ledger: Ledger, wakes: Wakes) -> None:
    job = dead(ledger, "prod", "UpdateFunction was throttled")
    page = ann.get("/").words
    assert "failed" in page
    assert "UpdateFunction was throttled" in page
    assert "The job is retried" in ann.press("retry", job=job.id).words
    assert [one.state for one in ledger.jobs(stack="prod")] == [JobState.PENDING]
    assert wakes.count == 1
    assert "reload" in ann.press("retry", job=job.id).words


def test_freeze_and_thaw(ann: PageClient, ledger: Ledger, wakes: Wakes, clock: ManualClock) -> None:
    waiting(ledger, "staging", "frozen by ann", NOON + timedelta(minutes=1))
    page = ann.press("freeze", reason="release day").words
    assert "Frozen by ann" in page
    assert "release day" in page
    clock.advance(2)
    assert "The freeze is lifted" in ann.press("thaw").words
    assert ledger.current_freeze() is None
    assert wakes.count == 1
    assert ledger.due_times() == {"staging": clock.now()}, "what waited goes on at once"


def test_a_note_is_shown_once(ann: PageClient) -> None:
    assert "Frozen. Nothing" in ann.press("freeze", reason="release day").words
    assert "Frozen. Nothing" not in ann.get("/").words


def test_a_note_is_for_its_session(ann: PageClient) -> None:
    ann.post("/actions/freeze", {"form_token": ann.form_token(), "reason": "release day"})
    note = ann.cookies["fcpin_note"]
    ann.cookies.clear()
    ann.log_in("bob")
    ann.cookies["fcpin_note"] = note
    assert "Frozen. Nothing" not in ann.get("/").words
