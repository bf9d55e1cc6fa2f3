"""A policy in a few words."""

from typing import Any

import pytest

from fcpin.receiver.drift_scan.scanner import format_policy

POLICIES = [
    ("a family", {"policy": {"family": {"name": "main"}}}, "family main"),
    (
        "a range and another option",
        {"policy": {"semver": {"range": "1.x"}}, "min_age": "2h"},
        "semver 1.x, min_age 2h",
    ),
    (
        "a filter",
        {"policy": {"numerical": {}}, "filter_tags": {"pattern": "^main-(.*)$", "extract": "$1"}},
        "numerical, filter_tags ^main-(.*)$ $1",
    ),
    (
        "lists, flags and numbers of a state",
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
        "holds and suspensions are shown elsewhere",
        {"policy": {"digest": {"tag": "main"}}, "hold": {"tag": "main-1"}, "suspend": True},
        "digest main",
    ),
    ("a secret", None, "secret"),
]


@pytest.mark.parametrize(("spec", "expected"), [row[1:] for row in POLICIES], ids=[row[0] for row in POLICIES])
def test_format(spec: dict[str, Any] | None, expected: str) -> None:
    assert format_policy(spec) == expected
