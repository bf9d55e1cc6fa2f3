"""ACR Personal's API decides what is newest; while it refuses, nothing else does."""

import pytest

from tests.lifecycle.shop import FUNCTION, PATH, Shop
from tests.lifecycle.test_secrets import log_in_to_docker

HOSTS = ["registry-intl-vpc.cn-hangzhou.aliyuncs.com", "registry.cn-hangzhou.aliyuncs.com"]


def open_personal(shop: Shop, host: str) -> None:
    """The same shop, its image in ACR Personal."""
    log_in_to_docker(shop.stack, shop.cloud)
    public = host.replace("-vpc", "")
    shop.configure(
        {FUNCTION: shop.entry(repository=f"{host}/{PATH}", policy={"family": {"name": "release"}})},
        registries={
            public: {"endpoint": shop.cloud.url, "username": shop.cloud.username, "password": shop.cloud.password}
        },
    )


def ordered_by(shop: Shop) -> str:
    return str(shop.stack.resources()[0]["inputs"]["ordered_by"])


@pytest.mark.parametrize("host", HOSTS)
def test_a_refusal_for_one_run_deploys_nothing_older(shop: Shop, host: str) -> None:
    open_personal(shop, host)
    shop.push("release-10")
    shop.cloud.advance(3600)
    rollback = shop.push("release-9")
    shop.up()
    assert shop.deployed() == f"release-9@{rollback}"
    assert ordered_by(shop) == "push time"

    shop.cloud.fail_next("GetRepoTags", status=403, code="InvalidSecurityToken.Expired")
    refused = shop.stack.up("--skip-preview")
    assert refused.code != 0
    assert "push_times: false" in refused.output
    assert shop.deployed() == f"release-9@{rollback}"

    shop.cloud.fail_next("GetRepoTags", status=404, code="REPO_NOT_EXIST")
    kept = shop.up()
    assert "was chosen by push time" in kept.output
    assert shop.deployed() == f"release-9@{rollback}"
    assert ordered_by(shop) == "push time"

    shop.cloud.advance(3600)
    newest = shop.push("release-8")
    shop.up()
    assert shop.deployed() == f"release-8@{newest}"
