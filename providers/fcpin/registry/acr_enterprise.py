"""ACR Enterprise Edition: tags with their digests and push times, as its own API tells them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fcpin.errors import RegistryError, RegistryProtocolError, RepositoryNotFound, TagNotFound
from fcpin.image import AcrHost, Digest, Manifest, Repository, TagRecord
from fcpin.registry.acr_answers import Instance, Instances, TagImage
from fcpin.registry.acr_api import AcrApi
from fcpin.registry.acr_listing import AT_ONCE, PAGE_SIZE, Page, every_tag, moment, page_size, record, total
from fcpin.registry.base import PushTarget, TaggingRegistry
from fcpin.registry.docker_config import Login
from fcpin.single_flight import SingleFlight


class InstanceNotSeen(RepositoryNotFound):
    """The account has no instance of that name."""


_INSTANCE_PAGES: Final = 100


@dataclass(frozen=True, slots=True)
class _Found:
    """What GetRepository tells."""

    id: str
    is_immutable: bool | None
    is_private: bool | None


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
        self._instances_found = SingleFlight[str, Instance]()
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

    def is_private(self, repository: Repository) -> bool | None:
        """`RepoType`. No request once the repository's id is known."""
        return self._repository(repository).is_private

    def push_target(self, repository: Repository) -> PushTarget:
        """That of the registry itself."""
        return self._images.push_target(repository)

    def _present(self, repository: Repository, tag: str) -> TagRecord | None:
        try:
            return self.resolve(repository, tag)
        except TagNotFound:
            return None

    def find_login(self) -> Login:
        """A temporary login to the instance's registry, made by GetAuthorizationToken."""
        asked = f"login to {self._acr.public_host}"
        body = self._ask("GetAuthorizationToken", asked, RepositoryNotFound)
        return Login(
            "GetAuthorizationToken",
            body.temp_username,
            body.authorization_token,
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
        records = [_record(image, repository, image.tag) for image in body.images]
        return Page(total(body.total_count, repository), page_size(body.page_size, repository), records)

    def _ask_tag(self, action: str, repository: Repository, tag: str) -> Any:
        return self._ask(action, f"{repository}:{tag}", TagNotFound, RepoId=self._repo_id(repository), Tag=tag)

    def _ask(self, action: str, asked: str, missing: type[RegistryError], **parameters: object) -> Any:
        return self._api.call(action, asked, missing, InstanceId=self._instance_id(), **parameters)

    def find_instance(self) -> str:
        """The instance's id. Raises InstanceNotSeen where these credentials see no instance of that name."""
        return self._instance_id()

    def _instance_id(self) -> str:
        return self._given_instance_id or self._instance().instance_id

    def specification(self) -> str:
        """`InstanceSpecification`. No request where the instance was looked up by its name anyway.

        Empty where the settings give the instance's id, and ListInstance fails: nothing else needs it then.
        """
        try:
            return self._instance().instance_specification
        except RegistryError:
            if self._given_instance_id:
                return ""
            raise

    def _instance(self) -> Instance:
        return self._instances_found.get("", self._find_instance)

    def _find_instance(self) -> Instance:
        name = self._acr.instance_name
        for instance in self._instances(name):
            # The filter of ListInstance may be fuzzy.
            if instance.instance_name == name:
                return instance
        raise InstanceNotSeen(
            f"{self._acr.public_host}: these credentials see no ACR Enterprise instance named {name!r} in "
            f"{self._acr.region}; check the name, or give instance_id in the stack's registries; of another account's "
            "give username and password"
        )

    def _instances(self, name: str) -> Iterator[Instance]:
        """Every instance once. Raises RegistryProtocolError for pages that repeat or end before their total."""
        asked, seen, number = self._acr.public_host, set[str](), 1
        while True:
            page: Instances = self._api.call(
                "ListInstance", asked, RepositoryNotFound, InstanceName=name, PageNo=number, PageSize=30
            )
            new = {instance.instance_id for instance in page.instances} - seen
            if len(new) < len(page.instances) or (not new and len(seen) < page.total_count):
                raise RegistryProtocolError(
                    f"{asked}: ListInstance: expected {page.total_count:,} instances, got {len(seen | new):,} and then "
                    f"{'one of them again' if page.instances else 'an empty page'}"
                )
            yield from page.instances
            seen, number = seen | new, number + 1
            if len(seen) >= page.total_count:
                return
            if number > _INSTANCE_PAGES:
                raise RegistryProtocolError(f"{self._acr.public_host}: ListInstance does not end; give instance_id")

    def _repo_id(self, repository: Repository) -> str:
        return self._repository(repository).id

    def _repository(self, repository: Repository) -> "_Found":
        return self._repositories_found.get(repository.path, lambda: self._find_repository(repository))

    def _find_repository(self, repository: Repository) -> "_Found":
        namespace, _, name = repository.path.partition("/")
        body = self._ask(
            "GetRepository", str(repository), RepositoryNotFound, RepoNamespaceName=namespace, RepoName=name
        )
        is_private = body.repo_type == "PRIVATE" if body.repo_type else None
        return _Found(body.repo_id, body.tag_immutability, is_private)


def _record(image: TagImage, repository: Repository, tag: object) -> TagRecord:
    return record(
        repository,
        tag,
        digest=image.digest,
        pushed=image.image_update,
        created=image.image_create,
        status=image.status,
    )
