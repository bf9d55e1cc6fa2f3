"""The operations of ACR Enterprise's API (cr, version 2018-12-01) that are called: shapes of responses, and rights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

from msgspec import Meta, Struct

from fcpin.registry.acr_api import Time

Required: TypeAlias = Annotated[str, Meta(min_length=1)]


class Envelope(Struct, rename="pascal"):
    is_success: bool
    code: str | None = None
    request_id: str | None = None


class Instance(Struct, rename="pascal"):
    """One object of ListInstance."""

    instance_id: Required
    instance_name: str | None = None
    instance_specification: str | None = None
    """`Enterprise_Basic`, …"""


class Instances(Struct, rename="pascal"):
    """A page of ListInstance."""

    total_count: str | int
    instances: list[Instance]


class FoundRepository(Struct, rename="pascal"):
    """GetRepository."""

    repo_id: Required
    repo_type: str | None = None
    """PUBLIC or PRIVATE."""
    tag_immutability: bool | None = None


class TagImage(Struct, rename="pascal"):
    """GetRepoTag, or one object of ListRepoTag."""

    tag: Any = None
    digest: str | None = None
    image_update: Time = None
    image_create: Time = None
    status: str | None = None


class Tags(Struct, rename="pascal"):
    """A page of ListRepoTag."""

    images: list[TagImage]
    total_count: Any = None
    page_size: str | int | None = None


class AuthorizationToken(Struct, rename="pascal"):
    """GetAuthorizationToken."""

    temp_username: Required
    authorization_token: Required
    expire_time: Time = None


class Nothing(Struct):
    """A response whose IsSuccess is all of it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API."""

    what: str
    """What its response is, for messages."""
    shape: type[Struct]
    rights: str
    """The RAM actions that it needs."""
    same: tuple[str, ...] = ()
    """Parameters that the response repeats: with another value, it is about another thing."""
    method: str = "POST"


OPERATIONS: Final[Mapping[str, Operation]] = {
    "ListInstance": Operation("a listing of instances", Instances, "cr:ListInstance"),
    "GetRepository": Operation(
        "a repository", FoundRepository, "cr:GetRepository", same=("RepoNamespaceName", "RepoName")
    ),
    "ListRepoTag": Operation("a listing of tags", Tags, "cr:ListRepositoryTag"),
    "GetRepoTag": Operation(
        "a tag",
        TagImage,
        "cr:GetRepositoryTag, cr:ListRepositoryTag and cr:GetRepoTag (ACR's documents differ), on "
        "repository/<instance id> as well",
        same=("Tag",),
        method="GET",  # as the SDK sends it
    ),
    "CreateRepoTag": Operation("a response with IsSuccess", Nothing, "cr:CreateRepoTag"),
    "DeleteRepoTag": Operation("a response with IsSuccess", Nothing, "cr:DeleteRepositoryTag"),
    "GetAuthorizationToken": Operation("a login", AuthorizationToken, "cr:GetAuthorizationToken"),
}
