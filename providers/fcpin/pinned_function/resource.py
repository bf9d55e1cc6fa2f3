"""`PinnedFunction` as a Pulumi program writes it."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import pulumi
from pulumi.dynamic import Resource
from pulumi.runtime import is_config_secret

from fcpin.fc.runtime_config import SECRET
from fcpin.pinned_function.built import pinned_to
from fcpin.pinned_function.following import followed
from fcpin.pinned_function.keys import CHOSEN, OUTPUTS
from fcpin.pinned_function.provider import PinnedFunctionProvider


class PinnedFunction(Resource, module="fcpin", name="PinnedFunction"):
    """A Function Compute 3.0 function pinned to the newest image of a tag family.

    Without *config* the function is adopted: it must exist, only its image is managed, and deleting the resource
    leaves it running. With *config* it is owned: created, kept equal, deleted.
    """

    repository: pulumi.Output[str]
    image: pulumi.Output[str]
    """`host/namespace/name:tag` that FC gets."""
    tag: pulumi.Output[str]
    digest: pulumi.Output[str]
    """`sha256:…` of the tag when it was resolved; the function runs exactly this."""
    resolved_image_uri: pulumi.Output[str]
    """What FC resolved: `host/namespace/name@sha256:…`."""
    previous_image: pulumi.Output[str]
    """`image@digest` that ran before the last deployment; empty after the first."""
    deployed_image: pulumi.Output[str]
    """`image@digest` that the last deployment left, whatever runs by now."""
    drift: pulumi.Output[str]
    """`ok`, or what the last refresh found: `moved-tag: …` (docs/drift.md)."""
    function_arn: pulumi.Output[str]
    function_id: pulumi.Output[str]
    state: pulumi.Output[str]
    last_update_status: pulumi.Output[str]
    last_modified_time: pulumi.Output[str]
    ownership: pulumi.Output[str]
    """`created` or `adopted`; what was adopted is never deleted."""
    ordered_by: pulumi.Output[str | None]
    """What the order compared when it chose the tag: `push time`, `number`, `version` …"""
    selection: pulumi.Output[str]
    """How the tag was chosen: "newest of 37 of 212 tags by push time"."""
    tag_immutability: pulumi.Output[bool | None]
    """Whether tags of the repository cannot be moved; None where the registry does not tell."""
    exposed_seconds: pulumi.Output[float | None]
    """From the push that moved the tag until the function ran the new digest; None when none had moved."""

    def __init__(
        self,
        resource_name: str,
        *,
        function_name: pulumi.Input[str],
        repository: pulumi.Input[str] | None = None,
        policy: pulumi.Input[Mapping[str, Any]] | None = None,
        image: pulumi.Input[str] | None = None,
        filter_tags: pulumi.Input[Mapping[str, Any]] | None = None,
        allow_tags: pulumi.Input[Sequence[str]] | None = None,
        ignore_tags: pulumi.Input[Sequence[str]] | None = None,
        allow_downgrade: pulumi.Input[bool] | None = None,
        on_empty: pulumi.Input[str] | None = None,
        platform: pulumi.Input[str] | None = None,
        min_age: pulumi.Input[str] | None = None,
        accelerated: pulumi.Input[str] | None = None,
        accelerated_wait: pulumi.Input[str] | None = None,
        hold: pulumi.Input[Mapping[str, Any]] | None = None,
        suspend: pulumi.Input[bool] | None = None,
        protect: pulumi.Input[str] | None = None,
        discovery_limit: pulumi.Input[int] | None = None,
        config: pulumi.Input[Mapping[str, Any]] | None = None,
        adopt: pulumi.Input[bool] | None = None,
        deadline: pulumi.Input[float] | None = None,
        region: pulumi.Input[str] | None = None,
        profile: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **unknown: Any,
    ) -> None:
        """Pin *function_name* to the newest tag of *repository* that *policy* selects, or to *image*.

        image: `host/namespace/name:tag@sha256:…`, such as `ImagePipeline.image`; instead of repository and policy.
        `policy`, `filter_tags`, `allow_tags`, `ignore_tags`, `allow_downgrade`, `on_empty`, `platform`, `min_age`,
        `accelerated`, `accelerated_wait`, `hold`, `suspend`, `protect`, `discovery_limit`: docs/policies.
        config: runtime settings in snake_case, as in pulumi-alicloud (docs/pinned-function.md). With a login to the
            image's registry (`registry_config`) they are secret as a whole.
        adopt: take over a function that exists already, although *config* is given.
        deadline: seconds that FC may take to make a change so (600).
        region: default `alicloud:region` of the stack.
        profile: of the Alibaba Cloud CLI, where the function is in another account than the stack's.
        Other names are refused by check, each with its property path.
        """
        inputs = {
            "function_name": function_name,
            "repository": repository,
            "policy": policy if policy is None else followed(policy, resource_name),
            "filter_tags": filter_tags,
            "allow_tags": allow_tags,
            "ignore_tags": ignore_tags,
            "allow_downgrade": allow_downgrade,
            "on_empty": on_empty,
            "platform": platform,
            "min_age": min_age,
            "accelerated": accelerated,
            "accelerated_wait": accelerated_wait,
            "hold": hold,
            "suspend": suspend,
            "protect": protect,
            "discovery_limit": discovery_limit,
            "config": _sealed(config),
            "adopt": adopt,
            "deadline": deadline,
            "region": region,
            "profile": profile,
            "owner": f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}::{resource_name}",
            **unknown,
        }
        if image is not None:
            inputs |= pinned_to(image, inputs, resource_name)
        if chosen := [key for key in CHOSEN if key in unknown]:
            raise pulumi.RunError(
                f"{resource_name}: {', '.join(chosen)}: chosen by the policy, not by hand; "
                'for one tag write policy: {digest: {tag: …}}, to stay pinned ignore_changes=["tag", "digest", "image"]'
            )
        properties = {**dict.fromkeys((*CHOSEN, *OUTPUTS)), **inputs}
        super().__init__(PinnedFunctionProvider(), resource_name, properties, opts)

    @property
    def release(self) -> pulumi.Output[str]:
        """`host/namespace/name:tag@sha256:…`: what the policy chose, whatever tag the function runs it by."""
        return pulumi.Output.concat(self.repository, ":", self.tag, "@", self.digest)

    @classmethod
    def from_config(
        cls, resource_name: str, entry: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> Self:
        """One entry of the stack's `fcpin:functions`. What is missing or too much in it is reported by check.

        Where that configuration holds a secret, the runtime settings are kept secret as a whole.
        """
        if reserved := {"opts", "resource_name", "self"} & entry.keys():
            raise pulumi.RunError(f"{resource_name}: {', '.join(sorted(reserved))}: unknown key")
        required = {"function_name": resource_name, "repository": None, "policy": None}
        inputs = {**required, **entry}
        if "config" in inputs and is_config_secret("fcpin:functions"):
            inputs["config"] = pulumi.Output.secret(inputs["config"])
        return cls(resource_name, **inputs, opts=opts)


def _sealed(config: pulumi.Input[Mapping[str, Any]] | None) -> pulumi.Input[Mapping[str, Any]] | None:
    """*config*, secret as a whole where it holds a secret setting: the state keeps inputs as they are given."""

    def seal(known: Any) -> Any:
        return pulumi.Output.secret(known) if isinstance(known, Mapping) and SECRET & known.keys() else known

    return config.apply(seal) if isinstance(config, pulumi.Output) else seal(config)
