"""ACR Enterprise Edition: tags with their digests and push times, from its own API."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fcpin.acr_hosts import AcrHost
from fcpin.errors import RegistryError, RegistryProtocolError, RepositoryNotFound, TagNotFound
from fcpin.image import Digest, Manifest, Repository, TagRecord
from fcpin.registry.acr_api import AT_ONCE, PAGE_SIZE, Page, every_tag, moment, page_size, record, total
from fcpin.registry.acr_enterprise_api import AcrApi, FoundRepository, Instance, Instances, TagImage
from fcpin.registry.base import PushTarget, RegistryClient, RepositoryClient
from fcpin.registry.logins import Login
from fcpin.single_flight import Once

_INSTANCE_PAGES: Final = 100


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
        self._given_id = instance_id
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
        return self._given_id or self._instance().instance_id

    def specification(self) -> str:
        """`InstanceSpecification`. No request where the instance was looked up by its name anyway.

        Empty where the settings give the instance's id, and ListInstance fails: nothing else needs it then.
        """
        try:
            return self._instance().instance_specification or ""
        except RegistryError:
            if self._given_id:
                return ""
            raise

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
            count = total(page.total_count, where)
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
        self._instance = instance
        self._api = api
        self._images = images
        self._found = Once(self._find)

    def list_tags(self) -> Sequence[TagRecord]:
        """One request per 100 tags, four at once; once more from the start when tags were pushed meanwhile."""
        return every_tag(self._page, self.name)

    def resolve(self, tag: str) -> TagRecord:
        """One request, after the repository's id is known."""
        found = self._record(self._call_tag("GetRepoTag", tag), tag)
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
        self._api.call("CreateRepoTag", f"{self.name}:{tag}", TagNotFound, **target)

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
        body = self._api.call("ListRepoTag", str(self.name), RepositoryNotFound, **query)
        records = [self._record(image, image.tag) for image in body.images]
        return Page(total(body.total_count, self.name), page_size(body.page_size, self.name), records)

    def _call_tag(self, action: str, tag: str) -> Any:
        return self._api.call(action, f"{self.name}:{tag}", TagNotFound, **self._found().ids, Tag=tag)

    def _find(self) -> _Found:
        namespace, _, name = self.name.path.partition("/")
        instance = self._instance.instance_id()
        query = {"InstanceId": instance, "RepoNamespaceName": namespace, "RepoName": name}
        found: FoundRepository = self._api.call("GetRepository", str(self.name), RepositoryNotFound, **query)
        return _Found({"InstanceId": instance, "RepoId": found.repo_id}, found)

    def _record(self, image: TagImage, tag: object) -> TagRecord:
        return record(
            self.name,
            tag,
            digest=image.digest,
            pushed=image.image_update,
            created=image.image_create,
            status=image.status,
        )
