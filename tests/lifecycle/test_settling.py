"""A second run finds nothing to do, whatever the policy is."""

from typing import Any

from tests.lifecycle.shop import Shop

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


def test_a_second_run_changes_nothing_for_every_policy(shop: Shop) -> None:
    for number, tag in enumerate(["main-1", "main-2", "main-2_accelerated", "v1.0.0", "1.1.0-rc.1", "latest"]):
        shop.push(tag, created=f"2026-01-0{number + 1}T00:00:00Z")
    shop.cloud.advance(60)
    shop.configure({name: shop.entry(function_name=name, **policy) for name, policy in POLICIES.items()})
    shop.up()
    deployed = {name: shop.deployed(name).partition("@")[0] for name in POLICIES}
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
    shop.cloud.calls.clear()
    shop.preview("--expect-no-changes")
    shop.up("--expect-no-changes")
    assert not [call.action for call in shop.cloud.calls if call.action.endswith("Function")]
