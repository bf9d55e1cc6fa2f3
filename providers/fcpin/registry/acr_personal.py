"""ACR Personal Edition: push times and digests from its own API, everything else by the OCI API.

A repository that the API does not know is listed by the OCI API, without push times. Any other refusal is an error: it
may pass, and the tags of one repository are never ordered in two ways.

Whether the API of 2016 knows the registries of `crpi-` hosts is not documented, and it may know another repository of
the same name. So what it lists of one is taken only when the registry itself lists the same tags, and has the digest
that the API tells of the newest.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from fcpin.image import AcrHost, Digest, Manifest, Repository, TagRecord
from fcpin.registry.acr_listing import PAGE_SIZE, Page, every_tag, page_size, record, total
from fcpin.registry.acr_personal_api import NobodyToAskAs, NoPushTimes, PersonalApi
from fcpin.registry.base import PushTarget, TaggingRegistry


class AcrPersonal:
    """Reads and tags the images of Personal instances at one host. Safe to share between threads.

    *images* asks the host by the OCI API. *tell* is told, once a listing, when there are no push times.
    """

    def __init__(self, acr: AcrHost, images: TaggingRegistry, api: PersonalApi, tell: Callable[[str], None]) -> None:
        self._acr = acr
        self._images = images
        self._api = api
        self._tell = tell

    def list_tags(self, repository: Repository) -> Sequence[TagRecord]:
        """One request per 100 tags, four at once; names alone, by the OCI API, for what ACR's API does not know."""
        try:
            tags = every_tag(lambda number: self._page(repository, number), repository)
        except NobodyToAskAs:
            return self._images.list_tags(repository)
        except NoPushTimes as error:
            self._tell(f"no push times are known: {error}")
            return self._images.list_tags(repository)
        return tags if not self._acr.instance_name else self._checked(repository, tags)

    def resolve(self, repository: Repository, tag: str) -> TagRecord:
        return self._images.resolve(repository, tag)

    def manifest(self, repository: Repository, digest: Digest) -> Manifest:
        return self._images.manifest(repository, digest)

    def created(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, datetime]:
        return self._images.created(repository, tags)

    def is_immutable(self, repository: Repository) -> bool | None:
        return self._images.is_immutable(repository)

    def add_tag(self, repository: Repository, tag: str, digest: Digest, *, like: str) -> None:
        self._images.add_tag(repository, tag, digest, like=like)

    def delete_tag(self, repository: Repository, tag: str) -> None:
        self._images.delete_tag(repository, tag)

    def is_private(self, repository: Repository) -> bool | None:
        return self._images.is_private(repository)

    def push_target(self, repository: Repository) -> PushTarget:
        """That of the registry itself."""
        return self._images.push_target(repository)

    def _page(self, repository: Repository, number: int) -> Page:
        data = self._api.tags(repository, number, PAGE_SIZE)
        tags: Sequence[Mapping[str, Any]] = data.get("tags") or ()
        records = [
            record(
                repository,
                tag.get("tag"),
                digest=tag.get("digest"),
                pushed=tag.get("imageUpdate"),
                created=tag.get("imageCreate"),
                status=tag.get("status"),
            )
            for tag in tags
        ]
        return Page(total(data.get("total"), repository), page_size(data.get("pageSize"), repository), records)

    def _checked(self, repository: Repository, tags: Sequence[TagRecord]) -> Sequence[TagRecord]:
        """*tags* if they are those of the registry, else what the registry lists."""
        listed = self._images.list_tags(repository)
        if {record.tag for record in listed} == {record.tag for record in tags} and self._is_registry_s(
            repository, tags
        ):
            return tags
        self._tell(f"no push times are known: {repository}: ACR's API lists another repository of that name")
        return listed

    def _is_registry_s(self, repository: Repository, tags: Sequence[TagRecord]) -> bool:
        timed = [record for record in tags if record.pushed is not None]
        newest = max(timed, key=lambda record: (record.pushed, record.tag), default=None)
        return newest is None or self._images.resolve(repository, newest.tag).digest == newest.digest
