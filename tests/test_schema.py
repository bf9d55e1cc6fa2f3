"""The JSON schemas describe what the code accepts: every key, and nothing else."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from fcpin.cli import main
from fcpin.errors import InvalidInput
from fcpin.models import read, schema_of
from fcpin.pinned_function.inputs import PinArgs
from fcpin.pinned_function.keys import OWN_KEYS
from fcpin.pipelines.spec import PipelineEntry
from fcpin.policy import Policy
from fcpin.policy.policy import KEYS, ORDERS, policy_schema
from fcpin.schema import stack_schema
from fcpin.settings import FunctionInputs
from tests.pipelines.test_spec import PERSONAL, RUNNER, WARM
from tests.pipelines.test_spec import WRONG as SPECS_OF_PIPELINES

ROOT = Path(__file__).parent.parent
POLICY = Draft7Validator(policy_schema())
STACK = Draft7Validator(stack_schema())
STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))


@pytest.mark.parametrize("of", ["stack", "functions", "policy", "cases"])
def test_the_file_in_the_documentation_is_what_the_command_prints(of: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", of]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "schemas" / f"{of}.schema.json").read_text()


@pytest.mark.parametrize("schema", [policy_schema(), stack_schema()], ids=["policy", "stack"])
def test_it_is_a_schema_and_every_key_is_described(schema: Mapping[str, Any]) -> None:
    Draft7Validator.check_schema(schema)
    config = stack_schema()["properties"]["config"]["properties"]
    registry = config["fcpin:registries"]["additionalProperties"]["properties"]
    keys = policy_schema()["properties"]
    nested = [keys["hold"]["properties"], keys["filter_tags"]["properties"]]
    nested += [keys[order].get("properties") or keys[order]["anyOf"][0]["properties"] for order in ORDERS]
    described = (keys, config, registry, schema_of(FunctionInputs)["properties"])
    for table in (*described, *nested):
        assert all(entry["description"].endswith((".", "…")) for entry in table.values())


def test_it_has_every_key_that_is_read_and_no_other() -> None:
    assert set(FunctionInputs.__struct_fields__) == set(OWN_KEYS) - {"owner"}


TAGS = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9._]{0,20}\Z")
DURATIONS = st.from_regex(r"\A[0-9]{1,2}[dhms]\Z")
PATTERNS = st.sampled_from(["main-.*", r"^v(?P<n>\d+)$", "[[:alpha:]]+", "(?i)x"])
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
DIRECTIONS = st.fixed_dictionaries({}, optional={"order": st.sampled_from(["asc", "desc"])})
ORDER_BODIES = {
    "family": st.none() | st.fixed_dictionaries({}, optional={"name": TAGS, "rule": st.sampled_from(["strict", "seed"])}),
    "semver": st.fixed_dictionaries({"range": st.sampled_from(["1.x", "*", ">=1.0.0-0 <2 || ^3"])}, optional={"strict": st.booleans()}),
    "numerical": st.none() | DIRECTIONS,
    "alphabetical": st.none() | DIRECTIONS,
    "newest": st.none() | st.fixed_dictionaries({}, optional={"by": st.sampled_from(["pushed", "created"])}),
    "digest": st.fixed_dictionaries({"tag": TAGS}),
    "follow": st.fixed_dictionaries({"stack": st.just("dev"), "image": st.just("r.example.com/b:c@sha256:" + "a" * 64)}, optional={"function": TAGS}),
}  # fmt: skip
ORDER_SPECS = st.one_of(*(st.fixed_dictionaries({name: body}) for name, body in ORDER_BODIES.items()))
FURTHER_OPTIONS = {
    "filter_tags": st.fixed_dictionaries({"pattern": PATTERNS}, optional={"extract": st.just("$0")}),
    "allow_tags": st.lists(PATTERNS, max_size=2),
    "ignore_tags": st.lists(PATTERNS, max_size=2),
    "allow_downgrade": st.booleans(),
    "on_empty": st.sampled_from(["fail", "keep"]),
    "platform": st.sampled_from(["linux/amd64", "linux/arm64/v8"]),
    "min_age": DURATIONS,
    "accelerated": st.sampled_from(["ignore", "prefer", "require"]),
    "accelerated_wait": DURATIONS,
    "hold": st.fixed_dictionaries({"tag": TAGS, "until": MOMENTS}, optional={"digest": st.just("sha256:" + "a" * 64), "reason": st.just("x")}),
    "suspend": st.booleans(),
    "protect": st.sampled_from(["none", "pin_tag"]),
    "discovery_limit": st.sampled_from([1, 100, 100.0, 10_000]),
}  # fmt: skip
FURTHER = st.fixed_dictionaries({}, optional=FURTHER_OPTIONS)


def _spec(order: dict[str, Any], further: dict[str, Any], *, nested: bool) -> dict[str, Any]:
    prefer = {"accelerated": "prefer"} if "accelerated_wait" in further else {}
    return {**({"policy": order} if nested else order), **further, **prefer}


SPECS = st.builds(_spec, ORDER_SPECS, FURTHER, nested=st.booleans())


@given(SPECS)
@settings(deadline=None)
def test_what_is_valid_is_valid_to_both(spec: dict[str, Any]) -> None:
    Policy.from_spec(spec)
    POLICY.validate(spec)
    if "policy" in spec:
        STACK.validate({"config": {"fcpin:functions": {"a": {"repository": "r.example.com/shop/a", **spec}}}})


JUNK = st.sampled_from(["colour", 7, -1.5, [], {}, [7], {"colour": "red"}, ""])


@given(SPECS, st.data())
def test_what_is_wrong_is_wrong_to_both(spec: dict[str, Any], data: st.DataObject) -> None:
    """A key too many somewhere, or a value of another kind."""
    where = data.draw(st.sampled_from([spec, *(value for value in spec.values() if isinstance(value, dict))]))
    if data.draw(st.booleans()):
        where["colour"] = "red"
    else:
        spec[data.draw(st.sampled_from([*KEYS, *ORDERS]))] = data.draw(JUNK)
    try:
        Policy.from_spec(spec)
    except InvalidInput:
        assert not POLICY.is_valid(spec)
    else:
        POLICY.validate(spec)


BODIES = {
    "semver": {"range": "*"},
    "digest": {"tag": "a"},
    "follow": {"stack": "dev", "image": "r.example.com/b:c@sha256:" + "a" * 64},
}


def test_orders_and_nulls_count_alike_to_both() -> None:
    """Every two orders, given or null, in the same place or in both."""
    for one, other in product(ORDERS, repeat=2):
        for first, second in product([None, BODIES.get(one, {})], [None, BODIES.get(other, {})]):
            both = {one: first, other: second}
            for spec in (both, {"policy": both}, {"policy": {one: first}, other: second}):
                try:
                    Policy.from_spec(spec)
                except InvalidInput:
                    assert not POLICY.is_valid(spec), spec
                else:
                    assert POLICY.is_valid(spec), spec


@pytest.mark.parametrize("stack", STACKS, ids=[stack.stem for stack in STACKS])
def test_every_stack_is_valid_and_names_its_schema(stack: Path) -> None:
    STACK.validate(yaml.safe_load(stack.read_text()))
    (modeline,) = re.findall(r"^# yaml-language-server: \$schema=(.+)$", stack.read_text(), re.MULTILINE)
    assert (stack.parent / modeline).resolve() == ROOT / "docs" / "schemas" / "stack.schema.json"


ENTRY = {"repository": "r.example.com/shop/a", "policy": {"newest": {}}}
MARKED = {"no image", "a key that is none", "an image without the commit", "text for a number", "no mapping"}
WRONG = [
    ("no repository", {"policy": {"newest": {}}}),
    ("no policy", {"repository": "r.example.com/shop/a"}),
    ("a repository with a tag", ENTRY | {"repository": "r.example.com/shop/a:b"}),
    ("an order outside of the policy", ENTRY | {"semver": {"range": "1"}}),
    ("a setting that is not there", ENTRY | {"config": {"memorysize": 512}}),
    ("memory between two steps", ENTRY | {"config": {"memory_size": 500}}),
    ("half a thread", ENTRY | {"config": {"instance_concurrency": 1.5}}),
    ("too much time", ENTRY | {"config": {"timeout": 86401}}),
    ("a number in the environment", ENTRY | {"config": {"environment_variables": {"A": 1}}}),
    ("a login without a password", ENTRY | {"config": {"registry_config": {"auth_config": {"user_name": "ci"}}}}),
    ("one command", ENTRY | {"config": {"command": "run"}}),
    ("no time at all", ENTRY | {"deadline": 0}),
]


@pytest.mark.parametrize("entry", [pytest.param(entry, id=label) for label, entry in WRONG])
def test_an_entry_that_check_refuses_is_marked_in_the_editor(entry: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        PinArgs.read({"function_name": "a", **entry}, "cn-hangzhou")
    assert not STACK.is_valid({"config": {"fcpin:functions": {"a": entry}}})


@pytest.mark.parametrize(("label", "spec"), [(row[0], row[1]) for row in SPECS_OF_PIPELINES if row[0] in MARKED])
def test_a_pipeline_that_is_refused_for_its_form_is_marked_in_the_editor(label: str, spec: Any) -> None:
    assert not STACK.is_valid({"config": {"fcpin:pipelines": {"app": spec}}})


def test_every_pipeline_that_is_right_is_right_in_the_editor() -> None:
    spec = {"image": PERSONAL, "runner": RUNNER, "warm": {**WARM, "separate": True}, "rebuild": "always"}
    assert read(PipelineEntry, spec).image == PERSONAL
    STACK.validate({"config": {"fcpin:pipelines": {"app": spec}}})


def test_secrets_are_welcome_where_pulumi_puts_them() -> None:
    secret = {"secure": "AAAB"}
    config = {"environment_variables": {"TOKEN": secret}}
    STACK.validate(
        {
            "encryptionsalt": "v1:x",
            "config": {
                "alicloud:secretKey": secret,
                "other:key": 1,
                "fcpin:registries": {"r.example.com": {"username": "ci", "password": secret}},
                "fcpin:functions": {"a": ENTRY | {"config": config}},
            },
        }
    )
