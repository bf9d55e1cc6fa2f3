"""Pulumi's resource options, and its flags that choose resources."""

from tests.lifecycle.shop import FUNCTION, Shop

PROGRAM = """
import pulumi
from fcpin.pinned_function import PinnedFunction, configured_functions

for name, entry in configured_functions().items():
    PinnedFunction.from_config(name, entry, opts=pulumi.ResourceOptions({options}))
"""


def write_program(shop: Shop, options: str) -> None:
    (shop.stack.folder / "__main__.py").write_text(PROGRAM.replace("{options}", options))


def test_ignore_changes_stays_on_the_pin_without_a_new_one(shop: Shop) -> None:
    old = shop.push("main-1")
    shop.up()
    shop.push("main-2")
    write_program(shop, 'ignore_changes=["tag", "digest", "image"]')
    shop.preview("--expect-no-changes")
    write_program(shop, "")
    assert "main-2" in shop.preview("--diff").output
    assert shop.deployed() == f"main-1@{old}"


def test_retain_on_delete_leaves_the_function(shop: Shop) -> None:
    shop.push("main-1")
    write_program(shop, "retain_on_delete=True")
    shop.up()
    assert shop.stack.destroy().code == 0
    assert shop.deployed().startswith("main-1@")
    assert shop.stack.resources() == []


def test_replace_on_changes_of_a_setting_keeps_the_function_of_that_name(shop: Shop) -> None:
    digest = shop.push("main-1")
    write_program(shop, 'replace_on_changes=["config"]')
    shop.up()
    shop.configure({FUNCTION: shop.entry(config={**shop.entry()["config"], "memory_size": 1024})})
    shop.up()
    assert shop.deployed() == f"main-1@{digest}"
    assert shop.cloud.function(FUNCTION)["memorySize"] == 1024
    assert shop.stack.resources()[0]["outputs"]["ownership"] == "created"
    shop.preview("--expect-no-changes")


def test_protect_refuses_to_destroy(shop: Shop) -> None:
    shop.push("main-1")
    write_program(shop, "protect=True")
    shop.up()
    done = shop.stack.destroy()
    assert done.code != 0
    assert "protect" in done.output
    assert shop.deployed().startswith("main-1@")


def test_a_target_is_updated_alone(shop: Shop) -> None:
    old = shop.push("main-1")
    shop.configure({"a": shop.entry(function_name="a"), "b": shop.entry(function_name="b")})
    shop.up()
    new = shop.push("main-2")
    (urn,) = [pin["urn"] for pin in shop.stack.resources() if pin["urn"].endswith("::a")]
    shop.up("--target", urn)
    assert shop.deployed("a") == f"main-2@{new}"
    assert shop.deployed("b") == f"main-1@{old}"


def test_a_function_that_cannot_be_deleted_stays_in_the_state(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    shop.cloud.fail_next("DeleteFunction", status=403, code="AccessDenied", times=2)
    done = shop.stack.destroy()
    assert done.code != 0
    assert "AccessDenied" in done.output
    assert not done.has_traceback, done
    assert len(shop.stack.resources()) == 1
    shop.cloud.clear_faults()
    assert shop.stack.destroy().code == 0
    assert shop.cloud.functions() == []
