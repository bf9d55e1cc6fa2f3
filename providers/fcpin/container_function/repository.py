"""The repository of a function's images: given by host and path, or made in ACR Enterprise."""

from dataclasses import dataclass

import pulumi
import pulumi_alicloud as alicloud

from fcpin.container_function.scope import Scope


@dataclass(frozen=True, kw_only=True)
class RepositoryArgs:
    """A private repository to be made in an instance of ACR Enterprise that exists.

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


def repository_for(scope: Scope, wanted: pulumi.Input[str] | RepositoryArgs) -> pulumi.Input[str]:
    """`host/namespace/name`. Of a repository that is not there yet it is unknown: there is nothing to choose from."""
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
