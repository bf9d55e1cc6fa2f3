"""A policy in a few words."""

from typing import Any

import pytest

from fcpin.receiver.drift_scan.scanner import in_words

WORDS = [
    ("a family", {"policy": {"family": {"name": "main"}}}, "family main"),
    (
        "a range, and what stands beside it",
        {"policy": {"semver": {"range": "1.x"}}, "min_age": "2h"},
        "semver 1.x, min_age 2h",
    ),
    (
        "a filter",
        {"policy": {"numerical": {}}, "filter_tags": {"pattern": "^main-(.*)$", "extract": "$1"}},
        "numerical, filter_tags ^main-(.*)$ $1",
    ),
    (
        "lists, flags and numbers of the wire",
        {
            "policy": {"newest": {"by": "pushed"}},
            "allow_tags": ["a", "b"],
            "allow_downgrade": True,
            "discovery_limit": 50.0,
        },
        "newest pushed, allow_tags a b, allow_downgrade yes, discovery_limit 50",
    ),
    (
        "another stack, without the image that it runs",
        {"policy": {"follow": {"stack": "dev", "image": "host/shop/app:main-1@sha256:00"}}},
        "follow dev",
    ),
    (
        "holds and suspensions are told elsewhere",
        {"policy": {"digest": {"tag": "main"}}, "hold": {"tag": "main-1"}, "suspend": True},
        "digest main",
    ),
    ("a secret", None, "secret"),
]


@pytest.mark.parametrize(("spec", "words"), [row[1:] for row in WORDS], ids=[row[0] for row in WORDS])
def test_in_words(spec: dict[str, Any] | None, words: str) -> None:
    assert in_words(spec) == words
