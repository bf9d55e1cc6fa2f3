"""The parts of a ContainerFunction. Each is given, if it exists already, or created: as its `…Args` describes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import pulumi
import pulumi_alicloud as alicloud

LogConfig: TypeAlias = pulumi.Input[Mapping[str, Any]]
"""`log_config` of pulumi-alicloud's V3Function, which names a project and a store that exist."""

VpcConfig: TypeAlias = pulumi.Input[Mapping[str, Any]]
"""`vpc_config` of pulumi-alicloud's V3Function: `vpc_id`, `vswitch_ids`, `security_group_id`."""

_TRUST: Final = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["fc.aliyuncs.com"]}},
        ],
    }
)


@dataclass(frozen=True, kw_only=True)
class RepositoryArgs:
    """A private repository to create in an instance of ACR Enterprise that exists.

    The resources of ACR Personal are deprecated in pulumi-alicloud: such a repository can only be given.
    """

    instance_id: pulumi.Input[str]
    """`cri-…`"""
    host: pulumi.Input[str]
    """As FC is to pull: `<instance>-registry-vpc.<region>.cr.aliyuncs.com`."""
    namespace: pulumi.Input[str]
    name: pulumi.Input[str]
    create_namespace: bool = True
    tag_immutability: pulumi.Input[bool] = True
    """On, no tag can be moved, and a moved tag is an outage. Off is for policies that follow a moving tag."""
    summary: pulumi.Input[str] = "Images of a function"


@dataclass(frozen=True, kw_only=True)
class RoleArgs:
    """A RAM role to create, which Function Compute assumes for the function's code."""

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
    """The function is created after them: before, the role has no rights."""


@dataclass(frozen=True, kw_only=True)
class LogArgs:
    """A log store to create, with an index over the text, in a project that is created or exists."""

    project: pulumi.Input[str]
    """Its name; that of a new one must be free in the whole region."""
    create_project: bool = True
    logstore: pulumi.Input[str] | None = None
    """The function's name where it is not given."""
    retention_days: pulumi.Input[int] = 30
    enable_request_metrics: pulumi.Input[bool] = True
    enable_instance_metrics: pulumi.Input[bool] = True


@dataclass(frozen=True, slots=True)
class LogInUse:
    """Where the function is to log."""

    config: LogConfig | None
    ready: Sequence[pulumi.Resource] = ()
    """The function is created after them: before, its logs cannot be searched."""


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    """A VPC that exists, and a security group to create in it: inbound traffic is closed."""

    vpc_id: pulumi.Input[str]
    vswitch_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    security_group_name: pulumi.Input[str] | None = None
    """The function's name where it is not given."""


@dataclass(frozen=True, kw_only=True)
class TriggerArgs:
    """One trigger; its name is the key that it stands under."""

    type: pulumi.Input[str]
    """`http`, `timer`, `oss`, `log`, `mns_topic`, `eventbridge`, `tablestore`, `cdn_events`"""
    config: Mapping[str, Any] | None = None
    """FC's `triggerConfig` of that type, with FC's names: `{"authType": "anonymous", "methods": ["GET"]}`."""
    qualifier: pulumi.Input[str] = "LATEST"
    """The version or alias that is called. A published version keeps its image: it is not pinned here."""
    description: pulumi.Input[str] | None = None
    source_arn: pulumi.Input[str] | None = None
    """Of the source of events, where there is one."""
    invocation_role: pulumi.Input[str] | None = None
    """ARN of the role that the source of events calls with."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What every part of one ContainerFunction needs."""

    name: str
    """Of the component; those of its parts begin with it."""
    function_name: pulumi.Input[str]
    tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None
    """For each part that can have tags."""
    parent: pulumi.Resource

    def options(self, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        """Options of a part; provider, protection and the like are inherited from the component."""
        return pulumi.ResourceOptions(parent=self.parent, depends_on=list(depends_on))


def repository_for(scope: Scope, wanted: pulumi.Input[str] | RepositoryArgs) -> pulumi.Input[str]:
    """`host/namespace/name`. Unknown in the preview that creates the repository."""
    if not isinstance(wanted, RepositoryArgs):
        return wanted
    namespace = wanted.namespace
    if wanted.create_namespace:
        made = alicloud.cs.RegistryEnterpriseNamespace(
            scope.name,
            instance_id=wanted.instance_id,
            name=namespace,
            auto_create=False,
            default_visibility="PRIVATE",
            opts=scope.options(),
        )
        namespace = made.name
    repo = alicloud.cs.RegistryEnterpriseRepo(
        scope.name,
        instance_id=wanted.instance_id,
        namespace=namespace,
        name=wanted.name,
        repo_type="PRIVATE",
        summary=wanted.summary,
        tag_immutability=wanted.tag_immutability,
        opts=scope.options(),
    )
    parts = pulumi.Output.all(repo.id, wanted.host, wanted.namespace, wanted.name)
    return parts.apply(lambda known: "/".join(map(str, known[1:])))


def role_for(scope: Scope, wanted: pulumi.Input[str] | RoleArgs | None) -> RoleInUse:
    """The given role, or a new one."""
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


def log_for(scope: Scope, wanted: LogConfig | LogArgs | None) -> LogInUse:
    """The given log store, or a new one."""
    if not isinstance(wanted, LogArgs):
        return LogInUse(wanted)
    project = wanted.project
    if wanted.create_project:
        made = alicloud.log.Project(scope.name, project_name=project, tags=scope.tags, opts=scope.options())
        project = made.project_name
    store = alicloud.log.Store(
        scope.name,
        project_name=project,
        logstore_name=scope.function_name if wanted.logstore is None else wanted.logstore,
        retention_period=wanted.retention_days,
        opts=scope.options(),
    )
    index = alicloud.log.StoreIndex(
        scope.name,
        project=project,
        logstore=store.logstore_name,
        full_text={"case_sensitive": False, "token": ", '\";=()[]{}?@&<>/:\n\t\r"},
        opts=scope.options(),
    )
    config = {
        "project": project,
        "logstore": store.logstore_name,
        "enable_request_metrics": wanted.enable_request_metrics,
        "enable_instance_metrics": wanted.enable_instance_metrics,
    }
    return LogInUse(config, (index,))


def vpc_for(scope: Scope, wanted: VpcConfig | VpcArgs | None) -> VpcConfig | None:
    """The `vpc_config` of the function."""
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


def trigger_for(scope: Scope, name: str, wanted: TriggerArgs, after: pulumi.Resource) -> alicloud.fc.V3Trigger:
    """Nothing is invoked before *after* exists."""
    return alicloud.fc.V3Trigger(
        f"{scope.name}-{name}",
        function_name=scope.function_name,
        trigger_name=name,
        trigger_type=wanted.type,
        trigger_config=None if wanted.config is None else pulumi.Output.json_dumps(wanted.config),
        qualifier=wanted.qualifier,
        description=wanted.description,
        source_arn=wanted.source_arn,
        invocation_role=wanted.invocation_role,
        opts=scope.options([after]),
    )
