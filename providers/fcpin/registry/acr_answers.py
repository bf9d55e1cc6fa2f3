"""The answers of ACR's API (cr, version 2018-12-01), as far as they are read. Every reader raises WrongShape.

An answer about another thing than the one that was requested is of the wrong shape too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fcpin.errors import WrongShape
from fcpin.json_reader import JsonFields

_MAX_PAGE: Final = 10_000
_MAX_INSTANCES: Final = 100_000
_MAX_MILLISECONDS: Final = 10**15


@dataclass(frozen=True, slots=True)
class Instance:
    """One object of ListInstance."""

    instance_id: str
    instance_name: str
    instance_specification: str
    """`Enterprise_Basic`, …; empty where the API gives none."""


@dataclass(frozen=True, slots=True)
class Instances:
    """A page of ListInstance."""

    total_count: int
    instances: Sequence[Instance]


@dataclass(frozen=True, slots=True)
class FoundRepository:
    """GetRepository."""

    repo_id: str
    repo_type: str
    """PUBLIC or PRIVATE; empty where the API gives none."""
    tag_immutability: bool | None


@dataclass(frozen=True, slots=True)
class TagImage:
    """GetRepoTag, or one object of ListRepoTag. Times are in milliseconds since 1970, as numbers or text."""

    tag: object
    digest: str
    image_update: str | int | None
    image_create: str | int | None
    status: str


@dataclass(frozen=True, slots=True)
class Tags:
    """A page of ListRepoTag."""

    total_count: object
    page_size: int | None
    images: Sequence[TagImage]


@dataclass(frozen=True, slots=True)
class AuthorizationToken:
    """GetAuthorizationToken."""

    temp_username: str
    authorization_token: str
    expire_time: int | None
    """In milliseconds since 1970."""


def _instances(answer: JsonFields) -> Instances:
    found = answer.objects("Instances", "an instance")
    total = answer.count("TotalCount", limit=_MAX_INSTANCES, required=True)
    return Instances(
        total or 0,
        [
            Instance(one.text("InstanceId", required=True), one.text("InstanceName"), one.text("InstanceSpecification"))
            for one in found
        ],
    )


def _repository(answer: JsonFields) -> FoundRepository:
    return FoundRepository(
        answer.text("RepoId", required=True), answer.text("RepoType"), answer.flag("TagImmutability")
    )


def _tags(answer: JsonFields) -> Tags:
    images = [_image(one) for one in answer.objects("Images", "a tag")]
    return Tags(answer.wire.get("TotalCount"), answer.count("PageSize", limit=_MAX_PAGE), images)


def _image(image: JsonFields) -> TagImage:
    return TagImage(
        tag=image.wire.get("Tag"),
        digest=image.text("Digest"),
        image_update=image.text_or_number("ImageUpdate"),
        image_create=image.text_or_number("ImageCreate"),
        status=image.text("Status"),
    )


def _token(answer: JsonFields) -> AuthorizationToken:
    return AuthorizationToken(
        answer.text("TempUsername", required=True),
        answer.text("AuthorizationToken", required=True),
        answer.count("ExpireTime", limit=_MAX_MILLISECONDS),
    )


def _nothing(answer: JsonFields) -> None:
    """IsSuccess is all of it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """How the answer of one operation is read."""

    what: str
    """What it is, in words."""
    read: Callable[[JsonFields], Any]
    same: tuple[str, ...] = ()
    """Parameters that the answer repeats: of another value, it is about another thing."""

    def result(self, answer: JsonFields, parameters: Mapping[str, object]) -> Any:
        """Raises WrongShape."""
        for name in self.same:
            found = answer.text(name)
            if found and found != parameters[name]:
                raise WrongShape(f"expected {self.what} with {name} {parameters[name]}, got {found[:64]!r}")
        return self.read(answer)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "ListInstance": Operation("a listing of instances", _instances),
    "GetRepository": Operation("a repository", _repository, ("RepoNamespaceName", "RepoName")),
    "ListRepoTag": Operation("a listing of tags", _tags),
    "GetRepoTag": Operation("a tag", _image, ("Tag",)),
    "CreateRepoTag": Operation("an answer with IsSuccess", _nothing),
    "DeleteRepoTag": Operation("an answer with IsSuccess", _nothing),
    "GetAuthorizationToken": Operation("a login", _token),
}
