"""The digest order: one moving tag."""

from tests.policy.choosing import choose, chosen, reasons

SPEC = {"policy": {"digest": {"tag": "main"}}}


def test_only_that_tag() -> None:
    assert chosen(SPEC, ["main", "main-2", "latest"]) == "main"
    assert reasons(choose(SPEC, ["main", "main-2"]))["main-2"] == "is not main"


def test_nothing_when_it_is_gone() -> None:
    assert chosen(SPEC, ["main-2"], current="main") is None


def test_a_function_may_come_from_any_other_tag() -> None:
    assert chosen(SPEC, ["main", "main-2"], current="main-2") == "main"


def test_a_moving_tag_is_an_outage_window_and_warned_of() -> None:
    (warning,) = choose(SPEC, ["main"]).warnings
    assert "resolved image uri deleted" in warning
    assert "main-<sha>" in warning
