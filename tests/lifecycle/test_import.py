"""fcpin import before the first deployment: the engine reads what it wrote, and nothing that runs is touched."""

from tests.lifecycle.stack_harness import StackHarness


def test_what_other_tools_made_is_adopted_as_it_runs(harness: StackHarness) -> None:
    runs = {}
    for name, tag in (("till", "release-83f96b6"), ("orders", "1.4.2"), ("photos", "latest")):
        runs[name] = f"{tag}@{harness.push(tag)}"
        harness.create_by_hand(tag, name)
    harness.configure({})
    imported = harness.stack.fcpin("import")
    assert imported.code == 0, imported
    harness.cloud.calls.clear()
    harness.up()
    assert harness.cloud.calls.count("UpdateFunction") == 0
    assert {name: harness.deployed(name) for name in runs} == runs
    assert {pin["outputs"]["ownership"] for pin in harness.stack.resources()} == {"adopted"}
    assert harness.stack.preview("--expect-no-changes").code == 0
