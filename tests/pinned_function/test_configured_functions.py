"""`fcpin:functions` as the program reads it: one entry a function, or one clear line."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pytest
from pulumi.runtime.config import CONFIG

from fcpin.pinned_function import PinnedFunction, configured_functions


class NoResources(pulumi.runtime.Mocks):
    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        raise AssertionError(args.token)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> Any:
        raise AssertionError(args.typ)


@pytest.fixture(autouse=True)
def stack() -> Iterator[None]:
    before = CONFIG.get()
    pulumi.runtime.set_mocks(NoResources(), project="shop", stack="test")
    yield
    CONFIG.set(before)


def configure(**settings: Any) -> None:
    CONFIG.set({f"fcpin:{key}": json.dumps(value) for key, value in settings.items()})


def test_the_entries_are_returned_by_name() -> None:
    configure(functions={"checkout": {"repository": "r.example.com/shop/app"}})
    assert configured_functions() == {"checkout": {"repository": "r.example.com/shop/app"}}


PROBLEMS: list[tuple[str, Mapping[str, Any], str]] = [
    ("no functions", {}, "is not set"),
    ("a list of functions", {"functions": []}, "got a list"),
    ("an empty entry", {"functions": {"checkout": None}}, "checkout: expected repository, policy"),
    ("a misspelt key", {"functions": {}, "endpoint": {}}, "did you mean fcpin:endpoints"),
]


@pytest.mark.parametrize(("settings", "problem"), [row[1:] for row in PROBLEMS], ids=[row[0] for row in PROBLEMS])
def test_configuration_of_another_shape_is_one_line(settings: Mapping[str, Any], problem: str) -> None:
    configure(**settings)
    with pytest.raises(pulumi.RunError, match=problem) as error:
        configured_functions()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", ["tag", "digest", "drift"])
def test_a_pin_written_by_hand_is_refused(key: str) -> None:
    with pytest.raises(pulumi.RunError, match=rf"checkout: {key}: set by the policy.*ignore_changes"):
        PinnedFunction.from_config("checkout", {"repository": "r.example.com/a", "policy": {"newest": {}}, key: "x"})
