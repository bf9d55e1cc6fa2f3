"""Checks of registries: the rights on a repository of ACR Enterprise, and docker's login to any other registry."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fcpin.acr_hosts import AcrHost
from fcpin.doctor.result import CheckResult, not_tried, note, ok, problem
from fcpin.errors import RegistryDenied, RegistryError, RepositoryNotFound, TagNotFound
from fcpin.fc.rules import is_economy
from fcpin.image import Repository, parse_digest
from fcpin.registry.acr_enterprise import AcrApi
from fcpin.registry.base import ReadableRepository
from fcpin.registry.logins import docker_logins
from fcpin.registry.registries import RepositoryHandle
from fcpin.registry.settings import RegistrySettings

_PAGE: Final = 100
_PIN_TAGS: Final = "they would change tags; protect: pin_tag needs the first in up, the second in fcpin prune"
_MOVABLE: Final = "off: a tag can be moved, and a moved tag is the precondition of the outage"


@dataclass(frozen=True, slots=True)
class EnterpriseRights:
    """Each right is checked by the call that needs it, with the results of the calls before."""

    repository: RepositoryHandle
    host: AcrHost
    api: AcrApi
    instance_id: str = ""
    """Where the settings give it; it is looked up otherwise."""
    protects: bool = False
    """Whether the stack has pins with `protect: pin_tag`."""
    _found: dict[str, Any] = field(default_factory=dict)
    """Parameters of later calls, as the API names them."""

    def check(self) -> Iterator[CheckResult]:
        """One result for each right."""
        steps: Sequence[tuple[str, tuple[str, ...], Callable[[], Iterator[CheckResult]]]] = (
            ("cr:ListInstance", (), self._list_instance),
            ("cr:GetAuthorizationToken", ("InstanceId",), self._get_authorization_token),
            ("cr:GetRepository", ("InstanceId",), self._get_repository),
            ("cr:ListRepositoryTag", ("InstanceId", "RepoId"), self._list_repository_tag),
            ("cr:GetRepositoryTag", ("InstanceId", "RepoId", "Tag"), self._get_repository_tag),
            ("cr:PullRepository", ("Digest",), self._pull_repository),
        )
        for right, needed, step in steps:
            if missing := [name for name in needed if name not in self._found]:
                yield not_tried(self._name(right), f"needs {missing[0]}, which the previous calls did not return")
                continue
            try:
                yield from step()
            except RegistryError as error:
                yield self._failed(right, error)
        if self.protects:
            yield not_tried(self._name("cr:CreateRepoTag, cr:DeleteRepositoryTag"), _PIN_TAGS)

    def _list_instance(self) -> Iterator[CheckResult]:
        name = self.host.instance_name
        if self.instance_id:
            self._found["InstanceId"] = self.instance_id
            yield ok(self._name("cr:ListInstance"), f"not needed: the settings have {self.instance_id}")
            yield self._edition(self.repository.specification())
            return
        body = self._call("ListInstance", RepositoryNotFound, InstanceName=name, PageSize=_PAGE)
        for instance in body.instances or ():
            if instance.instance_name == name:
                self._found["InstanceId"] = instance.instance_id
                yield ok(self._name("cr:ListInstance"), f"{name} is {instance.instance_id}")
                yield self._edition(str(instance.instance_specification or ""))
                return
        raise RepositoryNotFound(
            f"these credentials have access to no ACR Enterprise instance named {name} in {self.host.region}"
        )

    def _edition(self, specification: str) -> CheckResult:
        name = f"edition {self.host.instance_name}"
        if is_economy(specification):
            return problem(name, f"{specification}: FC does not pull from it", "upgrade it, or use another registry")
        return ok(name, specification) if specification else not_tried(name, "ListInstance did not return it")

    def _get_authorization_token(self) -> Iterator[CheckResult]:
        self._call("GetAuthorizationToken", RepositoryNotFound, InstanceId=self._found["InstanceId"])
        yield ok(self._name("cr:GetAuthorizationToken"), "allowed")

    def _get_repository(self) -> Iterator[CheckResult]:
        namespace, _, name = self.repository.name.path.partition("/")
        where = {"InstanceId": self._found["InstanceId"], "RepoNamespaceName": namespace, "RepoName": name}
        body = self._call("GetRepository", RepositoryNotFound, **where)
        self._found["RepoId"] = body.repo_id
        yield ok(self._name("cr:GetRepository"), f"{body.repo_id}")
        yield self._immutability(body.tag_immutability)

    def _immutability(self, is_on: bool | None) -> CheckResult:
        name = self._name("TagImmutability")
        if is_on:
            return ok(name, "on: no tag can be moved")
        return note(name, _MOVABLE, "switch it on where every build has a tag of its own, or use protect: pin_tag")

    def _list_repository_tag(self) -> Iterator[CheckResult]:
        body = self._call("ListRepoTag", RepositoryNotFound, **self._where(), PageNo=1, PageSize=1)
        yield ok(self._name("cr:ListRepositoryTag"), f"{body.total_count} in all")
        if body.images:
            self._found["Tag"] = body.images[0].tag

    def _get_repository_tag(self) -> Iterator[CheckResult]:
        body = self._call("GetRepoTag", TagNotFound, **self._where(), Tag=self._found["Tag"])
        self._found["Digest"] = body.digest
        yield ok(self._name("cr:GetRepositoryTag"), f"read {self._found['Tag']}")

    def _pull_repository(self) -> Iterator[CheckResult]:
        self.repository.manifest(parse_digest(str(self._found["Digest"])))
        yield ok(self._name("cr:PullRepository"), "read a manifest")

    def _where(self) -> dict[str, object]:
        return {name: self._found[name] for name in ("InstanceId", "RepoId")}

    def _call(self, action: str, missing: type[RegistryError], **parameters: object) -> Any:
        return self.api.call(action, str(self.repository.name), missing, **parameters)

    def _failed(self, right: str, error: RegistryError) -> CheckResult:
        remedy = "see the endpoints and the clock above"
        if isinstance(error, RegistryDenied):
            remedy = f"check the credentials, and allow {right}: docs/configuration.md, Rights"
        elif isinstance(error, RepositoryNotFound):
            remedy = "correct the repository, or give the instance_id of its registry"
        return problem(self._name(right), str(error), remedy)

    def _name(self, right: str) -> str:
        return f"{right} {self.repository.name.path}"


def login(repository: Repository, settings: RegistrySettings) -> Iterator[CheckResult]:
    """Whether there is one; `listing` shows whether it works."""
    name = f"login to {repository.host}"
    if settings.username:
        yield ok(name, f"user {settings.username!r} of the stack's registries")
        return
    try:
        found = docker_logins(repository.host).find(repository.path)
    except RegistryDenied as error:
        yield problem(name, str(error), f"docker login {repository.host}")
        return
    if found.is_anonymous:
        yield note(name, "none: requests are anonymous", f"docker login {repository.host}, if it is not public")
    else:
        yield ok(name, str(found))


def list_tags(repository: ReadableRepository) -> Iterator[CheckResult]:
    """List the tags as a deployment does."""
    name = f"tags of {repository.name}"
    try:
        yield ok(name, f"{len(repository.list_tags())} in all")
    except RegistryDenied as error:
        yield problem(name, str(error), f"docker login {repository.name.host} with a user who may pull it")
    except RepositoryNotFound as error:
        yield problem(name, str(error), "correct the repository, or push to it first")
    except RegistryError as error:
        yield problem(name, str(error), "see the registry above")
