"""What is read from the ledger, and in which order it is shown."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import report_key
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import JobState
from fcpin.receiver.page.view import Level, Overview, read_overview
from tests.receiver.page.samples import NOON, dead, function, running, survey, waiting

BOTH = {"prod": True, "staging": False}


def overview(ledger: Ledger, *kinds: Kind) -> Overview:
    survey(ledger, "prod", *(function(f"pin-{number}", kind) for number, kind in enumerate(kinds)))
    return read_overview(ledger, {"prod": False})


HEADLINES: list[tuple[str, Sequence[Kind], Level, str]] = [
    ("nothing is pinned", [], Level.FINE, "No function is pinned"),
    ("one is fine", [Kind.OK], Level.FINE, "1 function as deployed"),
    ("all are fine", [Kind.OK, Kind.OK], Level.FINE, "All 2 functions as deployed"),
    ("a newer image", [Kind.OK, Kind.NEWER_TAG], Level.BEHIND, "1 function with a newer image"),
    (
        "an outage comes before everything",
        [Kind.NEWER_TAG, Kind.MOVED_TAG, Kind.DELETED_TAG, Kind.UPDATE_FAILED],
        Level.BROKEN,
        "2 functions cannot start new instances; 1 function not as deployed; 1 function with a newer image",
    ),
    (
        "not knowing is worse than being late",
        [Kind.UPDATE_IN_PROGRESS, Kind.UNKNOWN],
        Level.UNKNOWN,
        "1 function could not be checked; 1 function updating or idle",
    ),
]


@pytest.mark.parametrize(("label", "kinds", "level", "sentence"), HEADLINES, ids=[row[0] for row in HEADLINES])
def test_the_page_in_one_sentence(
    ledger: Ledger, label: str, kinds: Sequence[Kind], level: Level, sentence: str
) -> None:
    headline = overview(ledger, *kinds).headline
    assert (headline.level, headline.sentence) == (level, sentence)


def test_every_kind_of_drift_is_in_the_headline(ledger: Ledger) -> None:
    for kind in set(Kind) - {Kind.OK}:
        assert overview(ledger, kind).headline.level is not Level.FINE


def test_a_stack_without_a_scan_is_unknown(ledger: Ledger) -> None:
    survey(ledger, "prod", function("checkout"))
    headline = read_overview(ledger, BOTH).headline
    assert headline.level is Level.UNKNOWN
    assert "staging" in headline.sentence


def test_the_worst_function_comes_first(ledger: Ledger) -> None:
    shown = overview(ledger, Kind.OK, Kind.NEWER_TAG, Kind.MOVED_TAG, Kind.FUNCTION_MISSING, Kind.OK)
    assert [one.pin for one in shown.stacks[0].functions] == ["pin-3", "pin-2", "pin-1", "pin-0", "pin-4"]


def test_a_report_of_another_version_hides_no_other_stack(ledger: Ledger) -> None:
    ledger.put(report_key("prod"), {"functions": 3})
    survey(ledger, "staging", function("checkout"))
    prod, staging = read_overview(ledger, BOTH).stacks
    assert "next scan" in prod.error
    assert len(staging.functions) == 1


def test_exposed_seconds_go_on_after_the_survey(ledger: Ledger) -> None:
    survey(ledger, "prod", function("checkout", Kind.MOVED_TAG, exposed_seconds=10.0), function("mailer"))
    stack = read_overview(ledger, {"prod": False}).stacks[0]
    checkout, mailer = stack.functions
    assert stack.exposed_seconds(checkout, NOON + timedelta(seconds=30)) == 40.0
    assert stack.exposed_seconds(mailer, NOON) is None


def test_what_runs_comes_before_what_was_given_up_and_what_waits(ledger: Ledger) -> None:
    waiting(ledger, "a", "for a window", NOON + timedelta(hours=1))
    dead(ledger, "b", "throttled")
    job = running(ledger, "c", "Updating")
    shown = read_overview(ledger, BOTH)
    assert [job.state for job in shown.jobs] == [JobState.RUNNING, JobState.FAILED, JobState.PENDING]
    assert shown.progress == {job.id: [(1, "Updating")]}
