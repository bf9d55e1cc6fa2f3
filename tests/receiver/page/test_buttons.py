"""What each button does, and what is said when it cannot."""

from datetime import timedelta

import pytest

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import HoldReport
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import JobState
from tests.receiver.page.people import HoldsFile, Visitor, Wakes
from tests.receiver.page.scene import NEW, NOON, dead, function, proposal, survey, waiting
from tests.support.clock import ManualClock


@pytest.fixture(autouse=True)
def checkout(ledger: Ledger) -> None:
    survey(ledger, "prod", function("checkout", Kind.MOVED_TAG, sentence="main-11 moved"), function("mailer"))


def said(ledger: Ledger, stack: str) -> list[str]:
    return [line for job in ledger.jobs(stack=stack) for _, line in ledger.log_lines(job.id)]


def test_approve(ann: Visitor, ledger: Ledger, wakes: Wakes) -> None:
    ledger.set_proposals("prod", [proposal()])
    page = ann.get("/")
    assert NEW in page.text, "whoever approves sees the whole digest"
    assert "Approved" in ann.press("approve", token="c0ffee").words
    (approved,) = ledger.proposals()
    assert (approved.approved_by, approved.approved) == ("ann", NOON)
    assert wakes.woken == ["prod"]
    assert any("approved by ann" in line and NEW in line for line in said(ledger, "prod"))
    assert "approved by ann" in ann.get("/").words


def test_what_was_pushed_again_since_the_page_was_made_cannot_be_approved(
    ann: Visitor, ledger: Ledger, wakes: Wakes
) -> None:
    ledger.set_proposals("prod", [proposal()])
    token = ann.form_token()
    ledger.set_proposals("prod", [proposal(name="decaf")])
    ann.post("/actions/approve", {"form_token": token, "token": "c0ffee"})
    assert "not proposed any more" in ann.get("/").words
    assert not any(one.approved for one in ledger.proposals())
    assert wakes.woken == []


def test_hold(ann: Visitor, holds: HoldsFile, ledger: Ledger, wakes: Wakes) -> None:
    page = ann.press("hold", stack="prod", pin="checkout", tag="main-10", until="3d", reason="main-11  fails")
    hold = holds.held["prod", "checkout"]
    assert (hold.tag, hold.until, hold.reason) == ("main-10", NOON + timedelta(days=3), "main-11 fails")
    assert "checkout is held at main-10 until 2026-11-25T12:00:00Z: main-11 fails" in page.words
    assert wakes.woken == ["prod"]
    assert ledger.jobs(stack="prod")[0].requested_pins == ("checkout",)
    assert any("by ann" in line for line in said(ledger, "prod"))


HOLDS = [
    ("a tag that is none", {"tag": "app:main-1"}, "is no tag"),
    ("no tag", {"tag": ""}, "tag: is required"),
    ("a time that is none", {"until": "soon"}, "until: must be a time"),
    ("a time without a zone", {"until": "2026-12-01T09:00"}, "no time zone"),
    ("a time that is over", {"until": "2026-11-22T19:59:59+08:00"}, "is over"),
    ("no reason", {"reason": " "}, "reason: is required"),
    ("a reason without end", {"reason": "x" * 501}, "at most 500"),
    ("a stack that is none", {"stack": "prodd"}, "none of prod, staging"),
]


@pytest.mark.parametrize(("label", "change", "problem"), HOLDS, ids=[row[0] for row in HOLDS])
def test_a_hold_that_is_not_possible(
    ann: Visitor, holds: HoldsFile, wakes: Wakes, label: str, change: dict[str, str], problem: str
) -> None:
    fields = {"stack": "prod", "pin": "checkout", "tag": "main-10", "until": "3d", "reason": "bad"} | change
    ann.post("/actions/hold", {"form_token": ann.form_token()} | fields)
    assert problem in ann.get("/").words
    assert (holds.held, wakes.woken) == ({}, [])


def test_a_moment_with_a_zone_is_a_time_too(ann: Visitor, holds: HoldsFile) -> None:
    ann.press("hold", stack="prod", pin="checkout", tag="main-10", until="2026-12-01T09:00:00+08:00", reason="bad")
    assert holds.held["prod", "checkout"].until.isoformat() == "2026-12-01T01:00:00+00:00"


def test_a_file_that_cannot_be_written_is_said(ann: Visitor, holds: HoldsFile, wakes: Wakes) -> None:
    holds.read_only = True
    page = ann.press("hold", stack="prod", pin="checkout", tag="main-10", until="3d", reason="bad")
    assert "read-only" in page.words
    assert wakes.woken == []


def test_resume(ann: Visitor, holds: HoldsFile, ledger: Ledger, wakes: Wakes) -> None:
    held = HoldReport("main-10", None, NOON + timedelta(days=1), "bad")
    survey(ledger, "prod", function("checkout", hold=held))
    ann.press("hold", stack="prod", pin="checkout", tag="main-10", until="1d", reason="bad")
    assert "End the hold" in ann.get("/functions/prod/checkout").words
    page = ann.press("resume", stack="prod", pin="checkout")
    assert "The hold of checkout is ended" in page.words
    assert holds.held == {}
    assert wakes.woken == ["prod", "prod"]


def test_converge_now(ann: Visitor, ledger: Ledger, wakes: Wakes) -> None:
    ann.press("converge", stack="prod", pins="checkout\nmailer")
    (job,) = ledger.jobs(stack="prod")
    assert (job.requested_pins, job.due) == (("checkout", "mailer"), NOON)
    assert wakes.woken == ["prod"]
    assert any("asked for by ann" in line for line in said(ledger, "prod"))


def test_try_again(ann: Visitor, ledger: Ledger, wakes: Wakes) -> None:
    job = dead(ledger, "prod", "UpdateFunction was throttled")
    page = ann.get("/").words
    assert "given up" in page
    assert "UpdateFunction was throttled" in page
    assert "It is tried again" in ann.press("retry", job=job.id).words
    assert [one.state for one in ledger.jobs(stack="prod")] == [JobState.PENDING]
    assert wakes.woken == ["prod"]
    assert "look anew" in ann.press("retry", job=job.id).words


def test_freeze_and_thaw(ann: Visitor, ledger: Ledger, wakes: Wakes, clock: ManualClock) -> None:
    waiting(ledger, "staging", "frozen by ann", NOON + timedelta(minutes=1))
    page = ann.press("freeze", reason="release day").words
    assert "Frozen by ann" in page
    assert "release day" in page
    clock.advance(2)
    assert "The freeze is lifted" in ann.press("thaw").words
    assert ledger.current_freeze() is None
    assert wakes.woken == ["staging"]
    assert ledger.due_times() == {"staging": clock.now()}, "what waited goes on at once"


def test_what_became_of_a_button_is_said_once(ann: Visitor) -> None:
    assert "Frozen. Nothing" in ann.press("freeze", reason="release day").words
    assert "Frozen. Nothing" not in ann.get("/").words


def test_what_is_said_to_one_is_not_said_to_another(ann: Visitor) -> None:
    ann.post("/actions/freeze", {"form_token": ann.form_token(), "reason": "release day"})
    note = ann.cookies["fcpin_note"]
    ann.cookies.clear()
    ann.log_in("bob")
    ann.cookies["fcpin_note"] = note
    assert "Frozen. Nothing" not in ann.get("/").words
