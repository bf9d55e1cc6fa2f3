"""ACR Enterprise Edition: tags with their digests and push times, as its own API tells them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fcpin.errors import RegistryError, RegistryProtocolError, RepositoryNotFound, TagNotFound
from fcpin.image import AcrHost, Digest, Manifest, Repository, TagRecord
from fcpin.registry.acr_api import AcrApi
from fcpin.registry.acr_listing import AT_ONCE, PAGE_SIZE, Page, every_tag, moment, record, total
from fcpin.registry.base import PushTarget, TaggingRegistry
from fcpin.registry.docker_config import Login
from fcpin.registry.single_flight import SingleFlight


@dataclass(frozen=True, slots=True)
class _Instance:
    """An instance in ListInstance's answer."""

    id: str
    specification: str


@dataclass(frozen=True, slots=True)
class _Found:
    """What GetRepository tells."""

    id: str
    is_immutable: bool | None


class AcrEnterprise:
    """Reads and tags the images of one Enterprise instance. Safe to share between threads.

    *images* makes the client that reads manifests from the instance's own registry; it is given a way to log in
    there. *instance_id* saves looking the instance up by the name in its host.
    """

    def __init__(
        self,
        acr: AcrHost,
        images: Callable[[Callable[[], Login]], TaggingRegistry],
        api: AcrApi,
        *,
        instance_id: str | None = None,
    ) -> None:
        self._acr = acr
        self._images = images(self.find_login)
        self._api = api
        self._given_instance_id = instance_id
        self._instances_found = SingleFlight[str, _Instance]()
        self._repositories_found = SingleFlight[str, _Found]()

    def list_tags(self, repository: Repository) -> Sequence[TagRecord]:
        """One request per 100 tags, four at once; once more from the start when tags were pushed meanwhile."""
        return every_tag(lambda number: self._page(repository, number), repository)

    def resolve(self, repository: Repository, tag: str) -> TagRecord:
        """One request, after the repository's id is known."""
        body = self._ask_tag("GetRepoTag", repository, tag)
        found = _record(body, repository, tag)
        if found.digest is None:
            raise RegistryProtocolError(f"{repository}:{tag}: ACR answered without a digest")
        return found

    def manifest(self, repository: Repository, digest: Digest) -> Manifest:
        """Asked of the registry itself: the API tells no platforms."""
        return self._images.manifest(repository, digest)

    def is_immutable(self, repository: Repository) -> bool | None:
        """`TagImmutability`. No request once the repository's id is known."""
        return self._repository(repository).is_immutable

    def created(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, datetime]:
        """One request a tag, four at once. A listing of ours has these times already."""
        with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="fcpin-acr") as pool:
            records = list(pool.map(lambda tag: self._present(repository, tag), dict.fromkeys(tags)))
        return {found.tag: found.created for found in records if found and found.created}

    def add_tag(self, repository: Repository, tag: str, digest: Digest, *, like: str) -> None:  # noqa: ARG002 - the seam's
        """Copied from *like* inside the registry."""
        namespace, _, name = repository.path.partition("/")
        self._ask(
            "CreateRepoTag",
            f"{repository}:{tag}",
            TagNotFound,
            NamespaceName=namespace,
            RepoName=name,
            FromTag=like,
            ToTag=tag,
        )

    def delete_tag(self, repository: Repository, tag: str) -> None:
        """One request."""
        with suppress(TagNotFound):
            self._ask_tag("DeleteRepoTag", repository, tag)

    def push_target(self) -> PushTarget:
        """That of the registry itself."""
        return self._images.push_target()

    def _present(self, repository: Repository, tag: str) -> TagRecord | None:
        try:
            return self.resolve(repository, tag)
        except TagNotFound:
            return None

    def find_login(self) -> Login:
        """A temporary login to the instance's registry, made by GetAuthorizationToken."""
        asked = f"login to {self._acr.public_host}"
        body = self._ask("GetAuthorizationToken", asked, RepositoryNotFound)
        if not body.temp_username or not body.authorization_token:
            raise RegistryProtocolError(f"{asked}: ACR answered without a user name and a token")
        return Login(
            "GetAuthorizationToken",
            str(body.temp_username),
            str(body.authorization_token),
            expires=moment(body.expire_time, asked),
        )

    def _page(self, repository: Repository, number: int) -> Page:
        body = self._ask(
            "ListRepoTag",
            str(repository),
            RepositoryNotFound,
            RepoId=self._repo_id(repository),
            PageNo=number,
            PageSize=PAGE_SIZE,
        )
        records = [_record(image, repository, image.tag) for image in body.images or []]
        return Page(total(body.total_count, repository), body.page_size or PAGE_SIZE, records)

    def _ask_tag(self, action: str, repository: Repository, tag: str) -> Any:
        return self._ask(action, f"{repository}:{tag}", TagNotFound, RepoId=self._repo_id(repository), Tag=tag)

    def _ask(self, action: str, asked: str, missing: type[RegistryError], **parameters: object) -> Any:
        return self._api.call(action, asked, missing, InstanceId=self._instance_id(), **parameters)

    def _instance_id(self) -> str:
        return self._given_instance_id or self._instance().id

    def specification(self) -> str:
        """`InstanceSpecification`. No request where the instance was looked up by its name anyway.

        Empty where the settings give the instance's id, and ListInstance fails: nothing else needs it then.
        """
        try:
            return self._instance().specification
        except RegistryError:
            if self._given_instance_id:
                return ""
            raise

    def _instance(self) -> _Instance:
        return self._instances_found.get("", self._find_instance)

    def _find_instance(self) -> _Instance:
        name = self._acr.instance_name
        for instance in self._instances(name):
            # The filter of ListInstance may be fuzzy.
            if instance.instance_name == name and instance.instance_id:
                return _Instance(str(instance.instance_id), str(instance.instance_specification or ""))
        raise RepositoryNotFound(
            f"{self._acr.public_host}: these credentials see no ACR Enterprise instance named {name!r} in "
            f"{self._acr.region}; check the name, or give instance_id in the stack's registries"
        )

    def _instances(self, name: str) -> Iterator[Any]:
        seen, number = 0, 1
        while True:
            body = self._api.call(
                "ListInstance", self._acr.public_host, RepositoryNotFound, InstanceName=name, PageNo=number, PageSize=30
            )
            instances = body.instances or []
            yield from instances
            seen, number = seen + len(instances), number + 1
            if not instances or seen >= (body.total_count or 0):
                return

    def _repo_id(self, repository: Repository) -> str:
        return self._repository(repository).id

    def _repository(self, repository: Repository) -> "_Found":
        return self._repositories_found.get(repository.path, lambda: self._find_repository(repository))

    def _find_repository(self, repository: Repository) -> "_Found":
        namespace, _, name = repository.path.partition("/")
        body = self._ask(
            "GetRepository", str(repository), RepositoryNotFound, RepoNamespaceName=namespace, RepoName=name
        )
        if not body.repo_id:
            raise RegistryProtocolError(f"{repository}: ACR answered without a RepoId")
        return _Found(str(body.repo_id), body.tag_immutability)


def _record(image: Any, repository: Repository, tag: object) -> TagRecord:
    return record(
        repository,
        tag,
        digest=image.digest,
        pushed=image.image_update,
        created=image.image_create,
        status=image.status,
    )
