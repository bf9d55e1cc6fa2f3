"""Generated inputs, equal in every run; `make fuzz ARGS=5` generates other ones for five minutes."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.feeding import feed, feed_unchanged
from tests.fuzz.kinds import KINDS_OF_INPUT, Kind

EXAMPLES = 80


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


FOUND = [
    ("docker-config", b'{"credsStore": "\\u0000"}'),
    ("docker-config", b'{"credsStore": "\\ud800"}'),
    ("docker-config", b"[" * 100_000),
    ("docker-config", b'{"auths": {"registry.example.com": {"auth": "\xc2\x80"}}}'),
    ("docker-config", b'{"auths": {"registry.example.com": {"username": "\\ud800"}}}'),
    ("registry-answer", (200, [("Link", '<x>; rel=""')], b"{}")),
    ("project", b"name: shop\nruntime: python\nstackConfigDir: " + b"s" * 300 + b"\n"),
    ("registry-answer", (429, [("Retry-After", "\x1c5")], b"")),
]
"""Inputs that failed once."""


@pytest.mark.parametrize(("name", "value"), FOUND)
def test_former_failures(name: str, value: Any) -> None:
    (kind,) = (one for one in KINDS_OF_INPUT if one.name == name)
    feed(kind, value)
