"""Reading a policy: every mistake at once, each with its path, and nothing taken for what it is not."""

from collections.abc import Mapping

import pytest

from fcpin.errors import InvalidPolicy
from fcpin.policy import Policy
from tests.policy.choosing import chosen, tag
from tests.support.tables import table

NEWEST: dict[str, object] = {"policy": {"newest": {}}}
UNTIL = "2026-12-01T00:00:00Z"


def problems(spec: object) -> Mapping[str, str]:
    with pytest.raises(InvalidPolicy) as caught:
        Policy.from_spec(spec)  # type: ignore[arg-type]  # users write anything
    return {problem.path: problem.reason for problem in caught.value.problems}


MISTAKES = [
    # label, spec, path, facts of the reason
    ("no order", {}, "policy", ["family", "semver", "numerical", "alphabetical", "newest", "digest"]),
    ("an empty policy", {"policy": {}}, "policy", ["needs an order"]),
    ("two orders", {"policy": {"newest": {}, "digest": {"tag": "a"}}}, "policy", ["policy.newest", "policy.digest"]),
    ("an empty policy and an order", {"policy": {}, "newest": {}}, "policy", ["newest", "keep one"]),
    ("two orders in two forms", {"newest": {}, "policy": {"digest": {"tag": "a"}}}, "policy", ["newest", "keep one"]),
    ("an order without a body and another", {"family": None, "numerical": {}}, "policy", ["family", "numerical"]),
    ("no mapping at all", [1], "", ["mapping", "a list"]),
    ("an order that is a word", {"policy": {"semver": "1.x"}}, "policy.semver", ["mapping", "'1.x'"]),
    ("a misspelt order", {"policy": {"semvar": {}}}, "policy.semvar", ["unknown", "did you mean semver"]),
    ("a misspelt key next to the order", {**NEWEST, "alow_tags": []}, "alow_tags", ["unknown", "did you mean allow_tags"]),
    ("a misspelt key inside the order", {"policy": {"semver": {"rang": "1", "range": "1"}}}, "policy.semver.rang", ["did you mean range"]),
    ("a key of another order", {"policy": {"digest": {"tag": "a", "range": "1"}}}, "policy.digest.range", ["known: tag"]),
    ("a range that is missing", {"policy": {"semver": {}}}, "policy.semver.range", ["required", "1.x"]),
    ("a range that is empty", {"policy": {"semver": {"range": " "}}}, "policy.semver.range", ["empty"]),
    ("a range that cannot be read", {"semver": {"range": "1.y"}}, "semver.range", ["'1.y'", "range"]),
    ("an order of numbers that is none", {"numerical": {"order": "ASC"}}, "numerical.order", ["asc or desc", "'ASC'"]),
    ("a family's name that no tag can have", {"family": {"name": "a:b"}}, "family.name", ["'a:b'"]),
    ("a family's name with its dash", {"family": {"name": "main-"}}, "family.name", ["'main-'", "leave it out"]),
    ("a range of thousands of digits", {"semver": {"range": "1" * 5000}}, "semver.range", ["5000", "1000"]),
    ("digest without a tag", {"policy": {"digest": {}}}, "policy.digest.tag", ["required"]),
    ("digest with an image", {"digest": {"tag": "app:main"}}, "digest.tag", ["'app:main'", "not a valid tag"]),
    ("a pattern that cannot be compiled", {**NEWEST, "filter_tags": {"pattern": "a(b"}}, "filter_tags.pattern", ["'a(b'", "missing )"]),
    ("a look ahead", {**NEWEST, "filter_tags": {"pattern": "^(?!rc)"}}, "filter_tags.pattern", ["'^(?!rc)'", "RE2", "(?!"]),
    ("a look behind", {**NEWEST, "allow_tags": ["a", "(?<=a)b"]}, "allow_tags[1]", ["'(?<=a)b'", "RE2", "(?<"]),
    ("a backreference", {**NEWEST, "ignore_tags": [r"(a)\1"]}, "ignore_tags[0]", [r"(a)\1", "RE2", "escape sequence"]),
    ("half a character", {**NEWEST, "ignore_tags": ["\ud800"]}, "ignore_tags[0]", ["unpaired surrogate"]),
    ("an endless pattern", {**NEWEST, "ignore_tags": ["ok", "a" * 2000]}, "ignore_tags[1]", ["2000", "1000"]),
    ("too many repeats", {**NEWEST, "allow_tags": ["a{1001}"]}, "allow_tags[0]", ["not a valid RE2 pattern", "1001"]),
    ("filter_tags without a pattern", {**NEWEST, "filter_tags": {"extract": "$1"}}, "filter_tags.pattern", ["required"]),
    ("extract of a group that is not there", {**NEWEST, "filter_tags": {"pattern": "(?P<n>.)", "extract": "$m"}}, "filter_tags.extract", ["$m", "$n"]),
    ("extract of a group with a letter behind it", {**NEWEST, "filter_tags": {"pattern": "(.)", "extract": "$1a"}}, "filter_tags.extract", ["$1a", "${"]),
    ("extract with a lone dollar", {**NEWEST, "filter_tags": {"pattern": "(.)", "extract": "a$ "}}, "filter_tags.extract", ["position 1", "$$"]),
    ("extract where nothing is captured", {**NEWEST, "filter_tags": {"pattern": ".", "extract": "$1"}}, "filter_tags.extract", ["none"]),
    ("allow_tags that is text", {**NEWEST, "allow_tags": "main-.*"}, "allow_tags", ["list"]),
    ("a hold at nothing", {**NEWEST, "hold": {"until": UNTIL}}, "hold.tag", ["required", "digest"]),
    ("a hold without an end", {**NEWEST, "hold": {"tag": "a"}}, "hold.until", ["required", "2026-12-01T00:00:00Z"]),
    ("a hold until a word", {**NEWEST, "hold": {"tag": "a", "until": "friday"}}, "hold.until", ["'friday'", "2026-12-01T00:00:00Z"]),
    ("a hold until a time of no zone", {**NEWEST, "hold": {"tag": "a", "until": "2026-12-01T00:00"}}, "hold.until", ["zone", "Z"]),
    ("a hold until a day before all zones", {**NEWEST, "hold": {"tag": "a", "until": "0001-01-01T00:00:00+08:00"}}, "hold.until", ["time"]),
    ("a hold at an image", {**NEWEST, "hold": {"tag": "app:a", "until": UNTIL}}, "hold.tag", ["'app:a'", "not a valid tag"]),
    ("a hold at a digest too short", {**NEWEST, "hold": {"digest": "sha256:12", "until": UNTIL}}, "hold.digest", ["sha256:12", "64"]),
    ("a misspelt key of a hold", {**NEWEST, "hold": {"tag": "a", "until": UNTIL, "why": "x"}}, "hold.why", ["unknown", "reason"]),
    ("suspend that is text", {**NEWEST, "suspend": "yes"}, "suspend", ["true or false", "'yes'"]),
    ("an age without a unit", {**NEWEST, "min_age": "2"}, "min_age", ["'2'", "1h30m"]),
    ("an age below nothing", {**NEWEST, "min_age": "-2h"}, "min_age", ["'-2h'"]),
    ("an age of a lifetime", {**NEWEST, "min_age": "999999999d"}, "min_age", ["at most 3650d"]),
    ("an unknown wish for conversions", {**NEWEST, "accelerated": True}, "accelerated", ["ignore or prefer or require", "True"]),
    ("a wait without prefer", {**NEWEST, "accelerated": "require", "accelerated_wait": "1m"}, "accelerated_wait", ["prefer"]),
    ("an unknown answer to nothing", {**NEWEST, "on_empty": "ignore"}, "on_empty", ["fail or keep"]),
    ("an unknown protection", {**NEWEST, "protect": True}, "protect", ["none or pin_tag", "True"]),
    ("a limit of none", {**NEWEST, "discovery_limit": 0}, "discovery_limit", ["from 1", "got 0"]),
    ("half a limit", {**NEWEST, "discovery_limit": 1.5}, "discovery_limit", ["whole number", "1.5"]),
    ("half a platform", {**NEWEST, "platform": "linux"}, "platform", ["linux/amd64"]),
]  # fmt: skip


@table("spec path facts", MISTAKES)
def test_a_mistake_has_one_problem_with_its_path(spec: object, path: str, facts: list[str]) -> None:
    found = problems(spec)
    assert list(found) == [path]
    for fact in facts:
        assert fact in found[path]


def test_all_mistakes_come_at_once() -> None:
    policy = {"policy": {"semver": {"range": "x.y"}}, "filter_tags": {"pattern": "("}, "allow_tags": [")"]}
    found = problems({**policy, "on_empty": 1, "hold": {}, "colour": "red"})
    paths = {"policy.semver.range", "filter_tags.pattern", "allow_tags[0]", "on_empty", "hold.until", "colour"}
    assert set(found) == paths


EVERY_KEY: dict[str, object] = {
    "policy": {"newest": {"by": "created"}},
    "filter_tags": {"pattern": "^(.*)$", "extract": "$1"},
    "allow_tags": [".*"],
    "ignore_tags": [],
    "allow_downgrade": True,
    "on_empty": "keep",
    "platform": "linux/arm64/v8",
    "hold": {"tag": "1.0.0", "digest": "1" * 64, "until": UNTIL, "reason": "x"},
    "suspend": False,
    "min_age": "1m",
    "accelerated": "prefer",
    "accelerated_wait": "1m",
    "protect": "pin_tag",
    "discovery_limit": 10,
}

ACCEPTED = [
    ("the short form", {"semver": {"range": "1.x"}, "filter_tags": {"pattern": "^1"}}),
    ("an order without a body, as YAML has it", {"policy": {"newest": None}}),
    ("orders that Pulumi gave as nothing", {"policy": {"newest": {}, "semver": None, "family": None}}),
    ("filters that Pulumi gave as nothing", {"policy": {"newest": {}}, "filter_tags": None, "allow_tags": None}),
    ("every key", EVERY_KEY),
]  # fmt: skip


@pytest.mark.parametrize("spec", [pytest.param(spec, id=label) for label, spec in ACCEPTED])
def test_accepted(spec: dict[str, object]) -> None:
    assert chosen(spec, [tag("1.0.0", 1, created=1)]) == "1.0.0"


def test_the_settings_arrive() -> None:
    policy = Policy.from_spec(
        NEWEST
        | {
            "allow_downgrade": True,
            "on_empty": "keep",
            "platform": "linux/arm64",
            "protect": "pin_tag",
            "discovery_limit": 250.0,
        }
    )
    assert (policy.allow_downgrade, policy.on_empty, policy.platform) == (True, "keep", "linux/arm64")
    assert (policy.is_protected, policy.discovery_limit) == (True, 250)
    plain = Policy.from_spec(NEWEST)
    assert (plain.allow_downgrade, plain.on_empty, plain.platform) == (False, "fail", "linux/amd64")
    assert (plain.is_protected, plain.discovery_limit) == (False, 100)
