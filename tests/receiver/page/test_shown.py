"""What is on the pages: everything that is known, nothing that could act, and something where there is nothing."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import HoldReport
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Ending, Freeze, JobState
from tests.receiver.page.page_client import PageClient
from tests.receiver.page.samples import NEW, NOON, OLD, deployment, everything, function, push, running, survey, waiting
from tests.support.clock import ManualClock

ROOT = Path(__file__).parents[3]
CSS = (ROOT / "providers/fcpin/receiver/page/static/page.css").read_text()
OPERATIONS = (ROOT / "docs/receiver/operations.md").read_text()
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7919*7907}}\x1b[31m"


def test_an_empty_receiver(ann: PageClient) -> None:
    words = ann.get("/").words
    for sentence in ("not scanned yet", "No job is running or pending", "None yet"):
        assert sentence in words
    assert "To approve" not in words
    assert "None yet" in ann.get("/history").words


def test_a_stack_without_pins(ann: PageClient, ledger: Ledger) -> None:
    survey(ledger, "prod")
    assert "No function is pinned in this stack" in ann.get("/").words


def test_the_overview(ann: PageClient, ledger: Ledger, clock: ManualClock) -> None:
    everything(ledger)
    clock.advance(60)
    words = ann.get("/").words
    for known in (
        "1 function cannot start new instances",
        "moved-tag exposed for 2 min 12 s main-11 moved from sha256:6ac634d743cd",
        "held until 2026-11-24 12:00 UTC in 1 d : main-10 leaks memory",
        "suspended: its policy is not evaluated",
        "semver 2.x",
        "from main-11 sha256:6ac634d743cd65b0",
        "nightly failed UpdateFunction was throttled",
        "edge pending no deploy window is open; the next is mon 09:00 (Asia/Shanghai)",
        "due in 12 h 2026-11-23 01:00 UTC",
        "staging running",
        "checkout deploying main-12, 4 s",
        "main-12 3fe722d56ff1",
        "not the receiver",
        "scanned 1 min ago",
    ):
        assert known in words


def test_the_columns_of_functions_have_room_and_are_named_in_the_docs(ann: PageClient, ledger: Ledger) -> None:
    everything(ledger)
    table = ann.get("/").text.partition('class="rows functions"')[2].partition("</thead>")[0]
    columns = re.findall(r'scope="col"(?: class="(\w+)")?>([^<]+)<', table)
    widths = dict(re.findall(r"\.functions th\.(\w+) { width: (\d+)%; }", CSS))
    given = [int(widths[width]) for width, _ in columns if width]
    assert 100 - sum(given) >= 10 * (len(columns) - len(given)), "a column that shares the rest has less than a tenth"
    documented = re.search(r"^`/` shows .*", OPERATIONS, re.MULTILINE)
    assert documented
    for _, title in columns:
        assert title.lower() in documented[0], f"docs/receiver/operations.md does not name the column {title}"


def test_a_function_has_its_whole_digest_and_its_history(ann: PageClient, ledger: Ledger) -> None:
    everything(ledger)
    ledger.record_deployment(deployment("checkout", job="", to_digest=NEW))
    page = ann.get("/functions/prod/checkout")
    assert OLD in page.text
    assert "main-10 d09b8837411c" in page.words
    assert "in staging" not in page.words


def test_a_job_has_its_events_its_progress_and_its_deployments(ann: PageClient, ledger: Ledger) -> None:
    job = running(ledger, "staging", "Updating (staging)")
    deployed = deployment("checkout", "staging", job=job.id, exposed_seconds=3.4)
    ledger.finish(job, Ending(JobState.SUCCEEDED), NOON, [deployed])
    words = ann.get(f"/jobs/{job.id}").words
    for known in ("succeeded", "shop/app:main-12", "from acr", "Updating (staging)", "3 s", "Deployments"):
        assert known in words


def test_only_a_tag_that_moved_was_an_outage(ann: PageClient, ledger: Ledger) -> None:
    ledger.record_deployment(deployment("checkout", exposed_seconds=3.4))
    assert "3 s outage" not in ann.get("/history").words
    ledger.record_deployment(deployment("mailer", exposed_seconds=3.4, outage=True))
    assert "3 s outage" in ann.get("/history").words


@pytest.mark.parametrize("path", ["/functions/prod/none", "/functions/none/checkout", "/jobs/none"])
def test_not_found(ann: PageClient, path: str) -> None:
    assert ann.get(path).status == 404


def test_a_failed_scan_is_shown_with_the_scan_before(ann: PageClient, ledger: Ledger) -> None:
    survey(ledger, "prod", function("checkout"), error="the stack is locked")
    words = ann.get("/").words
    assert "the stack is locked" in words
    assert "main-11" in words


def test_untrusted_text_is_escaped(ann: PageClient, ledger: Ledger) -> None:
    hold = HoldReport(EVIL, None, NOON + timedelta(days=1), EVIL)
    survey(
        ledger,
        "prod",
        function(EVIL, Kind.MOVED_TAG, tag=EVIL, sentence=EVIL, detail=EVIL, policy=EVIL, repository=EVIL, hold=hold),
        function("checkout", Kind.UNKNOWN, sentence=EVIL, detail=EVIL, tag=EVIL, hold=hold),
        error=EVIL,
    )
    job = running(ledger, "prod", EVIL, pushed=push(EVIL, path=EVIL))
    waiting(ledger, "staging", EVIL, NOON)
    ledger.record_deployment(deployment("checkout", from_tag=EVIL, to_tag=EVIL))
    ledger.set_freeze(Freeze(EVIL, EVIL, NOON))
    for path in ("/", "/history", "/functions/prod/checkout", f"/jobs/{job.id}"):
        page = ann.get(path)
        assert page.status == 200
        assert "alert(1)" in page.text
        assert "<script>a" not in page.text
        assert "<img src=x" not in page.text
        assert "62615533" not in page.words, "the product of two primes, which no id has"
        assert "\x1b" not in page.words


def test_a_user_name_is_escaped(anonymous: PageClient) -> None:
    anonymous.log_in(user='<b onclick="x">')
    assert "<b " not in anonymous.get("/").text


def test_the_page_has_no_inline_script_or_style(ann: PageClient) -> None:
    text = ann.get("/").text
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "<script>" not in text
    assert "style=" not in text
    assert "onclick" not in text
