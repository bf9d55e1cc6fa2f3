"""Functions that other tools created: taken over without being rebuilt, given back without being deleted."""

from tests.lifecycle.shop import FUNCTION, Shop


def test_an_adopted_function_gets_its_image_and_keeps_everything_else(shop: Shop) -> None:
    shop.push("main-1")
    shop.create_by_hand("main-1", memorySize=1024, cpu=1, diskSize=512, environmentVariables={"MADE_BY": "s deploy"})
    newest = shop.push("main-2")
    shop.configure({FUNCTION: shop.entry(config=None)})
    shop.up()
    function = shop.cloud.function(FUNCTION)
    assert shop.deployed() == f"main-2@{newest}"
    assert function["environmentVariables"] == {"MADE_BY": "s deploy"}
    assert function["memorySize"] == 1024
    assert function["customContainerConfig"]["port"] == 8080
    assert shop.stack.resources()[0]["outputs"]["ownership"] == "adopted"


def test_destroy_leaves_an_adopted_function_running_and_says_so(shop: Shop) -> None:
    digest = shop.push("main-1")
    shop.create_by_hand("main-1")
    shop.configure({FUNCTION: shop.entry(config=None)})
    shop.up()
    done = shop.stack.destroy()
    assert done.code == 0, done
    assert "adopted" in done.output
    assert shop.deployed() == f"main-1@{digest}"
