"""ACR Personal Edition: push times and digests from its own API (cr, version 2016-06-07), the rest by the OCI API.

A repository that the API does not have is listed by the OCI API, without push times. Every other failure is an error:
it may be temporary, and the tags of one repository are never ordered in two ways.

Whether the API of 2016 has the registries of `crpi-` hosts is not documented, and it may have another repository of
the same name. So its listing is used only when the registry itself lists the same tags, and has the digest that the
API returns for the newest.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec
from msgspec import Struct

from fcpin.acr_hosts import AcrHost
from fcpin.errors import RegistryDenied, RegistryError, RegistryProtocolError, WrongShape
from fcpin.http.credentials import has_source
from fcpin.http.errors import CloudError
from fcpin.http.retries import repeating
from fcpin.image import Digest, Manifest, Repository, TagRecord
from fcpin.registry.acr_api import PAGE_SIZE, AcrOfRegion, Page, Time, every_tag, passing_error
from fcpin.registry.base import PushTarget, RegistryClient, RepositoryClient

_UNKNOWN: Final = re.compile(r"(?:USER|NAMESPACE|REPO|REPOSITORY)_NOT_EXIST")
"""The codes for what the API does not have. USER_NOT_EXIST: the account has no ACR Personal at all."""


class NoPushTimes(RegistryError):
    """The API has no such repository."""


class NoCredentials(NoPushTimes):
    """No credentials for Alibaba Cloud's APIs are configured on this machine."""


class PersonalTag(Struct, rename="camel"):
    tag: Any = None
    digest: str | None = None
    image_update: Time = None
    image_create: Time = None
    status: str | None = None


class PersonalTags(Struct, rename="camel"):
    """`data` of GetRepoTags: one page."""

    tags: list[PersonalTag]
    total: Any = None
    page_size: str | int | None = None


class _Data(Struct):
    data: PersonalTags


def _data(body: object) -> PersonalTags:
    try:
        return msgspec.convert(body, _Data).data
    except msgspec.ValidationError as error:
        raise WrongShape(f"expected a listing of tags; {error}") from None


class PersonalApi(AcrOfRegion):
    """The API of one region; see AcrOfRegion."""

    VERSION = "2016-06-07"

    def tags(self, repository: Repository, page: int, size: int) -> PersonalTags:
        """One page of GetRepoTags.

        Raises NoPushTimes when the API has no such repository, RegistryUnavailable for temporary failures,
        RegistryError for every other one.
        """
        return repeating(self._retry)(lambda: self._once(repository, {"Page": str(page), "PageSize": str(size)}))

    def _once(self, repository: Repository, query: Mapping[str, str]) -> PersonalTags:
        path = f"/repos/{quote(repository.path)}/tags"
        try:
            return self._api.call("cr", "GetRepoTags", "GET", path, _data, query=query)
        except CloudError as error:
            raise self._error(error, repository) from None
        except WrongShape as error:
            raise RegistryProtocolError(f"{repository}: GetRepoTags at {self._endpoint}: {error}") from None

    def _error(self, error: CloudError, repository: Repository) -> RegistryError:
        text = f"{repository}: GetRepoTags at {self._endpoint} returned {error}"
        if passing := passing_error(error, text):
            return passing
        if _UNKNOWN.fullmatch(error.code):
            return NoPushTimes(text)
        if error.is_without_credentials and self._credentials is None and not has_source():
            return NoCredentials(text)
        kind = RegistryDenied if error.is_denied or error.status in {401, 403} else RegistryError
        return kind(
            f"{text}; without push times tags would be ordered otherwise, so nothing is selected: check the "
            f"credentials, and that they are allowed cr:ListRepositoryTag, or set push_times: false for the host in "
            "the stack's registries"
        )


class AcrPersonal:
    """The client of Personal instances at one host. Safe to share between threads.

    *images* reads the host by the OCI API. *report* gets a line, once a listing, when there are no push times.
    """

    def __init__(self, acr: AcrHost, images: RegistryClient, api: PersonalApi, report: Callable[[str], None]) -> None:
        self._acr = acr
        self._images = images
        self._api = api
        self._report = report

    def open(self, name: Repository) -> "PersonalRepository":
        is_certain = not self._acr.instance_name
        return PersonalRepository(name, self._images.open(name), self._api, self._report, is_certain=is_certain)


class PersonalRepository:
    """One repository; see RepositoryClient. *is_certain*: whether the API is known to list this registry."""

    def __init__(
        self,
        name: Repository,
        images: RepositoryClient,
        api: PersonalApi,
        report: Callable[[str], None],
        *,
        is_certain: bool,
    ) -> None:
        self.name = name
        self._images = images
        self._api = api
        self._report = report
        self._is_certain = is_certain

    def list_tags(self) -> Sequence[TagRecord]:
        """One request per 100 tags, four at once; names alone, by the OCI API, for what ACR's API does not have."""
        try:
            tags = every_tag(self._page, self.name)
        except NoCredentials:
            return self._images.list_tags()
        except NoPushTimes as error:
            self._report(f"no push times are known: {error}")
            return self._images.list_tags()
        return tags if self._is_certain else self._checked(tags)

    def resolve(self, tag: str) -> TagRecord:
        return self._images.resolve(tag)

    def manifest(self, digest: Digest) -> Manifest:
        return self._images.manifest(digest)

    def created(self, tags: Sequence[str]) -> Mapping[str, datetime]:
        return self._images.created(tags)

    def is_immutable(self) -> bool | None:
        return self._images.is_immutable()

    def is_private(self) -> bool | None:
        return self._images.is_private()

    def specification(self) -> str:
        return ""

    def add_tag(self, tag: str, digest: Digest, *, like: str) -> None:
        self._images.add_tag(tag, digest, like=like)

    def delete_tag(self, tag: str) -> None:
        self._images.delete_tag(tag)

    def push_target(self) -> PushTarget:
        return self._images.push_target()

    def _page(self, number: int) -> Page:
        data = self._api.tags(self.name, number, PAGE_SIZE)
        return Page.read(self.name, data.total, data.page_size, data.tags)

    def _checked(self, tags: Sequence[TagRecord]) -> Sequence[TagRecord]:
        """*tags* if they are those of the registry, else what the registry lists."""
        listed = self._images.list_tags()
        if {record.tag for record in listed} == {record.tag for record in tags} and self._is_newest_same(tags):
            return tags
        self._report(f"no push times are known: {self.name}: ACR's API lists another repository of that name")
        return listed

    def _is_newest_same(self, tags: Sequence[TagRecord]) -> bool:
        timed = [record for record in tags if record.pushed is not None]
        newest = max(timed, key=lambda record: (record.pushed, record.tag), default=None)
        return newest is None or self._images.resolve(newest.tag).digest == newest.digest
