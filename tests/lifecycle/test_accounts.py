"""Functions and registries in other accounts than the stack's."""

import json
from typing import Any

from tests.lifecycle.shop import FUNCTION, Shop


def profiles(shop: Shop, **secrets: str) -> None:
    """The Alibaba Cloud CLI's own file, with one access key a profile."""
    key = {"mode": "AK", "access_key_id": shop.cloud.access_key_id, "region_id": "cn-hangzhou"}
    folder = shop.stack.folder / ".aliyun"
    folder.mkdir()
    entries: list[dict[str, Any]] = [
        {**key, "name": name, "access_key_secret": secret} for name, secret in secrets.items()
    ]
    (folder / "config.json").write_text(json.dumps({"current": "default", "profiles": entries}))


def test_each_pin_is_asked_for_as_its_profile_says(shop: Shop) -> None:
    profiles(shop, partner=shop.cloud.access_key_secret, images=shop.cloud.access_key_secret, revoked="not-the-secret")
    shop.stack.environment["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = "of another account"
    host = shop.cloud.enterprise_host
    registries = {host: {"endpoint": shop.cloud.url, "profile": "images"}}
    digest = shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(profile="partner")}, registries=registries)
    shop.up()
    assert shop.deployed() == f"main-1@{digest}"
    assert shop.stack.refresh("--expect-no-changes").code == 0
    assert (drift := shop.stack.fcpin("drift")).code == 0, drift
    shop.configure({FUNCTION: shop.entry(profile="revoked")}, registries=registries)
    refused = shop.stack.up()
    assert refused.code == 1
    assert "Signature" in refused.output
