"""A repository of ACR Enterprise, asked by its API (version 2018-12-01)."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from fcpin.errors import RegistryError, RepositoryNotFound, WrongShape
from fcpin.image import AcrHost, Repository
from fcpin.json_reader import JsonFields
from fcpin.probe.api import Api, Said
from fcpin.registry.acr import moment
from fcpin.registry.logins import Login

VERSION: Final = "2018-12-01"
_ABSENT: Final = "NOT_EXIST"


class Acr:
    """*repository* of the instance at *host*; *instance_id* saves looking that up. Raises CloudError, NotNow."""

    def __init__(self, api: Api, host: AcrHost, repository: Repository, instance_id: str | None = None) -> None:
        self._api = api
        self._host = host
        self._repository = repository
        self._given_instance_id = instance_id

    @property
    def instance_name(self) -> str:
        return self._host.instance_name

    @cached_property
    def instance_id(self) -> str:
        """Raises RepositoryNotFound."""
        if self._given_instance_id:
            return self._given_instance_id
        for instance in listed(self.instances(self.instance_name), "Instances", "an instance"):
            if instance.text("InstanceName") == self.instance_name:
                return instance.text("InstanceId", required=True)
        raise RepositoryNotFound(
            f"{self._host.public_host}: these credentials see no ACR Enterprise instance named {self.instance_name!r}"
        )

    def instances(self, name: str) -> Said:
        """ListInstance by *name*."""
        return self._call("ListInstance", "POST", {"InstanceName": name, "PageNo": 1, "PageSize": 100})

    @cached_property
    def has_movable_tags(self) -> bool:
        """Whether TagImmutability is off. Raises RepositoryNotFound."""
        return self._found.flag("TagImmutability") is not True

    def ask(self, action: str, method: str = "POST", **parameters: object) -> Said:
        """A call about the repository, by its id."""
        query = {"InstanceId": self.instance_id, "RepoId": self._found.text("RepoId", required=True), **parameters}
        return self._call(action, method, query)

    def delete_tag(self, tag: str) -> None:
        """DeleteRepoTag; a tag that is gone is deleted. Raises RegistryError."""
        said = self.ask("DeleteRepoTag", Tag=tag)
        if not said.is_success and not said.code.endswith(_ABSENT):
            raise RegistryError(f"{self._repository}:{tag}: DeleteRepoTag {said}")

    def login(self) -> Login:
        """A temporary one, by GetAuthorizationToken. Raises RegistryError."""
        said = self._call("GetAuthorizationToken", "POST", {"InstanceId": self.instance_id})
        if not said.is_success:
            raise RegistryError(f"{self._host.public_host}: GetAuthorizationToken {said}")
        login = said.fields("a login")
        username, password = (login.text(name, required=True) for name in ("TempUsername", "AuthorizationToken"))
        expires = moment(login.text_or_number("ExpireTime"), self._host.public_host)
        return Login("GetAuthorizationToken", username, password, expires=expires)

    @cached_property
    def _found(self) -> JsonFields:
        namespace, _, name = self._repository.path.partition("/")
        query = {"InstanceId": self.instance_id, "RepoNamespaceName": namespace, "RepoName": name}
        said = self._call("GetRepository", "POST", query)
        if not said.is_success:
            raise RepositoryNotFound(f"{self._repository}: GetRepository {said}; make the repository first")
        return said.fields("a repository")

    def _call(self, action: str, method: str, query: Mapping[str, object]) -> Said:
        """Raises WrongShape for an answer without IsSuccess."""
        said = self._api.call(action, method, "/", query=query)
        if said.is_success and said.fields(f"an answer of {action}").flag("IsSuccess") is None:
            raise WrongShape(f"{action} at {self._api.endpoint}: expected an answer with IsSuccess, got one without it")
        return said


def listed(said: Said, key: str, what: str) -> Sequence[JsonFields]:
    """The objects of a listing; none of a refusal. Raises WrongShape."""
    return said.fields(f"a listing of {key}").objects(key, what) if said.is_success else ()
