"""Functions that other tools created: taken over without being rebuilt, given back without being deleted."""

from fcpin.pinned_function.plan import OWNER_TAG
from tests.lifecycle.shop import CONFIG, FUNCTION, Shop


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


def test_adopting_a_function_that_runs_its_pin_sends_nothing(shop: Shop) -> None:
    shop.push("main-1")
    shop.create_by_hand("main-1")
    shop.configure({FUNCTION: shop.entry(config=None)})
    shop.cloud.calls.clear()
    shop.up()
    assert shop.cloud.calls.count("UpdateFunction") == 0


def test_destroy_leaves_an_adopted_function_running_and_says_so(shop: Shop) -> None:
    digest = shop.push("main-1")
    shop.create_by_hand("main-1")
    shop.configure({FUNCTION: shop.entry(config=None)})
    shop.up()
    done = shop.stack.destroy()
    assert done.code == 0, done
    assert "adopted" in done.output
    assert shop.deployed() == f"main-1@{digest}"


def test_a_missing_function_cannot_be_adopted(shop: Shop) -> None:
    shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(config=None)})
    done = shop.stack.up()
    assert done.code == 1
    assert "does not exist" in done.output
    assert "config" in done.output
    assert shop.cloud.functions() == []


def test_an_existing_function_is_not_overwritten_without_leave(shop: Shop) -> None:
    old = shop.push("main-1")
    shop.create_by_hand("main-1")
    shop.push("main-2")
    done = shop.stack.up()
    assert done.code == 1
    assert "adopt: true" in done.output
    assert shop.deployed() == f"main-1@{old}"


def test_with_leave_it_gets_the_config_and_is_given_back_at_the_end(shop: Shop) -> None:
    shop.push("main-1")
    shop.create_by_hand("main-1", memorySize=1024, cpu=1, diskSize=512)
    shop.configure({FUNCTION: shop.entry(adopt=True)})
    shop.up()
    assert shop.cloud.function(FUNCTION)["memorySize"] == CONFIG["memory_size"]
    assert shop.stack.destroy().code == 0
    assert [function["functionName"] for function in shop.cloud.functions()] == [FUNCTION]


def test_a_create_that_was_cut_off_is_taken_up_again(shop: Shop) -> None:
    """The state knows nothing of the function; its owner tag says that this very resource created it."""
    shop.push("main-1")
    owner = [{"Key": OWNER_TAG, "Value": "organization/shop/test::checkout"}]
    shop.create_by_hand("main-1", tags=owner)
    shop.up()
    assert shop.stack.resources()[0]["outputs"]["ownership"] == "created"
    assert shop.stack.destroy().code == 0
    assert shop.cloud.functions() == []


def test_a_function_of_another_stack_is_not_taken_over(shop: Shop) -> None:
    shop.push("main-1")
    shop.create_by_hand("main-1", tags=[{"Key": OWNER_TAG, "Value": "organization/shop/prod::checkout"}])
    done = shop.stack.up()
    assert done.code == 1
    assert "adopt: true" in done.output
