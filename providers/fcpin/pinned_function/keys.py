"""The names of the resource's properties: its inputs and its outputs."""

from typing import Final

from fcpin.policy.spec import KEYS

POLICY_KEYS: Final = tuple(KEYS)
"""The policy dictionary: the same keys stand in a resource, in stack configuration and in `--policy`."""

OWN_KEYS: Final = ("function_name", "region", "profile", "repository", "config", "adopt", "deadline", "owner")
PIN_KEYS: Final = ("tag", "digest", "image")
"""Added by check, so that a preview shows old => new."""

DRIFT: Final = "drift"
"""Wanted is `ok`, so check says that, and read says what is. An input, because engines show no other as drift."""

WANTED: Final = "ok"
"""What `drift` is when there is none."""

ORDERED_BY: Final = "ordered_by"
"""What the order compared when it chose the pin. An input, because check gets no other properties of a deployment."""

CHOSEN: Final = (*PIN_KEYS, DRIFT, ORDERED_BY)
"""Never written by hand."""

INPUTS: Final = (*OWN_KEYS, *POLICY_KEYS, *CHOSEN)

DECIDING: Final = ("function_name", "region", "repository", "owner", *POLICY_KEYS)
"""The inputs that the pin depends on: while one of them is unknown, no pin can be resolved."""

TYPE: Final = "pulumi-python:dynamic/fcpin:PinnedFunction"
"""The resource's type in a state, which follows from its class in `resource`."""

DEPLOYED: Final = "deployed_image"
IMMUTABILITY: Final = "tag_immutability"

OUTPUTS: Final = (
    "resolved_image_uri",
    "previous_image",
    DEPLOYED,
    "function_arn",
    "function_id",
    "state",
    "last_update_status",
    "last_modified_time",
    "ownership",
    "selection",
    "exposed_seconds",
    IMMUTABILITY,
)
"""What the resource tells beside its inputs.

`exposed_seconds` is there when the last deployment healed a moved tag, `tag_immutability` where the registry tells it.
"""

STACK_KEYS: Final = ("functions", "functionFiles", "pipelines", "region", "endpoints", "registries", "minAgeBypass")
"""What fcpin reads in its namespace of the stack's configuration. A project may keep keys of its own there."""
