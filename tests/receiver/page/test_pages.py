"""What the pages show, in which order, and that untrusted text is escaped."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import HoldReport, report_key
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Ending, Freeze, JobState
from fcpin.receiver.page.formatting import absolute, brief_digest, counted, duration, plain, relative
from fcpin.receiver.page.view import Level, Overview, read_overview
from tests.receiver.page.page_client import PageClient, PageHarness
from tests.receiver.page.samples import everything, failed, pending, running
from tests.receiver.samples import NOON, deployment, digest, function, push, scanned

ROOT = Path(__file__).parents[3]
CSS = (ROOT / "providers/fcpin/receiver/page/static/page.css").read_text()
OPERATIONS = (ROOT / "docs/receiver/operations.md").read_text()
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7919*7907}}\x1b[31m"
BOTH = {"prod": True, "staging": False}


def test_an_empty_receiver(ann: PageClient, ledger: Ledger) -> None:
    words = ann.get("/").words
    for sentence in ("not scanned yet", "No job is running or pending", "None yet"):
        assert sentence in words
    assert "To approve" not in words
    assert "None yet" in ann.get("/history").words
    scanned(ledger, "prod")
    assert "No function is pinned in this stack" in ann.get("/").words
    for path in ("/functions/prod/none", "/functions/none/checkout", "/jobs/none"):
        assert ann.get(path).status == 404


def test_the_overview(ann: PageClient, harness: PageHarness) -> None:
    everything(harness.ledger)
    harness.clock.advance(60)
    page = ann.get("/")
    for fact in (
        "1 function cannot start new instances",
        "moved-tag exposed for 2 min 12 s main-11 moved from sha256:aaaaaaaaaaaa",
        "held until 2026-11-25 12:00 UTC in 1 d : main-10 leaks memory",
        "suspended: its policy is not evaluated",
        "semver 2.x",
        f"from main-11 {digest('a')}",
        "nightly failed UpdateFunction was throttled",
        "edge pending no deploy window is open; the next is mon 09:00 (Asia/Shanghai)",
        "due in 12 h 2026-11-24 01:00 UTC",
        "staging running",
        "checkout deploying main-12, 4 s",
        "main-12 bbbbbbbbbbbb",
        "not the receiver",
        "scanned 1 min ago",
    ):
        assert fact in page.words
    assert '<noscript><meta http-equiv="refresh"' in page.text
    for inline in ("<script>", "style=", "onclick"):
        assert inline not in page.text


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


def test_a_function(ann: PageClient, ledger: Ledger) -> None:
    everything(ledger)
    page = ann.get("/functions/prod/checkout")
    assert digest("a") in page.text, "the whole digest"
    assert "main-11 aaaaaaaaaaaa" in page.words
    assert "in staging" not in page.words


def test_a_job(ann: PageClient, ledger: Ledger) -> None:
    job = running(ledger, "staging", "Updating (staging)")
    deployed = deployment("checkout", stack="staging", job=job.id, exposed_seconds=3.4)
    ledger.finish(job, Ending(JobState.SUCCEEDED), NOON, [deployed])
    words = ann.get(f"/jobs/{job.id}").words
    for fact in ("succeeded", "shop/app:main-12", "from acr", "Updating (staging)", "3 s", "Deployments"):
        assert fact in words


@pytest.mark.parametrize("outage", [True, False])
def test_only_a_moved_tag_was_an_outage(ann: PageClient, ledger: Ledger, outage: bool) -> None:
    ledger.record_deployment(deployment("checkout", exposed_seconds=3.4, outage=outage))
    assert ("3 s outage" in ann.get("/history").words) == outage


def test_a_failed_scan_is_shown_with_the_scan_before(ann: PageClient, ledger: Ledger) -> None:
    scanned(ledger, "prod", function("checkout"), error="the stack is locked")
    words = ann.get("/").words
    assert "the stack is locked" in words
    assert "main-11" in words


def test_untrusted_text_is_escaped(ann: PageClient, anonymous: PageClient, ledger: Ledger) -> None:
    hold = HoldReport(EVIL, None, NOON + timedelta(days=1), EVIL)
    moved = function(
        EVIL, Kind.MOVED_TAG, tag=EVIL, sentence=EVIL, detail=EVIL, policy=EVIL, repository=EVIL, hold=hold
    )
    unknown = function("checkout", Kind.UNKNOWN, sentence=EVIL, detail=EVIL, tag=EVIL, hold=hold)
    scanned(ledger, "prod", moved, unknown, error=EVIL)
    job = running(ledger, "prod", EVIL, event=push(EVIL, path=EVIL))
    pending(ledger, "staging", EVIL, NOON)
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
    anonymous.log_in(user='<b onclick="x">')
    assert "<b " not in anonymous.get("/").text


# The overview


def overview(ledger: Ledger, *kinds: Kind) -> Overview:
    scanned(ledger, "prod", *(function(f"pin-{number}", kind) for number, kind in enumerate(kinds)))
    return read_overview(ledger, {"prod": False})


HEADLINES: list[tuple[Sequence[Kind], Level, str]] = [
    ([], Level.FINE, "No function is pinned"),
    ([Kind.OK], Level.FINE, "1 function as deployed"),
    ([Kind.OK, Kind.OK], Level.FINE, "All 2 functions as deployed"),
    ([Kind.OK, Kind.NEWER_TAG], Level.BEHIND, "1 function with a newer image"),
    (
        [Kind.NEWER_TAG, Kind.MOVED_TAG, Kind.DELETED_TAG, Kind.UPDATE_FAILED],
        Level.BROKEN,
        "2 functions cannot start new instances; 1 function not as deployed; 1 function with a newer image",
    ),
    (
        [Kind.UPDATE_IN_PROGRESS, Kind.UNKNOWN],
        Level.UNKNOWN,
        "1 function could not be checked; 1 function updating or idle",
    ),
]


@pytest.mark.parametrize(("kinds", "level", "sentence"), HEADLINES, ids=[row[2] for row in HEADLINES])
def test_the_headline(ledger: Ledger, kinds: Sequence[Kind], level: Level, sentence: str) -> None:
    headline = overview(ledger, *kinds).headline
    assert (headline.level, headline.sentence) == (level, sentence)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.OK])
def test_every_kind_of_drift_is_in_the_headline(ledger: Ledger, kind: Kind) -> None:
    assert overview(ledger, kind).headline.level is not Level.FINE


def test_a_stack_without_a_report_of_this_version_hides_no_other(ledger: Ledger) -> None:
    scanned(ledger, "staging", function("checkout"))
    headline = read_overview(ledger, BOTH).headline
    assert headline.level is Level.UNKNOWN
    assert "prod" in headline.sentence
    ledger.put(report_key("prod"), {"functions": 3})
    prod, staging = read_overview(ledger, BOTH).stacks
    assert "next scan" in prod.error
    assert len(staging.functions) == 1


def test_the_worst_function_and_the_soonest_job_come_first(ledger: Ledger) -> None:
    pending(ledger, "a", "for a window", NOON + timedelta(hours=1))
    failed(ledger, "b", "throttled")
    job = running(ledger, "c", "Updating")
    shown = overview(ledger, Kind.OK, Kind.NEWER_TAG, Kind.MOVED_TAG, Kind.FUNCTION_MISSING, Kind.OK)
    assert [one.pin for one in shown.stacks[0].functions] == ["pin-3", "pin-2", "pin-1", "pin-0", "pin-4"]
    assert [job.state for job in shown.jobs] == [JobState.RUNNING, JobState.FAILED, JobState.PENDING]
    assert shown.progress == {job.id: [(1, "Updating")]}


def test_exposed_seconds_go_on_after_the_scan(ledger: Ledger) -> None:
    scanned(ledger, "prod", function("checkout", Kind.MOVED_TAG, exposed_seconds=10.0), function("mailer"))
    stack = read_overview(ledger, {"prod": False}).stacks[0]
    checkout, mailer = stack.functions
    assert stack.exposed_seconds(checkout, NOON + timedelta(seconds=30)) == 40.0
    assert stack.exposed_seconds(mailer, NOON) is None


# Formatting

DURATIONS = [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (252, "4 min 12 s"), (7500, "2 h 5 min"), (86_459, "1 d"), (90_061, "1 d 1 h")]  # fmt: skip
MOMENTS = [(0, "now"), (-0.4, "now"), (-12, "12 s ago"), (-61, "1 min ago"), (-90_000, "1 d ago"), (3600, "in 1 h")]


def test_formatting() -> None:
    assert [duration(seconds) for seconds, _ in DURATIONS] == [text for _, text in DURATIONS]
    assert [relative(NOON + timedelta(seconds=one), NOON) for one, _ in MOMENTS] == [text for _, text in MOMENTS]
    assert absolute(NOON, NOON) == "12:00:00 UTC"
    assert absolute(NOON - timedelta(days=1), NOON) == "2026-11-22 12:00 UTC"
    assert [counted(count, "function") for count in (0, 1, 2)] == ["0 functions", "1 function", "2 functions"]
    assert (brief_digest(digest("a")), brief_digest(None)) == ("a" * 12, "")
    assert plain("\x1b[31mred\x1b[0m\ttab \u202edeployed\x07") == "red\ttab deployed"
