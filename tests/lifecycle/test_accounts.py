"""Functions and registries in other accounts than the stack's."""

import json
from typing import Any

from tests.lifecycle.stack_harness import FUNCTION, StackHarness


def profiles(harness: StackHarness, **secrets: str) -> None:
    """The Alibaba Cloud CLI's own file, with one access key a profile."""
    key = {"mode": "AK", "access_key_id": harness.cloud.access_key_id, "region_id": "cn-hangzhou"}
    folder = harness.stack.folder / ".aliyun"
    folder.mkdir()
    entries: list[dict[str, Any]] = [
        {**key, "name": name, "access_key_secret": secret} for name, secret in secrets.items()
    ]
    (folder / "config.json").write_text(json.dumps({"current": "default", "profiles": entries}))


def test_each_pin_is_read_with_its_profile(harness: StackHarness) -> None:
    profiles(
        harness,
        partner=harness.cloud.access_key_secret,
        images=harness.cloud.access_key_secret,
        revoked="not-the-secret",
    )
    harness.stack.environment["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = "of another account"
    host = harness.cloud.enterprise_host
    registries = {host: {"endpoint": harness.cloud.url, "profile": "images"}}
    digest = harness.push("main-1")
    harness.configure({FUNCTION: harness.entry(profile="partner")}, registries=registries)
    harness.up()
    assert harness.deployed() == f"main-1@{digest}"
    assert harness.stack.refresh("--expect-no-changes").code == 0
    assert (drift := harness.stack.fcpin("drift")).code == 0, drift
    harness.configure({FUNCTION: harness.entry(profile="revoked")}, registries=registries)
    refused = harness.stack.up()
    assert refused.code == 1
    assert "Signature" in refused.output
