"""The effect of each button, its error messages, and the forms that are rejected."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import HoldReport
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import JobState
from tests.receiver.page.page_client import PageClient, PageHarness
from tests.receiver.page.samples import failed, pending
from tests.receiver.samples import NOON, digest, function, proposal, scanned

FREEZE = {"reason": "release day"}
HOLD = {"stack": "prod", "pin": "checkout", "tag": "main-10", "until": "3d", "reason": "main-11  fails"}


@pytest.fixture(autouse=True)
def checkout(ledger: Ledger) -> None:
    scanned(ledger, "prod", function("checkout", Kind.MOVED_TAG, sentence="main-11 moved"), function("mailer"))


def log_of(ledger: Ledger) -> str:
    return "\n".join(line for job in ledger.jobs(stack="prod") for _, line in ledger.log_lines(job.id))


def test_approve(ann: PageClient, ledger: Ledger, harness: PageHarness) -> None:
    ledger.set_proposals("prod", [proposal("checkout")])
    assert digest("b") in ann.get("/").text, "the whole digest is shown"
    assert "Approved" in ann.press("approve", token="t1").words
    (approved,) = ledger.proposals()
    assert (approved.approved_by, approved.approved) == ("ann", NOON)
    assert harness.woken == 1
    assert "approved by ann" in log_of(ledger)
    assert digest("b") in log_of(ledger)
    assert "approved by ann" in ann.get("/").words


def test_a_replaced_proposal_cannot_be_approved(ann: PageClient, ledger: Ledger, harness: PageHarness) -> None:
    ledger.set_proposals("prod", [proposal("checkout", "t2")])
    assert "no longer valid" in ann.press("approve", token="t1").words
    assert not any(one.approved for one in ledger.proposals())
    assert harness.woken == 0


UNTIL = [("3d", NOON + timedelta(days=3)), ("2026-11-26T20:00:00+08:00", NOON + timedelta(days=3))]


@pytest.mark.parametrize(("text", "until"), UNTIL)
def test_hold_and_resume(ann: PageClient, harness: PageHarness, text: str, until: object) -> None:
    page = ann.press("hold", **HOLD | {"until": text})
    hold = harness.holds.held["prod", "checkout"]
    assert (hold.tag, hold.until, hold.reason) == ("main-10", until, "main-11 fails")
    assert "checkout is held at main-10 until 2026-11-26T12:00:00Z: main-11 fails" in page.words
    assert harness.ledger.jobs(stack="prod")[0].requested_pins == ("checkout",)
    assert "by ann" in log_of(harness.ledger)
    assert harness.woken == 1
    scanned(harness.ledger, "prod", function("checkout", hold=HoldReport("main-10", None, hold.until, "bad")))
    assert "End the hold" in ann.get("/functions/prod/checkout").words
    assert "The hold of checkout is ended" in ann.press("resume", stack="prod", pin="checkout").words
    assert (harness.holds.held, harness.woken) == ({}, 2)


INVALID_HOLDS = [
    ({"tag": "app:main-1"}, "is not a valid tag"),
    ({"tag": ""}, "tag: is required"),
    ({"until": "soon"}, "until: must be a time"),
    ({"until": "2026-12-01T09:00"}, "no time zone"),
    ({"until": "2026-11-23T19:59:59+08:00"}, "is in the past"),
    ({"reason": " "}, "reason: is required"),
    ({"reason": "x" * 501}, "at most 500"),
    ({"stack": "prodd"}, "not one of prod, staging"),
]


@pytest.mark.parametrize(("change", "problem"), [pytest.param(*row, id=row[1]) for row in INVALID_HOLDS])
def test_an_invalid_hold(ann: PageClient, harness: PageHarness, change: Mapping[str, str], problem: str) -> None:
    ann.post("/actions/hold", {"form_token": ann.form_token(), **HOLD, **change})
    assert problem in ann.get("/").words
    assert (harness.holds.held, harness.woken) == ({}, 0)


def test_a_file_that_cannot_be_written(ann: PageClient, harness: PageHarness) -> None:
    harness.holds.read_only = True
    assert "read-only" in ann.press("hold", **HOLD).words
    assert harness.woken == 0


def test_converge_now(ann: PageClient, ledger: Ledger, harness: PageHarness) -> None:
    ann.press("converge", stack="prod", pins="checkout\nmailer")
    (job,) = ledger.jobs(stack="prod")
    assert (job.requested_pins, job.due, harness.woken) == (("checkout", "mailer"), NOON, 1)
    assert "requested by ann" in log_of(ledger)


def test_retry(ann: PageClient, ledger: Ledger, harness: PageHarness) -> None:
    job = failed(ledger, "prod", "UpdateFunction was throttled")
    assert "The job is retried" in ann.press("retry", job=job.id).words
    assert [one.state for one in ledger.jobs(stack="prod")] == [JobState.PENDING]
    assert harness.woken == 1
    assert "reload" in ann.press("retry", job=job.id).words


def test_freeze_and_thaw(ann: PageClient, ledger: Ledger, harness: PageHarness) -> None:
    pending(ledger, "staging", "frozen by ann", NOON + timedelta(minutes=1))
    frozen = ann.press("freeze", **FREEZE).words
    assert "Frozen. Nothing" in frozen
    assert "Frozen by ann" in frozen
    assert "release day" in frozen
    assert "Frozen. Nothing" not in ann.get("/").words, "the note is shown once"
    harness.clock.advance(2)
    assert "The freeze is lifted" in ann.press("thaw").words
    assert (ledger.current_freeze(), harness.woken) == (None, 1)
    assert ledger.due_times() == {"staging": harness.clock.now()}, "the pending job is due at once"


def test_a_note_is_for_its_session(ann: PageClient) -> None:
    ann.post("/actions/freeze", {"form_token": ann.form_token(), **FREEZE})
    bob = replace(ann, cookies={})
    bob.log_in("bob")
    bob.cookies["fcpin_note"] = ann.cookies["fcpin_note"]
    assert "Frozen. Nothing" not in bob.get("/").words


def test_a_form_needs_the_form_token_of_its_session(ann: PageClient, ledger: Ledger) -> None:
    bob = replace(ann, cookies={})
    bob.log_in("bob")
    own, cookies = ann.form_token(), dict(ann.cookies)
    for token in ("", "0" * 64, "ä", bob.form_token()):
        assert ann.post("/actions/freeze", FREEZE | {"form_token": token}).status == 403
    assert ann.post("/logout", {}).status == 403
    assert ann.get("/").status == 200
    ann.post("/logout", {"form_token": own})
    for left in ({}, cookies):
        answer = replace(ann, cookies=left).post("/actions/freeze", FREEZE | {"form_token": own})
        assert answer.status == 403
        assert "log in" in answer.words
    assert ledger.current_freeze() is None


INVALID_FORMS: list[tuple[str, bytes, Mapping[str, str], int]] = [
    ("JSON", b"{}", {"content-type": "application/json"}, 415),
    ("text, which other sites can send", b"a=b", {"content-type": "text/plain"}, 415),
    ("a file", b"--x", {"content-type": "multipart/form-data; boundary=x"}, 415),
    ("a large form", b"a=" + b"x" * 20_000, {}, 413),
    ("a thousand fields", b"a=b&" * 1_000, {}, 400),
    ("not UTF-8", b"a=\xff", {}, 400),
    ("no fields", b"hello", {}, 400),
    ("a form of another site", b"a=b", {"sec-fetch-site": "cross-site"}, 403),
    ("a form of another host of the site", b"a=b", {"sec-fetch-site": "same-site"}, 403),
]


@pytest.mark.parametrize(("body", "headers", "status"), [pytest.param(*row[1:], id=row[0]) for row in INVALID_FORMS])
def test_an_invalid_form(ann: PageClient, body: bytes, headers: Mapping[str, str], status: int) -> None:
    for path in ("/login", "/logout", "/actions/freeze"):
        assert ann.post(path, body, headers).status == status
    assert ann.get("/").status == 200


@pytest.mark.parametrize("button", ["approve", "hold", "resume", "converge", "retry", "freeze", "thaw"])
def test_a_link_presses_no_button(ann: PageClient, button: str) -> None:
    assert ann.get(f"/actions/{button}").status == 405
