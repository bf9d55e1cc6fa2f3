"""What each registration comes to: the rules of the steps, one test a rule."""

from dataclasses import replace

import pytest

from fcpin.engine.errors import OutcomeUnknown
from fcpin.engine.state import Operation, name_of
from fcpin.engine.values import UNKNOWN, Secret
from tests.engine.rig import STACK_URN, Rig, box, item


def only(rig: Rig, *methods: str) -> list[str]:
    return [call for call in rig.cloud.calls if call.split()[0] in methods]


def test_ignored_properties_are_reset_before_check_sees_them() -> None:
    rig = Rig()
    rig.up(item("a", inputs={"tag": "main-11", "deep": {"x": 1, "y": 1}}))
    run = rig.up(item("a", inputs={"tag": "main-12", "deep": {"x": 2, "y": 1}}, ignore_changes=["tag", "deep.x"]))
    assert "2 unchanged" in run.text
    assert rig.states()["a"].inputs["tag"] == "main-11"


def test_a_property_that_the_program_leaves_out_but_ignores_stays_pinned() -> None:
    rig = Rig()
    rig.up(item("a", inputs={"tag": "main-11"}))
    rig.up(item("a", ignore_changes=["tag"]))
    assert rig.cloud.items["a"]["tag"] == "main-11"


@pytest.mark.parametrize(
    ("label", "own_diff", "calls"),
    [
        ("the engine compares: the option is honoured", False, ["create new", "delete old"]),
        ("the provider said what changes: the option is ignored, as by the CLI", True, ["update old"]),
    ],
)
def test_replace_on_changes(label: str, own_diff: bool, calls: list[str]) -> None:
    rig = Rig()
    rig.up(item("a", key="old", inputs={"v": 1, "own_diff": own_diff}))
    rig.cloud.calls.clear()
    key = "old" if own_diff else "new"
    rig.up(item("a", key=key, inputs={"v": 2, "own_diff": own_diff}, replace_on_changes=["v"]))
    assert only(rig, "create", "update", "delete") == calls


def test_a_protected_resource_is_not_replaced() -> None:
    rig = Rig()
    rig.up(item("a", key="one", protect=True))
    run = rig.up(item("a", key="two", protect=True))
    assert run.display.errors == 1
    assert "protected" in run.text
    assert list(rig.cloud.items) == ["one"]


def test_a_protected_resource_stays_with_all_that_it_needs() -> None:
    rig = Rig()
    holder = box("box")
    base = item("base", parent=holder.urn)
    rig.up(holder, base, item("kept", base, protect=True), item("gone"))
    run = rig.up()
    assert run.display.errors == 1
    assert set(rig.cloud.items) == {"base", "kept"}
    assert {name_of(state.urn) for state in rig.saved.resources} == {"rig-dev", "default", "box", "base", "kept"}
    assert "needs" not in rig.destroy()
    assert "kept" in rig.states()


def test_a_retained_resource_leaves_the_state_and_stays_in_the_cloud() -> None:
    rig = Rig()
    rig.up(item("a", retain_on_delete=True))
    rig.up()
    assert rig.states() == {}
    assert list(rig.cloud.items) == ["a"]


def test_a_provider_that_wants_delete_before_replace_is_refused_before_anything_happens() -> None:
    rig = Rig()
    rig.up(item("a", key="one", inputs={"delete_first": True}))
    run = rig.up(item("a", key="two", inputs={"delete_first": True}))
    assert "is not supported by the embedded engine; use the Pulumi CLI" in run.text
    assert set(rig.cloud.items) == {"one"}


def test_only_targets_are_touched() -> None:
    rig = Rig()
    a, b, gone = item("a", inputs={"v": 1}), item("b", inputs={"v": 1}), item("gone")
    rig.up(a, b, gone)
    rig.cloud.calls.clear()
    run = rig.up(item("a", inputs={"v": 2}), item("b", inputs={"v": 2}), item("new"), targets=[a.urn])
    assert run.display.errors == 0
    assert only(rig, "create", "update", "delete") == ["update a"]
    assert set(rig.states()) == {"a", "b", "gone"}
    assert rig.states()["b"].inputs["v"] == 1


def test_a_target_that_needs_something_that_would_have_to_be_created_is_an_error() -> None:
    rig = Rig()
    base = item("base")
    target = item("a", base)
    run = rig.up(base, target, targets=[target.urn])
    assert run.display.errors == 1
    assert "base" in run.text
    assert "--target" in run.text
    assert rig.cloud.items == {}


def test_an_untargeted_resource_keeps_what_it_needed_even_if_the_program_dropped_that() -> None:
    rig = Rig()
    base, other = item("base"), item("other")
    rig.up(base, item("a", base), other)
    rig.up(item("a"), other, targets=[other.urn])
    assert set(rig.states()) == {"base", "a", "other"}


def test_destroying_a_target_that_others_need_is_refused() -> None:
    rig = Rig()
    base = item("base")
    rig.up(base, item("a", base))
    assert "target them too" in rig.destroy([base.urn])
    assert set(rig.cloud.items) == {"base", "a"}


def test_a_duplicate_urn_is_refused_and_the_first_one_stands() -> None:
    run = Rig().up(item("a"), item("a"), preview=True)
    assert "Duplicate resource URN" in run.text
    assert run.display.errors == 1


def test_an_operation_of_unknown_outcome_stays_pending() -> None:
    rig = Rig()
    rig.cloud.fail("create a", OutcomeUnknown("the plugin process ended in the middle of create()"))
    rig.up(item("a"))
    assert [(name_of(o.state.urn), o.kind) for o in rig.saved.operations] == [("a", "creating")]


def test_an_operation_that_failed_is_over() -> None:
    rig = Rig()
    rig.cloud.fail("create a")
    rig.up(item("a"))
    assert rig.saved.operations == []


def test_after_a_failure_nothing_new_is_started_but_a_preview_goes_on() -> None:
    rig = Rig()
    rig.cloud.fail("check a")
    a = item("a")
    assert rig.up(a, item("b")).outcomes[item("b").urn] is None
    run = rig.up(a, item("after", a), item("b"), preview=True)
    assert run.outcomes[item("after", a).urn] is None
    assert run.outcomes[item("b").urn]
    assert "+ 1 to create" in run.text


def test_the_outputs_of_a_failed_run_keep_what_they_were() -> None:
    rig = Rig()
    run = rig.up()
    run.deployment.register_outputs(STACK_URN, {"url": "http://one", "lost": UNKNOWN})
    assert run.deployment.stack_outputs == ({}, {"url": "http://one"})


def test_additional_secret_outputs_need_the_plugin_but_a_secret_input_is_secret_in_what_is_shown() -> None:
    run = Rig().up(item("a", inputs={"pw": Secret("hunter2")}), preview=True)
    assert "hunter2" not in run.text


def test_a_pending_operation_of_a_killed_run_is_forgotten_by_the_next_write() -> None:
    rig = Rig()
    rig.up(item("a"))
    rig.saved = replace(rig.saved, operations=[Operation(rig.states()["a"], "updating")])
    rig.up(item("a"))
    assert rig.saved.operations == []


def test_refresh_takes_over_what_is_there_and_drops_what_is_gone() -> None:
    rig = Rig()
    base = item("base")
    rig.up(base, item("a", base, inputs={"v": 1}))
    rig.cloud.items["a"]["v"] = 5
    del rig.cloud.items["base"]
    text = rig.refresh()
    assert "~ v: 1 => 5" in text
    assert "- 1 deleted" in text
    assert rig.states()["a"].inputs["v"] == 5
    assert rig.states()["a"].dependencies == []


def test_a_refresh_that_cannot_read_keeps_the_state() -> None:
    rig = Rig()
    rig.up(item("a"), item("b"))
    rig.cloud.fail("read a")
    assert "1 errored" in rig.refresh()
    assert set(rig.states()) == {"a", "b"}


@pytest.mark.parametrize("method", ["check", "diff", "create", "update", "delete"])
def test_a_method_that_fails_leaves_a_state_from_which_the_next_run_finishes(method: str) -> None:
    rig = Rig()
    if method != "create":
        rig.up(item("kept"), item("a", inputs={"v": 1}))
    after = [item("kept")] if method == "delete" else [item("kept"), item("a", inputs={"v": 2})]
    rig.cloud.fail(f"{method} a")
    run = rig.up(*after)
    assert run.display.errors == 1
    assert "no luck today" in run.text
    rig.cloud.heal()
    assert rig.up(*after).display.errors == 0
    assert not rig.up(*after).display.changed


def test_deletes_come_after_those_of_everything_that_needs_them() -> None:
    rig = Rig()
    a = item("a")
    b = item("b", a)
    rig.up(a, b, item("c", b), item("d", a))
    rig.up()
    deleted = only(rig, "delete")
    assert deleted.index("delete c") < deleted.index("delete b") < deleted.index("delete a")
    assert deleted.index("delete d") < deleted.index("delete a")


def test_a_replacement_is_created_before_its_original_is_deleted() -> None:
    rig = Rig()
    rig.up(item("a", key="one"))
    run = rig.up(item("a", key="two"))
    assert only(rig, "create", "delete") == ["create one", "create two", "delete one"]
    assert "+-1 replaced" in run.text
