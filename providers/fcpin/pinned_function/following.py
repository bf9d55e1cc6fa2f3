"""`policy: {follow: {stack: dev}}`: what the other stack runs is read from its outputs and joins the policy."""

from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_root_resource

OUTPUT: Final = "images"
"""Of the other stack: `{resource name: host/namespace/name:tag@sha256:…}`, as this project's program exports it."""

_references: WeakKeyDictionary[pulumi.Resource, dict[str, pulumi.StackReference]] = WeakKeyDictionary()


def followed(policy: pulumi.Input[Mapping[str, Any]], resource_name: str) -> pulumi.Input[Mapping[str, Any]]:
    """*policy* with the image that the other stack runs; every other policy as it is, also one that check will refuse.

    An image that is not there is empty: check says so, with its property path.
    """
    follow = policy.get("follow") if isinstance(policy, Mapping) else None
    if not isinstance(policy, Mapping) or not isinstance(follow, Mapping) or "image" in follow:
        return policy
    stack, function = follow.get("stack"), follow.get("function", resource_name)
    if not isinstance(stack, str) or not stack:
        return policy

    def image(images: object) -> str:
        found = images.get(function) if isinstance(images, Mapping) else None
        return found if isinstance(found, str) else ""

    return {**policy, "follow": {**follow, "image": _reference(stack).get_output(OUTPUT).apply(image)}}


def _reference(stack: str) -> pulumi.StackReference:
    """One for each stack and run, whoever follows it."""
    root = get_root_resource()
    known = {} if root is None else _references.setdefault(root, {})
    name = stack if "/" in stack else f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
    if name not in known:
        known[name] = pulumi.StackReference(name)
    return known[name]
