"""What these credentials may do to a repository of ACR Enterprise, and whether its tags can be moved."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fcpin.doctor.line import Line, note, ok, problem, untried
from fcpin.errors import RegistryDenied, RegistryError, RepositoryNotFound, TagNotFound
from fcpin.fc.rules import is_economy
from fcpin.image import AcrHost, parse_digest
from fcpin.registry.acr_enterprise_api import AcrApi
from fcpin.registry.registries import RepositoryHandle

_PAGE: Final = 100
_PIN_TAGS: Final = "they would make or remove a tag; protect: pin_tag needs the first in up, the second in fcpin prune"
_MOVABLE: Final = "off: a tag can be moved, and a moved tag is the precondition of the outage"


@dataclass(frozen=True, slots=True)
class Enterprise:
    """Each right is tried by the call that takes it, with what the calls before have found."""

    repository: RepositoryHandle
    host: AcrHost
    api: AcrApi
    instance_id: str = ""
    """Where the settings give it; it is looked up otherwise."""
    protects: bool = False
    """Whether pins of the stack make tags of their own."""
    _found: dict[str, Any] = field(default_factory=dict)
    """Parameters of later calls, as the API names them."""

    def check(self) -> Iterator[Line]:
        """A line a right. Raises nothing that is expected."""
        steps: Sequence[tuple[str, tuple[str, ...], Callable[[], Iterator[Line]]]] = (
            ("cr:ListInstance", (), self._list_instance),
            ("cr:GetAuthorizationToken", ("InstanceId",), self._get_authorization_token),
            ("cr:GetRepository", ("InstanceId",), self._get_repository),
            ("cr:ListRepositoryTag", ("InstanceId", "RepoId"), self._list_repository_tag),
            ("cr:GetRepositoryTag", ("InstanceId", "RepoId", "Tag"), self._get_repository_tag),
            ("cr:PullRepository", ("Digest",), self._pull_repository),
        )
        for right, needed, step in steps:
            if missing := [name for name in needed if name not in self._found]:
                yield untried(self._name(right), f"it needs {missing[0]}, which no call before has told")
                continue
            try:
                yield from step()
            except RegistryError as error:
                yield self._failed(right, error)
        if self.protects:
            yield untried(self._name("cr:CreateRepoTag, cr:DeleteRepositoryTag"), _PIN_TAGS)

    def _list_instance(self) -> Iterator[Line]:
        name = self.host.instance_name
        if self.instance_id:
            self._found["InstanceId"] = self.instance_id
            yield ok(self._name("cr:ListInstance"), f"not needed: the settings say {self.instance_id}")
            yield self._edition(self.repository.specification())
            return
        body = self._call("ListInstance", RepositoryNotFound, InstanceName=name, PageSize=_PAGE)
        for instance in body.instances or ():
            if instance.instance_name == name:
                self._found["InstanceId"] = instance.instance_id
                yield ok(self._name("cr:ListInstance"), f"{name} is {instance.instance_id}")
                yield self._edition(str(instance.instance_specification or ""))
                return
        raise RepositoryNotFound(f"these credentials see no ACR Enterprise instance named {name} in {self.host.region}")

    def _edition(self, specification: str) -> Line:
        name = f"edition {self.host.instance_name}"
        if is_economy(specification):
            return problem(name, f"{specification}: FC does not pull from it", "upgrade it, or use another registry")
        return ok(name, specification) if specification else untried(name, "ListInstance did not return it")

    def _get_authorization_token(self) -> Iterator[Line]:
        self._call("GetAuthorizationToken", RepositoryNotFound, InstanceId=self._found["InstanceId"])
        yield ok(self._name("cr:GetAuthorizationToken"), "allowed")

    def _get_repository(self) -> Iterator[Line]:
        namespace, _, name = self.repository.name.path.partition("/")
        where = {"InstanceId": self._found["InstanceId"], "RepoNamespaceName": namespace, "RepoName": name}
        body = self._call("GetRepository", RepositoryNotFound, **where)
        self._found["RepoId"] = body.repo_id
        yield ok(self._name("cr:GetRepository"), f"{body.repo_id}")
        yield self._immutability(body.tag_immutability)

    def _immutability(self, is_on: bool | None) -> Line:
        name = self._name("TagImmutability")
        if is_on:
            return ok(name, "on: no tag can be moved")
        return note(name, _MOVABLE, "switch it on where every build has a tag of its own, or use protect: pin_tag")

    def _list_repository_tag(self) -> Iterator[Line]:
        body = self._call("ListRepoTag", RepositoryNotFound, **self._where(), PageNo=1, PageSize=1)
        yield ok(self._name("cr:ListRepositoryTag"), f"{body.total_count} in all")
        if body.images:
            self._found["Tag"] = body.images[0].tag

    def _get_repository_tag(self) -> Iterator[Line]:
        body = self._call("GetRepoTag", TagNotFound, **self._where(), Tag=self._found["Tag"])
        self._found["Digest"] = body.digest
        yield ok(self._name("cr:GetRepositoryTag"), f"asked for {self._found['Tag']}")

    def _pull_repository(self) -> Iterator[Line]:
        self.repository.manifest(parse_digest(str(self._found["Digest"])))
        yield ok(self._name("cr:PullRepository"), "read a manifest")

    def _where(self) -> dict[str, object]:
        return {name: self._found[name] for name in ("InstanceId", "RepoId")}

    def _call(self, action: str, missing: type[RegistryError], **parameters: object) -> Any:
        return self.api.call(action, str(self.repository.name), missing, **parameters)

    def _failed(self, right: str, error: RegistryError) -> Line:
        remedy = "see the endpoints and the clock above"
        if isinstance(error, RegistryDenied):
            remedy = f"check the credentials, and allow {right}: docs/configuration.md, Rights"
        elif isinstance(error, RepositoryNotFound):
            remedy = "correct the repository, or give the instance_id of its registry"
        return problem(self._name(right), str(error), remedy)

    def _name(self, right: str) -> str:
        return f"{right} {self.repository.name.path}"
