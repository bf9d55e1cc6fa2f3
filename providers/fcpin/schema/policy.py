"""The policy dictionary: every order, and every key that may stand beside it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from fcpin.policy.spec import DEFAULT_PLATFORM, LIMIT, MOST
from fcpin.schema.fragments import (
    DIGEST,
    DRAFT,
    DURATION,
    MOMENT,
    PLATFORM,
    TAG,
    Schema,
    choice,
    flag,
    mapping,
    text,
    texts,
)

_DIRECTION: Final = choice("Whether the greatest or the smallest is the newest.", "asc", "desc")


def _order(description: str, fields: Mapping[str, Schema], required: Collection[str] = ()) -> Schema:
    """An order, or null, as an input of Pulumi that is None arrives."""
    return mapping(description, fields, required, type=["object", "null"])


ORDERS: Final[Mapping[str, Schema]] = {
    "family": _order(
        "The relatives <name>-<suffix>: the one pushed last, else the one with the greatest number.",
        {
            "name": text("What stands before the last dash; without it the family of the deployed tag.", pattern=TAG),
            "rule": choice(
                "strict: everything up to the last dash is equal. seed: the first segment.", "strict", "seed"
            ),
        },
    ),
    "semver": _order(
        "The greatest semantic version in a range.",
        {
            "range": text("As Flux and Helm read it: 1.x, ~1.2, >=1.0.0 <2.0.0 || ^3; * is every release."),
            "strict": {**flag("Whether a version needs all three numbers."), "default": True},
        },
        ["range"],
    ),
    "numerical": _order("The greatest number.", {"order": _DIRECTION}),
    "alphabetical": _order("The last of the alphabet.", {"order": _DIRECTION}),
    "newest": _order("The last one.", {"by": choice("Pushed, or built as its publisher says.", "pushed", "created")}),
    "digest": _order(
        "Whatever one moving tag points at; each push is an outage until the next update.",
        {"tag": text("The tag.", pattern=TAG)},
        ["tag"],
    ),
    "follow": _order(
        "What another stack runs.",
        {
            "stack": text("A stack of the same project, dev, or organization/project/stack."),
            "function": text("Which entry of its output images; the resource's own name unless given."),
            "image": text("What that stack runs, name:tag@sha256:…; for the command line."),
        },
        ["stack"],
    ),
}


def _one_order() -> Sequence[Schema]:
    """Exactly one order, with null for others; or the name alone of one that needs no field."""
    alone = [{"required": [name], "properties": {name: {"type": "null"}}} for name in ORDERS if not _needs(name)]
    return [*map(_given, ORDERS), {"maxProperties": 1, "anyOf": alone}]


def _given(name: str) -> Schema:
    return {"required": [name], "properties": {name: {"type": "object"}}}


def _short(name: str) -> Schema:
    """An order beside the filters: null only where it needs no field."""
    order = {"$ref": f"#/properties/policy/properties/{name}"}
    return {"allOf": [order, {"type": "object"}]} if _needs(name) else order


def _needs(name: str) -> bool:
    return "required" in ORDERS[name]


KEYS: Final[Mapping[str, Schema]] = {
    "policy": mapping("Exactly one order: which tag is the newest.", ORDERS, oneOf=_one_order()),
    "filter_tags": mapping(
        "Which tags take part, and what of each is compared.",
        {
            "pattern": text("A regular expression of RE2, searched anywhere in the tag: anchor it with ^ and $."),
            "extract": text("What is compared: $name, ${name} or $1 for a group of the pattern, $$ for a dollar sign."),
        },
        ["pattern"],
    ),
    "allow_tags": texts("Regular expressions of RE2: one of them must match the whole tag."),
    "ignore_tags": texts("Regular expressions of RE2: none of them may match the whole tag."),
    "allow_downgrade": flag("Whether an older tag than the deployed one may be chosen."),
    "on_empty": choice("What happens when no tag qualifies: fail, or keep the deployed pin.", "fail", "keep"),
    "platform": text("What the chosen image must run on.", pattern=PLATFORM, default=DEFAULT_PLATFORM),
    "min_age": text("How long the registry must have had a tag before it is deployed: 2h, 7d.", pattern=DURATION),
    "accelerated": choice(
        "Whether to deploy the _accelerated image that ACR Enterprise makes of a tag.", "ignore", "prefer", "require"
    ),
    "accelerated_wait": text("How long accelerated: prefer waits for it: 10m.", pattern=DURATION),
    "hold": mapping(
        "Stay on one image until a date, whatever the policy says.",
        {
            "tag": text("The tag to stay on.", pattern=TAG),
            "digest": text("With a tag: what it must point at. Alone: the image itself.", pattern=DIGEST),
            "until": text("When the policy decides again: 2026-12-01T00:00:00Z.", pattern=MOMENT),
            "reason": text("Why, for those who see the preview."),
        },
        ["until"],
        anyOf=[{"required": ["tag"]}, {"required": ["digest"]}],
    ),
    "suspend": flag("Whether the deployed pin is left alone; wins over a hold too."),
    "protect": choice("pin_tag deploys on a tag of our own, which no moved or deleted tag reaches.", "none", "pin_tag"),
    "discovery_limit": {
        "description": "How many tags are asked for their build time, where the registry tells no push times.",
        "type": "integer",
        "minimum": 1,
        "maximum": MOST,
        "default": LIMIT,
    },
}


DEPENDENCIES: Final[Schema] = {
    "accelerated_wait": {"properties": {"accelerated": {"const": "prefer"}}, "required": ["accelerated"]},
}
"""What a key needs beside it."""


def policy_schema() -> Schema:
    """Of the dictionary after `--policy`, where the order may stand beside the filters."""
    short = {name: _short(name) for name in ORDERS}
    return {
        "$schema": DRAFT,
        "title": "fcpin policy",
        **mapping("Which tag of a repository is deployed: docs/policies.", {**KEYS, **short}),
        "oneOf": [{"required": [name]} for name in ("policy", *ORDERS)],
        "dependencies": DEPENDENCIES,
    }
