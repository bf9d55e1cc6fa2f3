"""A few seconds of each kind, the same inputs every time; `make fuzz ARGS=5` takes five minutes, and others each time."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.feeding import feed, feed_unchanged
from tests.fuzz.kinds import KINDS_OF_INPUT, Kind
from tests.fuzz.known import KNOWN, Known

EXAMPLES = 150


@pytest.mark.parametrize("kind", KINDS_OF_INPUT, ids=lambda kind: kind.name)
def test_no_input_breaks_its_reader(kind: Kind) -> None:
    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(kind.inputs)
    def run(value: Any) -> None:
        feed(kind, value)

    run()


@pytest.mark.parametrize("kind", KINDS_OF_INPUT, ids=lambda kind: kind.name)
def test_no_input_changes_a_file(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(max_examples=10, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(kind.inputs)
    def run(value: Any) -> None:
        folder: Path = tmp_path_factory.mktemp("fuzz")
        feed_unchanged(kind, value, folder)

    run()


@pytest.mark.parametrize("known", KNOWN, ids=lambda one: f"{one.kind} {one.place} {one.error}")
@pytest.mark.xfail(strict=False, reason="known: tests/fuzz/known.py")
def test_what_is_known_to_fail(known: Known, tmp_path: Path) -> None:
    (kind,) = (one for one in KINDS_OF_INPUT if one.name == known.kind)
    try:
        kind.feed(known.sample, tmp_path)
    except kind.expected:
        return
