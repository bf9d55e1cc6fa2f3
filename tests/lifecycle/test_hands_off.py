"""Functions that must not be deleted, overwritten or mistaken for others."""

import pytest

from fcpin.errors import FunctionRejected
from tests.lifecycle.shop import CONFIG, FUNCTION, Shop

UNKNOWN_PROGRAM = """
import pulumi
from fcpin.pinned_function import PinnedFunction, configured_functions

entry = configured_functions()["checkout"]
first = PinnedFunction.from_config("checkout", entry)
config = {**entry["config"], "environment_variables": {"FIRST": first.resolved_image_uri}}
second = PinnedFunction("second", **{**entry, "function_name": "second", "config": config})
"""


def names(shop: Shop) -> list[str]:
    return [function["functionName"] for function in shop.cloud.functions()]


def test_a_renamed_entry_takes_its_function_along(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    shop.configure({"renamed": shop.entry(adopt=True)})
    shop.up()
    assert names(shop) == [FUNCTION]


def test_a_function_made_anew_by_somebody_else_is_not_deleted(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    shop.client().delete(FUNCTION)
    shop.create_by_hand("main-1")
    done = shop.stack.destroy()
    assert done.code == 0, done
    assert "not the one that was created here" in done.output
    assert names(shop) == [FUNCTION]


def test_config_for_an_adopted_function_needs_leave(shop: Shop) -> None:
    shop.push("main-1")
    shop.create_by_hand("main-1", memorySize=1024, cpu=1, diskSize=512)
    shop.configure({FUNCTION: shop.entry(config=None)})
    shop.up()
    shop.configure({FUNCTION: shop.entry()})
    done = shop.stack.up()
    assert done.code == 1
    assert "adopt: true" in done.output
    assert shop.cloud.function(FUNCTION)["memorySize"] == 1024
    shop.configure({FUNCTION: shop.entry(adopt=True)})
    shop.up()
    assert shop.cloud.function(FUNCTION)["memorySize"] == CONFIG["memory_size"]


def test_another_repository_begins_anew(shop: Shop) -> None:
    """Its tags are no relatives of the deployed one: main-3 of it is no downgrade from main-50."""
    shop.push("main-50")
    shop.up()
    digest = shop.cloud.push("shop/new", "main-3", content="new")
    shop.configure({FUNCTION: shop.entry(repository=f"{shop.cloud.enterprise_host}/shop/new")})
    shop.up()
    assert shop.deployed() == f"main-3@{digest}"


def test_a_pin_written_by_hand_is_refused(shop: Shop) -> None:
    shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(tag="main-1")})
    done = shop.stack.preview()
    assert done.code == 1
    assert "ignore_changes" in done.output


def test_an_input_that_is_not_known_yet_leaves_the_pin_to_the_preview(shop: Shop) -> None:
    shop.push("main-1")
    (shop.stack.folder / "__main__.py").write_text(UNKNOWN_PROGRAM)
    shop.up()
    shop.push("main-2")
    shown = shop.preview("--diff").output
    assert shown.count("main-2") >= 2
    assert "replace" not in shown
    shop.up()
    assert shop.deployed("second") == shop.deployed()


def test_settings_of_a_pin_whose_tag_is_gone_can_still_be_changed(shop: Shop) -> None:
    shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(on_empty="keep")})
    shop.up()
    shop.cloud.delete_tag("shop/app", "main-1")
    shop.configure({FUNCTION: shop.entry(on_empty="keep", config={**CONFIG, "timeout": 31})})
    shop.up()
    assert shop.cloud.function(FUNCTION)["timeout"] == 31


def test_a_refresh_in_the_middle_of_an_update_is_not_taken_for_its_end(shop: Shop) -> None:
    old = shop.push("main-1")
    shop.up()
    new = shop.push("main-2")
    shop.cloud.fail_update(FUNCTION)
    shop.client().update(FUNCTION, {"customContainerConfig": {"image": f"{shop.repository}:main-2"}})
    shop.stack.refresh()
    shop.cloud.advance(60)
    assert old != new
    shop.up()
    assert shop.deployed() == f"main-2@{new}"
    assert shop.cloud.function(FUNCTION)["lastUpdateStatus"] == "Successful"


def test_only_custom_containers_can_be_pinned() -> None:
    from fcpin.fc.model import Function
    from fcpin.pinned_function.deployer import require_container

    require_container(Function.from_wire({"functionName": "f", "runtime": "custom-container"}))
    with pytest.raises(FunctionRejected, match=r"python3\.12"):
        require_container(Function.from_wire({"functionName": "f", "runtime": "python3.12"}))
