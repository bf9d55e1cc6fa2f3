"""The RAM role of a function: given by its ARN, or made."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_alicloud as alicloud

from fcpin.container_function.scope import Scope

_TRUST: Final = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["fc.aliyuncs.com"]}},
        ],
    }
)


@dataclass(frozen=True, kw_only=True)
class RoleArgs:
    """A RAM role to be made, which Function Compute assumes for the function's code."""

    name: pulumi.Input[str] | None = None
    """Unique in the account, over all its regions; the function's name where it is not given."""
    policies: Sequence[str] = ()
    """System policies to attach, such as `AliyunOSSReadOnlyAccess`."""
    custom_policies: Sequence[pulumi.Input[str]] = ()
    """Policies of the account to attach, by name."""


@dataclass(frozen=True, slots=True)
class RoleInUse:
    """The role that the function gets."""

    arn: pulumi.Input[str] | None
    rights: Sequence[pulumi.Resource] = ()
    """To wait for: before them the role may do nothing."""


def role_for(scope: Scope, wanted: pulumi.Input[str] | RoleArgs | None) -> RoleInUse:
    """The given role, or the one that is made."""
    if not isinstance(wanted, RoleArgs):
        return RoleInUse(wanted)
    made = alicloud.ram.Role(
        scope.name,
        role_name=scope.function_name if wanted.name is None else wanted.name,
        assume_role_policy_document=_TRUST,
        description=pulumi.Output.concat("Of the function ", scope.function_name),
        tags=scope.tags,
        opts=scope.options(),
    )
    attached = [
        alicloud.ram.RolePolicyAttachment(
            f"{scope.name}-{policy if isinstance(policy, str) else number}",
            role_name=made.role_name,
            policy_name=policy,
            policy_type=kind,
            opts=scope.options(),
        )
        for kind, policies in (("System", wanted.policies), ("Custom", wanted.custom_policies))
        for number, policy in enumerate(policies)
    ]
    return RoleInUse(made.arn, attached)
