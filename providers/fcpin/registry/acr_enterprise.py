"""ACR Enterprise Edition: tags with their digests and push times, from its own API (cr, version 2018-12-01).

The API returns HTTP 200 for some failures, so `IsSuccess` is checked in every response.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import msgspec
from msgspec import Struct

from fcpin.acr_hosts import AcrHost
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
from fcpin.http.retries import Repeat, repeating
from fcpin.image import Digest, Manifest, Repository, TagRecord
from fcpin.registry.acr_api import (
    AT_ONCE,
    PAGE_SIZE,
    AcrOfRegion,
    Page,
    entries,
    every_tag,
    moment,
    passing_error,
    record,
)
from fcpin.registry.acr_operations import OPERATIONS, Envelope, FoundRepository, Instance, Instances, Operation
from fcpin.registry.auth import Login
from fcpin.registry.base import PushTarget, RegistryClient, RepositoryClient
from fcpin.single_flight import Once

_INSTANCE_PAGES: Final = 100
_ABSENT: Final = "NOT_EXIST"
_ABSENT_TAG: Final = ("TAG_", "REPO_TAG_", "IMAGE_", "ARTIFACT_")
_SHOWN: Final = 200


class AcrApi(AcrOfRegion):
    """The API of one region; see AcrOfRegion."""

    VERSION = "2018-12-01"

    def call(self, action: str, where: str, missing: type[RegistryError], **parameters: object) -> Any:
        """The response of a successful call, of the operation's shape; *parameters* as the API names them.

        Raises RegistryError, with *where* in its message; *missing* when the API has no such thing.
        """
        return self._repeat(lambda: self._once(action, where, missing, parameters))

    @cached_property
    def _repeat(self) -> Repeat:
        return repeating(self._retry)

    def _once(self, action: str, where: str, missing: type[RegistryError], parameters: Mapping[str, object]) -> Any:
        operation = OPERATIONS[action]

        def read(body: object) -> Struct:
            try:
                _require_success(msgspec.convert(body, Envelope), action)
                _require_same(body, operation, parameters)
                return msgspec.convert(body, operation.shape)
            except msgspec.ValidationError as error:
                raise WrongShape(f"expected {operation.what}; {error}") from None

        query = {name: str(value) for name, value in parameters.items()}
        try:
            return self._api.call("cr", action, operation.method, "/", read, query=query)
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


def _require_success(envelope: Envelope, action: str) -> None:
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


class InstanceNotFound(RepositoryNotFound):
    """The account has no instance of that name."""


class AcrEnterprise:
    """The client of one Enterprise instance. Safe to share between threads.

    *images* makes the client that reads manifests from the instance's own registry, given a way to find a login for
    it. *instance_id* saves looking the instance up by the name in its host.
    """

    def __init__(
        self,
        acr: AcrHost,
        images: Callable[[Callable[[], Login]], RegistryClient],
        api: AcrApi,
        *,
        instance_id: str | None = None,
    ) -> None:
        self._acr = acr
        self._images = images(self.find_login)
        self._api = api
        self._id = instance_id
        self._has_given_id = instance_id is not None
        self._specification: str | None = None
        self._instance = Once(self._find_instance)

    def open(self, name: Repository) -> "EnterpriseRepository":
        return EnterpriseRepository(self, self._api, name, self._images.open(name))

    def find_login(self) -> Login:
        """A temporary login to the instance's registry, from GetAuthorizationToken."""
        where = f"login to {self._acr.public_host}"
        token = self._api.call("GetAuthorizationToken", where, RepositoryNotFound, InstanceId=self.instance_id())
        return Login(
            "GetAuthorizationToken",
            token.temp_username,
            token.authorization_token,
            expires=moment(token.expire_time),
        )

    def instance_id(self) -> str:
        """Raises InstanceNotFound where these credentials see no instance of that name."""
        if not self._id:
            self._id = self._instance().instance_id
        return self._id

    def specification(self) -> str:
        """`InstanceSpecification`. No request where the instance was looked up by its name anyway.

        Empty where the settings give the instance's id, and ListInstance fails: nothing else needs it then.
        """
        if self._specification is None:
            try:
                self._specification = self._instance().instance_specification or ""
            except RegistryError:
                if self._has_given_id:
                    return ""
                raise
        return self._specification

    def _find_instance(self) -> Instance:
        name = self._acr.instance_name
        for instance in self._instances(name):
            # The filter of ListInstance may be fuzzy.
            if instance.instance_name == name:
                return instance
        raise InstanceNotFound(
            f"{self._acr.public_host}: these credentials see no ACR Enterprise instance named {name!r} in "
            f"{self._acr.region}; check the name, or give instance_id in the stack's registries; for an instance of "
            "another account give username and password"
        )

    def _instances(self, name: str) -> Iterator[Instance]:
        """Every instance once. Raises RegistryProtocolError for pages that repeat or end before their total."""
        where, seen, number = self._acr.public_host, set[str](), 1
        while True:
            page: Instances = self._api.call(
                "ListInstance", where, RepositoryNotFound, InstanceName=name, PageNo=number, PageSize=30
            )
            count = entries(page.total_count, where)
            new = {instance.instance_id for instance in page.instances} - seen
            if len(new) < len(page.instances) or (not new and len(seen) < count):
                raise RegistryProtocolError(
                    f"{where}: ListInstance: expected {count:,} instances, got {len(seen | new):,} and then "
                    f"{'one of them again' if page.instances else 'an empty page'}"
                )
            yield from page.instances
            seen, number = seen | new, number + 1
            if len(seen) >= count:
                return
            if number > _INSTANCE_PAGES:
                raise RegistryProtocolError(f"{where}: ListInstance does not end; give instance_id")


@dataclass(frozen=True, slots=True)
class _Found:
    ids: Mapping[str, object]
    """The parameters that name the repository in calls."""
    repository: FoundRepository


class EnterpriseRepository:
    """One repository of an instance; see RepositoryClient. *images* is the same by the OCI API."""

    def __init__(self, instance: AcrEnterprise, api: AcrApi, name: Repository, images: RepositoryClient) -> None:
        self.name = name
        self._where = str(name)
        self._instance = instance
        self._api = api
        self._images = images
        self._lock = threading.Lock()
        self._known: _Found | None = None

    def list_tags(self) -> Sequence[TagRecord]:
        """One request per 100 tags, four at once; once more from the start when tags were pushed meanwhile."""
        return every_tag(self._page, self.name)

    def resolve(self, tag: str) -> TagRecord:
        """One request, after the repository's id is known."""
        found = record(self.name, tag, self._call_tag("GetRepoTag", tag))
        if found.digest is None:
            raise RegistryProtocolError(f"{self.name}:{tag}: ACR returned no digest")
        return found

    def manifest(self, digest: Digest) -> Manifest:
        """From the registry itself: the API has no platforms."""
        return self._images.manifest(digest)

    def is_immutable(self) -> bool | None:
        """`TagImmutability`. No request once the repository's id is known."""
        return self._found().repository.tag_immutability

    def is_private(self) -> bool | None:
        """`RepoType`. No request once the repository's id is known."""
        found = self._found().repository.repo_type
        return found == "PRIVATE" if found else None

    def specification(self) -> str:
        return self._instance.specification()

    def created(self, tags: Sequence[str]) -> Mapping[str, datetime]:
        """One request a tag, four at once. A listing has these times already."""
        with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="fcpin-acr") as pool:
            records = list(pool.map(self._resolve_present, dict.fromkeys(tags)))
        return {found.tag: found.created for found in records if found and found.created}

    def add_tag(self, tag: str, digest: Digest, *, like: str) -> None:  # noqa: ARG002 - of the interface
        """Copied from *like* inside the registry."""
        namespace, _, name = self.name.path.partition("/")
        instance = self._instance.instance_id()
        target = {"InstanceId": instance, "NamespaceName": namespace, "RepoName": name, "FromTag": like, "ToTag": tag}
        self._api.call("CreateRepoTag", f"{self._where}:{tag}", TagNotFound, **target)

    def delete_tag(self, tag: str) -> None:
        with suppress(TagNotFound):
            self._call_tag("DeleteRepoTag", tag)

    def push_target(self) -> PushTarget:
        return self._images.push_target()

    def _resolve_present(self, tag: str) -> TagRecord | None:
        try:
            return self.resolve(tag)
        except TagNotFound:
            return None

    def _page(self, number: int) -> Page:
        query = {**self._found().ids, "PageNo": number, "PageSize": PAGE_SIZE}
        body = self._api.call("ListRepoTag", self._where, RepositoryNotFound, **query)
        return Page.read(self.name, body.total_count, body.page_size, body.images)

    def _call_tag(self, action: str, tag: str) -> Any:
        return self._api.call(action, f"{self._where}:{tag}", TagNotFound, **self._found().ids, Tag=tag)

    def _found(self) -> _Found:
        """Looked up once."""
        with self._lock:
            if self._known is None:
                self._known = self._find()
            return self._known

    def _find(self) -> _Found:
        namespace, _, name = self.name.path.partition("/")
        instance = self._instance.instance_id()
        query = {"InstanceId": instance, "RepoNamespaceName": namespace, "RepoName": name}
        found: FoundRepository = self._api.call("GetRepository", self._where, RepositoryNotFound, **query)
        return _Found({"InstanceId": instance, "RepoId": found.repo_id}, found)
