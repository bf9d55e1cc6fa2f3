"""A second run finds nothing to do, whatever the policy is."""

from typing import Any

from tests.lifecycle.stack_harness import StackHarness

POLICIES: dict[str, dict[str, Any]] = {
    "semver": {"policy": {"semver": {"range": ">=1.0.0-0"}}},
    "numerical": {"policy": {"numerical": {}}, "filter_tags": {"pattern": r"^main-(\d+)$", "extract": "$1"}},
    "alphabetical": {"policy": {"alphabetical": {"order": "desc"}}},
    "created": {"policy": {"newest": {"by": "created"}}},
    "digest": {"policy": {"digest": {"tag": "latest"}}},
    "held": {"policy": {"newest": {}}, "hold": {"tag": "main-1", "until": "2999-01-01T00:00:00Z"}},
    "aged": {"policy": {"newest": {}}, "min_age": "0.1s"},
    "preferred": {"policy": {"family": {"name": "main"}}, "accelerated": "prefer"},
}


def test_a_second_run_changes_nothing_for_every_policy(harness: StackHarness) -> None:
    for number, tag in enumerate(["main-1", "main-2", "main-2_accelerated", "v1.0.0", "1.1.0-rc.1", "latest"]):
        harness.push(tag, created=f"2026-01-0{number + 1}T00:00:00Z")
    harness.cloud.advance(60)
    harness.configure({name: harness.entry(function_name=name, **policy) for name, policy in POLICIES.items()})
    harness.up()
    deployed = {name: harness.deployed(name).partition("@")[0] for name in POLICIES}
    assert deployed == {
        "semver": "1.1.0-rc.1",
        "numerical": "main-2",
        "alphabetical": "1.1.0-rc.1",
        "created": "latest",
        "digest": "latest",
        "held": "main-1",
        "aged": "latest",
        "preferred": "main-2_accelerated",
    }
    harness.cloud.calls.clear()
    harness.preview("--expect-no-changes")
    harness.up("--expect-no-changes")
    assert not [call.action for call in harness.cloud.calls if call.action.endswith("Function")]
