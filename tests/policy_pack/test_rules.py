"""The rules of the policy pack, and that the pack registers every one of them."""

import ast
import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fcpin.image import PIN_TYPE

PACK = Path(__file__).parents[2] / "policy-pack"
_spec = importlib.util.spec_from_file_location("policy_pack_rules", PACK / "rules.py")
assert _spec is not None
assert _spec.loader is not None
rules: Any = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = rules
_spec.loader.exec_module(rules)

NOW = datetime(2026, 12, 1, tzinfo=UTC)
DIGEST = f"sha256:{'a' * 64}"
HELD = {"tag": "main-1", "reason": "main-2 leaks"}

PINS: list[tuple[str, str, dict[str, Any], str | None]] = [
    ("a moving tag", "moving_tag", {"policy": {"digest": {"tag": "main"}}}, "the moving tag main"),
    ("a moving tag in the short form", "moving_tag", {"digest": {"tag": "main"}}, "the moving tag main"),
    ("a protected one", "moving_tag", {"policy": {"digest": {"tag": "main"}}, "protect": "pin_tag"}, None),
    ("a family", "moving_tag", {"policy": {"family": {"name": "main"}}, "digest": DIGEST}, None),
    ("a digest", "no_digest", {"digest": DIGEST}, None),
    ("an empty digest", "no_digest", {"digest": ""}, "no digest"),
    ("none at all", "no_digest", {}, "no digest"),
    ("a hold that is over", "expired_hold", {"hold": {**HELD, "until": "2026-11-30T00:00:00Z"}}, "main-2 leaks"),
    ("one that is not", "expired_hold", {"hold": {**HELD, "until": "2026-12-02T00:00:00Z"}}, None),
    ("no hold", "expired_hold", {}, None),
]


@pytest.mark.parametrize(("rule", "pin", "expected"), [row[1:] for row in PINS], ids=[row[0] for row in PINS])
def test_a_pin(rule: str, pin: dict[str, Any], expected: str | None) -> None:
    violation = getattr(rules, rule)(pin, NOW)
    assert violation is None if expected is None else expected in violation


class Previewed(dict[str, Any]):
    """A pin of a preview, as pulumi-policy gives it: what is not known yet raises."""

    def __getitem__(self, key: str) -> Any:
        assert key != "digest", "unknown"
        return super().__getitem__(key)


def test_a_moving_tag_is_found_while_the_digest_is_unknown() -> None:
    pin = Previewed(policy={"digest": {"tag": "main"}}, digest="?", protect="none")
    assert "the moving tag main" in rules.moving_tag(pin, NOW)


def pinned(**properties: Any) -> Any:
    return rules.Resource(rules.PINNED_FUNCTION, "urn:pin", {"function_name": "app", **properties})


def function(name: str) -> Any:
    return rules.Resource(
        rules.FUNCTION, f"urn:{name}", {"functionName": name, "customContainerConfig": {"image": "i"}}
    )


def test_a_repository_that_lets_tags_move() -> None:
    broken = list(rules.mutable_repository([pinned(repository="r/app", tag_immutability=False)]))
    assert [urn for urn, _ in broken] == ["urn:pin"]
    assert "r/app" in broken[0][1]


@pytest.mark.parametrize(
    "properties",
    [{"tag_immutability": True}, {}, {"tag_immutability": None}, {"tag_immutability": False, "protect": "pin_tag"}],
    ids=["immutable", "unknown", "not set", "protected"],
)
def test_every_other_repository_passes(properties: dict[str, Any]) -> None:
    assert not list(rules.mutable_repository([pinned(**properties)]))


def test_a_function_that_nothing_pins() -> None:
    broken = dict(rules.unpinned_function([pinned(), function("app"), function("other")]))
    assert list(broken) == ["urn:other"]


def test_code_functions_need_no_pin() -> None:
    assert not list(rules.unpinned_function([rules.Resource(rules.FUNCTION, "urn:code", {"functionName": "code"})]))


def test_a_pin_is_known_by_the_type_that_its_resource_has() -> None:
    assert rules.PINNED_FUNCTION == PIN_TYPE


def test_every_rule_is_listed() -> None:
    listed = {rule.violation.__name__ for rule in rules.PIN_RULES} | {
        rule.violations.__name__ for rule in rules.STACK_RULES
    }
    tree = ast.parse((PACK / "rules.py").read_text())
    assert listed == {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
