"""fcpin import before the first deployment: the engine reads what it wrote, and nothing that runs is touched."""

from tests.lifecycle.shop import Shop


def test_what_other_tools_made_is_adopted_as_it_runs(shop: Shop) -> None:
    runs = {}
    for name, tag in (("till", "release-83f96b6"), ("orders", "1.4.2"), ("photos", "latest")):
        runs[name] = f"{tag}@{shop.push(tag)}"
        shop.create_by_hand(tag, name)
    shop.configure({})
    imported = shop.stack.fcpin("import")
    assert imported.code == 0, imported
    shop.cloud.calls.clear()
    shop.up()
    assert shop.cloud.calls.count("UpdateFunction") == 0
    assert {name: shop.deployed(name) for name in runs} == runs
    assert {pin["outputs"]["ownership"] for pin in shop.stack.resources()} == {"adopted"}
    assert shop.stack.preview("--expect-no-changes").code == 0
