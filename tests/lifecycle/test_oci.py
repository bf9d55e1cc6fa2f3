"""A registry that only speaks the OCI protocol: names alone, or the publisher's build time."""

from dataclasses import replace

import pytest

from fcpin.emulator import Knobs
from tests.lifecycle.conftest import QUICK
from tests.lifecycle.stack_harness import FUNCTION, PATH, StackHarness
from tests.lifecycle.test_secrets import REGISTRY, log_in_to_docker

VPC = "registry-vpc.cn-hangzhou.aliyuncs.com"


@pytest.fixture
def knobs() -> Knobs:
    """ACR Personal's API does not know the repository, so that names are all there is."""
    return replace(QUICK, acr_personal="unknown")


@pytest.fixture
def oci(harness: StackHarness) -> StackHarness:
    """The same shop, its image in a registry without ACR's API; FC names it by the VPC host."""
    log_in_to_docker(harness.stack, harness.cloud)
    harness.configure(
        {FUNCTION: harness.entry(repository=f"{VPC}/{PATH}", policy={"semver": {"range": "1.x"}})},
        registries={REGISTRY: {"endpoint": harness.cloud.url}},
    )
    return harness


def test_versions_are_ordered_by_name_with_one_listing_one_digest_and_one_function_read(oci: StackHarness) -> None:
    """The function, because without push times it is not known whether its tag has been elsewhere."""
    oci.push("v1.0.0")
    newest = oci.push("v1.10.0")
    oci.push("v1.9.0")
    oci.up()
    assert oci.deployed() == f"v1.10.0@{newest}"
    oci.cloud.calls.clear()
    oci.preview("--expect-no-changes")
    challenge = ["GET tags/list", "GET token"]  # answered 401, as every token registry does
    actions = [call.action for call in oci.cloud.calls]
    assert actions == ["GetRepoTags", *challenge, "GET tags/list", "HEAD manifest", "GetFunction"]
