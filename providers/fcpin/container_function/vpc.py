"""The VPC that a function reaches into, with a security group that is given or made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pulumi
import pulumi_alicloud as alicloud

from fcpin.container_function.scope import Scope

VpcConfig: TypeAlias = pulumi.Input[Mapping[str, Any]]
"""`vpc_config` of pulumi-alicloud's V3Function: `vpc_id`, `vswitch_ids`, `security_group_id`."""


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    """A VPC that exists, and a security group to be made in it: nobody may reach in, the function may reach out."""

    vpc_id: pulumi.Input[str]
    vswitch_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    security_group_name: pulumi.Input[str] | None = None
    """The function's name where it is not given."""


def vpc_for(scope: Scope, wanted: VpcConfig | VpcArgs | None) -> VpcConfig | None:
    """What the function is to be told of its VPC."""
    if not isinstance(wanted, VpcArgs):
        return wanted
    group = alicloud.ecs.SecurityGroup(
        scope.name,
        vpc_id=wanted.vpc_id,
        security_group_name=scope.function_name if wanted.security_group_name is None else wanted.security_group_name,
        description=pulumi.Output.concat("Of the function ", scope.function_name),
        tags=scope.tags,
        opts=scope.options(),
    )
    return {"vpc_id": wanted.vpc_id, "vswitch_ids": wanted.vswitch_ids, "security_group_id": group.id}
