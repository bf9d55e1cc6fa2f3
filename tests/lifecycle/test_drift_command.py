"""fcpin drift beside the engine that deployed: the same stack, endpoints and credentials."""

from tests.lifecycle.shop import FUNCTION, Shop


def test_the_exit_code_tells_what_happened_since_the_deployment(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    assert shop.stack.fcpin("drift").code == 0
    shop.push("main-2")
    assert shop.stack.fcpin("drift").code == 10
    shop.push("main-1", "moved")
    broken = shop.stack.fcpin("drift")
    assert broken.code == 20
    assert "moved-tag" in broken.output
    assert FUNCTION in broken.output
    shop.up()
    assert shop.stack.fcpin("drift").code == 0
    shop.stack.environment["PULUMI_CONFIG_PASSPHRASE"] = "wrong"
    shop.configure(registries={shop.cloud.enterprise_host: {"endpoint": shop.stack.seal("x")}})
    closed = shop.stack.fcpin("drift")
    assert closed.code == 30
    assert len(closed.output.splitlines()) == 1
