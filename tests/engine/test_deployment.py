"""What each registration comes to: the rules of the steps, one test a rule."""

import pytest

from fcpin.engine.errors import OutcomeUnknown
from fcpin.engine.state import name_of
from fcpin.engine.values import UNKNOWN, Secret
from tests.engine.deployment_harness import STACK_URN, DeploymentHarness, box, item


@pytest.fixture
def harness() -> DeploymentHarness:
    """A stack without resources."""
    return DeploymentHarness()


def only(harness: DeploymentHarness, *methods: str) -> list[str]:
    return [call for call in harness.cloud.calls if call.split()[0] in methods]


def test_ignored_properties_are_reset_before_check_sees_them(harness: DeploymentHarness) -> None:
    harness.up(item("a", inputs={"tag": "main-11", "deep": {"x": 1, "y": 1}}))
    run = harness.up(item("a", inputs={"tag": "main-12", "deep": {"x": 2, "y": 1}}, ignore_changes=["tag", "deep.x"]))
    assert "2 unchanged" in run.text
    assert harness.states()["a"].inputs["tag"] == "main-11"
    harness.up(item("a", ignore_changes=["tag"]))
    assert harness.cloud.items["a"]["tag"] == "main-11", "the program leaves it out"


@pytest.mark.parametrize(
    ("label", "own_diff", "calls"),
    [
        ("the engine compares: the option is honoured", False, ["create new", "delete old"]),
        ("the provider returned the changes: the option is ignored, as by the CLI", True, ["update old"]),
    ],
)
def test_replace_on_changes(harness: DeploymentHarness, label: str, own_diff: bool, calls: list[str]) -> None:
    harness.up(item("a", key="old", inputs={"v": 1, "own_diff": own_diff}))
    harness.cloud.calls.clear()
    key = "old" if own_diff else "new"
    harness.up(item("a", key=key, inputs={"v": 2, "own_diff": own_diff}, replace_on_changes=["v"]))
    assert only(harness, "create", "update", "delete") == calls


def test_a_protected_resource_is_not_replaced(harness: DeploymentHarness) -> None:
    harness.up(item("a", key="one", protect=True))
    run = harness.up(item("a", key="two", protect=True))
    assert run.display.errors == 1
    assert "protected" in run.text
    assert list(harness.cloud.items) == ["one"]


def test_a_protected_resource_stays_with_all_that_it_needs(harness: DeploymentHarness) -> None:
    holder = box("box")
    base = item("base", parent=holder.urn)
    harness.up(holder, base, item("kept", base, protect=True), item("gone"))
    run = harness.up()
    assert run.display.errors == 1
    assert set(harness.cloud.items) == {"base", "kept"}
    assert {name_of(state.urn) for state in harness.saved.resources} >= {"harness-dev", "box", "base", "kept"}
    assert "gone" not in harness.states()
    assert "needs" not in harness.destroy()
    assert "kept" in harness.states()


def test_a_retained_resource_leaves_the_state_and_stays_in_the_cloud(harness: DeploymentHarness) -> None:
    harness.up(item("a", retain_on_delete=True))
    harness.up()
    assert harness.states() == {}
    assert list(harness.cloud.items) == ["a"]


def test_a_provider_that_wants_delete_before_replace_is_refused_before_anything_happens(
    harness: DeploymentHarness,
) -> None:
    harness.up(item("a", key="one", inputs={"delete_first": True}))
    run = harness.up(item("a", key="two", inputs={"delete_first": True}))
    assert "is not supported by the embedded engine; use the Pulumi CLI" in run.text
    assert set(harness.cloud.items) == {"one"}


def test_only_targets_are_touched(harness: DeploymentHarness) -> None:
    a, b, gone = item("a", inputs={"v": 1}), item("b", inputs={"v": 1}), item("gone")
    harness.up(a, b, gone)
    harness.cloud.calls.clear()
    run = harness.up(item("a", inputs={"v": 2}), item("b", inputs={"v": 2}), item("new"), targets=[a.urn])
    assert run.display.errors == 0
    assert only(harness, "create", "update", "delete") == ["update a"]
    assert set(harness.states()) == {"a", "b", "gone"}
    assert harness.states()["b"].inputs["v"] == 1


def test_a_target_that_needs_something_that_would_have_to_be_created_is_an_error(harness: DeploymentHarness) -> None:
    base = item("base")
    target = item("a", base)
    run = harness.up(base, target, targets=[target.urn])
    assert run.display.errors == 1
    assert "base" in run.text
    assert "--target" in run.text
    assert harness.cloud.items == {}


def test_an_untargeted_resource_keeps_what_it_needed_even_if_the_program_dropped_that(
    harness: DeploymentHarness,
) -> None:
    base, other = item("base"), item("other")
    harness.up(base, item("a", base), other)
    harness.up(item("a"), other, targets=[other.urn])
    assert set(harness.states()) == {"base", "a", "other"}


def test_destroying_a_target_that_others_need_is_refused(harness: DeploymentHarness) -> None:
    base = item("base")
    harness.up(base, item("a", base))
    assert "target them too" in harness.destroy([base.urn])
    assert set(harness.cloud.items) == {"base", "a"}


def test_a_preview_hides_secrets_and_refuses_a_duplicate_urn(harness: DeploymentHarness) -> None:
    run = harness.up(item("a", inputs={"pw": Secret("hunter2")}), item("a"), preview=True)
    assert "hunter2" not in run.text
    assert "Duplicate resource URN" in run.text
    assert run.display.errors == 1


def test_an_operation_of_unknown_outcome_stays_pending(harness: DeploymentHarness) -> None:
    harness.cloud.fail("create a", OutcomeUnknown("the plugin process ended in the middle of create()"))
    harness.up(item("a"))
    assert [(name_of(o.state.urn), o.kind) for o in harness.saved.operations] == [("a", "creating")]
    harness.cloud.heal()
    harness.up(item("a"))
    assert harness.saved.operations == [], "the next run has warned of it"


def test_after_a_failure_nothing_new_is_started_but_a_preview_goes_on(harness: DeploymentHarness) -> None:
    harness.cloud.fail("check a")
    a = item("a")
    assert harness.up(a, item("b")).outcomes[item("b").urn] is None
    run = harness.up(a, item("after", a), item("b"), preview=True)
    assert run.outcomes[item("after", a).urn] is None
    assert run.outcomes[item("b").urn]
    assert "+ 1 to create" in run.text


def test_the_outputs_of_a_failed_run_keep_what_they_were(harness: DeploymentHarness) -> None:
    run = harness.up()
    run.deployment.register_outputs(STACK_URN, {"url": "http://one", "lost": UNKNOWN})
    assert run.deployment.stack_outputs == ({}, {"url": "http://one"})


def test_refresh_takes_over_what_is_there_and_drops_what_is_gone(harness: DeploymentHarness) -> None:
    base = item("base")
    harness.up(base, item("a", base, inputs={"v": 1}))
    harness.cloud.items["a"]["v"] = 5
    del harness.cloud.items["base"]
    text = harness.refresh()
    assert "~ v: 1 => 5" in text
    assert "- 1 deleted" in text
    assert harness.states()["a"].inputs["v"] == 5
    assert harness.states()["a"].dependencies == []


def test_a_refresh_that_cannot_read_keeps_the_state(harness: DeploymentHarness) -> None:
    harness.up(item("a"), item("b"))
    harness.cloud.fail("read a")
    assert "1 errored" in harness.refresh()
    assert set(harness.states()) == {"a", "b"}


@pytest.mark.parametrize("method", ["check", "diff", "create", "update", "delete"])
def test_a_method_that_fails_leaves_a_state_from_which_the_next_run_finishes(
    harness: DeploymentHarness, method: str
) -> None:
    if method != "create":
        harness.up(item("kept"), item("a", inputs={"v": 1}))
    after = [item("kept")] if method == "delete" else [item("kept"), item("a", inputs={"v": 2})]
    harness.cloud.fail(f"{method} a")
    run = harness.up(*after)
    assert run.display.errors == 1
    assert "no luck today" in run.text
    assert harness.saved.operations == []
    harness.cloud.heal()
    assert harness.up(*after).display.errors == 0
    assert not harness.up(*after).display.changed


def test_deletes_come_after_those_of_everything_that_needs_them(harness: DeploymentHarness) -> None:
    a = item("a")
    b = item("b", a)
    harness.up(a, b, item("c", b), item("d", a))
    harness.up()
    deleted = only(harness, "delete")
    assert deleted.index("delete c") < deleted.index("delete b") < deleted.index("delete a")
    assert deleted.index("delete d") < deleted.index("delete a")


def test_a_preview_shows_every_changed_value_old_and_new(harness: DeploymentHarness) -> None:
    harness.up(item("a", inputs={"size": 1, "tag": "main-11", "gone": True}))
    run = harness.up(item("a", inputs={"size": 1, "tag": "main-12", "fresh": [1, {"x": None}]}), preview=True)
    for fact in ("update [diff: +fresh-gone~tag]", '~ tag: "main-11" => "main-12"', "+ fresh: [1", "- gone: true"):
        assert fact in run.text
    assert "~ 1 to update" in run.text
    assert harness.cloud.items["a"]["tag"] == "main-11"


def test_the_digest_has_old_and_new_states_and_what_differs(harness: DeploymentHarness) -> None:
    secret = Secret("hunter2")
    harness.up(item("a", inputs={"tag": "main-11", "pw": secret}), item("gone"))
    run = harness.up(item("a", inputs={"tag": "main-12", "pw": secret}), item("new"), preview=True)
    digest = run.display.digest()
    steps = {name_of(step["urn"]): step for step in digest["steps"]}
    ops = {"harness-dev": "same", "a": "update", "gone": "delete", "new": "create"}
    assert {name: step["op"] for name, step in steps.items()} == ops
    states = [steps["a"][state]["inputs"] for state in ("oldState", "newState")]
    assert [(state["tag"], state["pw"]) for state in states] == [("main-11", "[secret]"), ("main-12", "[secret]")]
    assert steps["a"]["detailedDiff"] == {"tag": {"kind": "update", "inputDiff": True}}
    assert digest["changeSummary"] == {"same": 1, "update": 1, "delete": 1, "create": 1}


def test_a_replacement_is_created_before_its_original_is_deleted(harness: DeploymentHarness) -> None:
    harness.up(item("a", key="one"))
    run = harness.up(item("a", key="two"))
    assert only(harness, "create", "delete") == ["create one", "create two", "delete one"]
    assert "+-1 replaced" in run.text
