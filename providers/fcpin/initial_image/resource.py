"""`InitialImage` as a Pulumi program writes it."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from fcpin.initial_image.provider import InitialImageProvider
from fcpin.pinned_function.following import followed
from fcpin.pinned_function.keys import PIN_KEYS


class InitialImage(Resource, module="fcpin", name="InitialImage"):
    """The image that a policy selects when a function is created by another tool.

    It stays what it was: the function is kept current by PinnedFunction, and when it is created anew, so is this.
    """

    image: pulumi.Output[str]
    """`host/namespace/name:tag`."""
    tag: pulumi.Output[str]
    digest: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        function_name: pulumi.Input[str],
        repository: pulumi.Input[str],
        policy: pulumi.Input[Mapping[str, Any]],
        region: pulumi.Input[str] | None = None,
        profile: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **selecting: Any,
    ) -> None:
        """Choose for *function_name* from the tags of *repository*; arguments as for PinnedFunction.

        selecting: what else decides, such as `filter_tags`, `min_age`, `hold`.
        """
        inputs = {
            "function_name": function_name,
            "repository": repository,
            "policy": followed(policy, resource_name),
            "region": region,
            "profile": profile,
            **selecting,
        }
        super().__init__(InitialImageProvider(), resource_name, {**dict.fromkeys(PIN_KEYS), **inputs}, opts)
