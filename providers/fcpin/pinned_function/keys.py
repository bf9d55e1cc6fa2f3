"""The names of the resource's properties: its inputs and its outputs."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict

import pulumi

from fcpin.policy.policy import KEYS

POLICY_KEYS: Final = tuple(KEYS)
"""The policy dictionary: the same keys stand in a resource, in stack configuration and in `--policy`."""


class SelectionInputs(TypedDict, total=False):
    """The inputs that decide which tag is selected, except for `repository` and `policy` (docs/policies)."""

    filter_tags: pulumi.Input[Mapping[str, Any]] | None
    allow_tags: pulumi.Input[Sequence[str]] | None
    ignore_tags: pulumi.Input[Sequence[str]] | None
    allow_downgrade: pulumi.Input[bool] | None
    on_empty: pulumi.Input[str] | None
    platform: pulumi.Input[str] | None
    min_age: pulumi.Input[str] | None
    accelerated: pulumi.Input[str] | None
    accelerated_wait: pulumi.Input[str] | None
    hold: pulumi.Input[Mapping[str, Any]] | None
    suspend: pulumi.Input[bool] | None
    protect: pulumi.Input[str] | None
    discovery_limit: pulumi.Input[int] | None


class Place(TypedDict, total=False):
    """Where a function is."""

    region: pulumi.Input[str] | None
    """Default: `alicloud:region` of the stack."""
    profile: pulumi.Input[str] | None
    """Of the Alibaba Cloud CLI, for a function in another account than the stack's."""


class InitialInputs(SelectionInputs, Place, total=False):
    """What InitialImage takes besides the function, its repository and the policy."""


class PinInputs(InitialInputs, total=False):
    """What PinnedFunction takes besides the function, its repository and the policy."""

    config: pulumi.Input[Mapping[str, Any]] | None
    """Runtime settings in snake_case, as in pulumi-alicloud (docs/pinned-function.md). With a login to the image's
    registry (`registry_config`) they are secret as a whole."""
    adopt: pulumi.Input[bool] | None
    """Take over a function that exists already, although `config` is given."""
    deadline: pulumi.Input[float] | None
    """Seconds that FC may take to apply a change (600)."""


OWN_KEYS: Final = (
    "function_name",
    "repository",
    *(key for key in PinInputs.__annotations__ if key not in POLICY_KEYS),
    "owner",
)
PIN_KEYS: Final = ("tag", "digest", "image")
"""Added by check, so that a preview shows old => new."""

DRIFT: Final = "drift"
"""check sets it to `ok`, and read to what it found. An input, because engines show only inputs as drift."""

WANTED: Final = "ok"
"""What `drift` is when there is none."""

ORDERED_BY: Final = "ordered_by"
"""What the order compared when it chose the pin. An input, because check receives no outputs of a deployment."""

CHOSEN: Final = (*PIN_KEYS, DRIFT, ORDERED_BY)
"""Never written by hand."""

INPUTS: Final = (*OWN_KEYS, *POLICY_KEYS, *CHOSEN)

DECIDING: Final = ("function_name", "region", "repository", "owner", *POLICY_KEYS)
"""The inputs that the pin depends on: while one of them is unknown, no pin can be resolved."""

PROVIDER: Final = "__provider"
"""Pulumi's own, in the inputs of every dynamic resource."""

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
"""The outputs that are not inputs.

`exposed_seconds` is set when the last deployment healed a moved tag, `tag_immutability` where the registry returns it.
"""
