"""The calls of ACR Enterprise's API (cr, version 2018-12-01), the shapes of their responses, and their errors.

The API returns HTTP 200 for some failures, so `IsSuccess` is checked in every response.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

from msgspec import Meta, Struct

from fcpin.errors import (
    RegistryDenied,
    RegistryError,
    RegistryProtocolError,
    RepositoryNotFound,
    TagNotFound,
    WrongShape,
    one_line,
)
from fcpin.http.errors import CloudError
from fcpin.http.openapi import counted, json_of
from fcpin.http.retries import retrying
from fcpin.registry.acr_api import AcrOfRegion, passing_error, shaped

Required: TypeAlias = Annotated[str, Meta(min_length=1)]
Time: TypeAlias = str | int | None
"""Milliseconds since 1970."""

_ABSENT: Final = "NOT_EXIST"
_ABSENT_TAG: Final = ("TAG_", "REPO_TAG_", "IMAGE_", "ARTIFACT_")
_SHOWN: Final = 200


class _Envelope(Struct, rename="pascal"):
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


class AcrApi(AcrOfRegion):
    """The API of one region; see AcrOfRegion."""

    VERSION = "2018-12-01"

    def call(self, action: str, where: str, missing: type[RegistryError], **parameters: object) -> Any:
        """The response of a successful call, of the operation's shape; *parameters* as the API names them.

        Raises RegistryError, with *where* in its message; *missing* when the API has no such thing.
        """
        return retrying(lambda: self._once(action, where, missing, parameters), self._retry)

    def _once(self, action: str, where: str, missing: type[RegistryError], parameters: Mapping[str, object]) -> Any:
        operation = OPERATIONS[action]
        query = {name: str(value) for name, value in parameters.items()}
        try:
            with counted("cr", action):
                body = json_of(self._api.call(action, operation.method, "/", query=query))
                _require_success(shaped(body, _Envelope, operation.what), action)
                _require_same(body, operation, parameters)
                return shaped(body, operation.shape, operation.what)
        except CloudError as error:
            raise self._error(error, action, where, missing) from None
        except WrongShape as error:
            raise RegistryProtocolError(f"{where}: {action} at {self._endpoint}: {error}") from None

    def _error(self, error: CloudError, action: str, where: str, missing: type[RegistryError]) -> RegistryError:
        text = f"{where}: {action} at {self._endpoint} returned {error}"
        if passing := passing_error(error, text):
            return passing
        if error.is_denied or error.status in {401, 403}:
            return RegistryDenied(f"{text}; the credentials must be valid and allowed {OPERATIONS[action].rights}")
        if error.code.endswith(_ABSENT):
            return (TagNotFound if error.code.startswith(_ABSENT_TAG) else RepositoryNotFound)(text)
        # A page of a proxy is not an absence.
        return (missing if error.status == 404 and error.is_from_api else RegistryError)(text)


def _require_success(envelope: _Envelope, action: str) -> None:
    """Raises CloudError."""
    if not envelope.is_success:
        code, request_id = (one_line(text or "")[:_SHOWN] for text in (envelope.code, envelope.request_id))
        raise CloudError(code or "NoCode", 200, f"{action} did not succeed", request_id=request_id)


def _require_same(body: Any, operation: Operation, parameters: Mapping[str, object]) -> None:
    """Raises WrongShape for a response about another thing than the requested one."""
    for name in operation.same:
        found = body.get(name)
        if found and found != parameters[name]:
            raise WrongShape(f"expected {operation.what} with {name} {parameters[name]}, got {str(found)[:64]!r}")
