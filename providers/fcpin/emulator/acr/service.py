"""The operations of ACR Enterprise Edition over the registry's repositories.

Types are those of the wire: TotalCount of repositories and tags is a string, of instances a number; times of a tag
are strings of milliseconds in ListRepoTag and numbers in GetRepoTag.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from fcpin.emulator.acr.model import AcrError, AcrInstance, Params, already_exists, invalid, not_exist
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.oci.auth import TEMPORARY_USER
from fcpin.emulator.oci.model import Namespace, OciError, RepositoryRecord, Tag
from fcpin.emulator.oci.store import RegistryStore
from fcpin.emulator.state import EmulatorClock, Ids, State, TemporaryKey

Answer = dict[str, Any]
T = TypeVar("T")
_DEFAULT_PAGE = 30
_LARGEST_PAGE = 100
_TYPES = ("PUBLIC", "PRIVATE")
_NAMESPACE = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")


class _Settings(NamedTuple):
    type: str
    summary: str
    detail: str
    tag_immutability: bool


class ContainerRegistry:
    """One method per operation. Raises AcrError, or GatewayError for a missing parameter."""

    def __init__(self, state: State, store: RegistryStore, clock: EmulatorClock, ids: Ids, knobs: Knobs) -> None:
        self._state = state
        self._store = store
        self._clock = clock
        self._ids = ids
        self._knobs = knobs

    def operations(self) -> dict[str, Callable[[Params], Answer]]:
        return {
            "ListInstance": self.list_instance,
            "GetInstance": self.get_instance,
            "ListInstanceEndpoint": self.list_instance_endpoint,
            "GetInstanceEndpoint": self.get_instance_endpoint,
            "CreateNamespace": self.create_namespace,
            "GetNamespace": self.get_namespace,
            "ListNamespace": self.list_namespace,
            "UpdateNamespace": self.update_namespace,
            "DeleteNamespace": self.delete_namespace,
            "CreateRepository": self.create_repository,
            "GetRepository": self.get_repository,
            "ListRepository": self.list_repository,
            "UpdateRepository": self.update_repository,
            "DeleteRepository": self.delete_repository,
            "ListRepoTag": self.list_repo_tag,
            "GetRepoTag": self.get_repo_tag,
            "CreateRepoTag": self.create_repo_tag,
            "DeleteRepoTag": self.delete_repo_tag,
            "GetAuthorizationToken": self.get_authorization_token,
        }

    # instances

    def list_instance(self, params: Params) -> Answer:
        name, status = params.get("InstanceName"), params.get("InstanceStatus")
        exact = self._knobs.acr_instance_filter == "exact"
        found = [
            instance
            for instance in self._state.instances
            if (not name or (instance.name == name if exact else name in instance.name))
            and (not status or instance.status == status)
        ]
        page = params.page(_DEFAULT_PAGE, _LARGEST_PAGE)
        return {
            "PageNo": page.number,
            "PageSize": page.size,
            "TotalCount": len(found),
            "Instances": [
                {
                    **_instance_view(instance),
                    "RegionId": instance.region,
                    "CreateTime": str(instance.created_ms),
                    "ModifiedTime": str(instance.created_ms),
                }
                for instance in page.cut(found)
            ],
        }

    def get_instance(self, params: Params) -> Answer:
        instance = self._instance(params)
        return {
            **_instance_view(instance),
            "CreateTime": instance.created_ms,
            "ModifiedTime": instance.created_ms,
        }

    def list_instance_endpoint(self, params: Params) -> Answer:
        instance = self._instance(params)
        return {
            "Endpoints": [
                {"EndpointType": kind, **_endpoint(instance.host(network)), "LinkedVpcs": vpcs}
                for kind, network, vpcs in (("internet", "", []), ("vpc", "-vpc", [{"VpcId": "vpc-emulator"}]))
            ]
        }

    def get_instance_endpoint(self, params: Params) -> Answer:
        instance = self._instance(params)
        kind = params.required("EndpointType")
        if kind.lower() not in ("internet", "vpc"):
            raise invalid("EndpointType", kind)
        return _endpoint(instance.host("-vpc" if kind.lower() == "vpc" else ""))

    # namespaces

    def create_namespace(self, params: Params) -> Answer:
        self._first_instance(params)
        name = params.required("NamespaceName")
        if not _NAMESPACE.fullmatch(name) or not 2 <= len(name) <= 120:
            raise invalid("NamespaceName", name)
        if name in self._state.namespaces:
            raise already_exists("NAMESPACE", name)
        auto_create = params.flag("AutoCreateRepo", False)
        default_type = params.one_of("DefaultRepoType", _TYPES, "PRIVATE")
        namespace = self._store.create_namespace(name)
        namespace.auto_create, namespace.default_type = auto_create, default_type
        return {}

    def get_namespace(self, params: Params) -> Answer:
        return self._namespace_view(self._namespace(params, "NamespaceName"))

    def list_namespace(self, params: Params) -> Answer:
        first = self._instance(params) is self._state.instances[0]
        wanted, status = params.get("NamespaceName"), params.get("NamespaceStatus")
        found = [
            namespace
            for name, namespace in sorted(self._state.namespaces.items() if first else ())
            if wanted in ("", name) and status in ("", "NORMAL")
        ]
        page = params.page(_DEFAULT_PAGE, _LARGEST_PAGE)
        return {
            "PageNo": page.number,
            "PageSize": page.size,
            "TotalCount": str(len(found)),
            "Namespaces": [self._namespace_view(namespace) for namespace in page.cut(found)],
        }

    def update_namespace(self, params: Params) -> Answer:
        namespace = self._namespace(params, "NamespaceName")
        auto_create = params.flag("AutoCreateRepo", namespace.auto_create)
        namespace.default_type = params.one_of("DefaultRepoType", _TYPES, namespace.default_type)
        namespace.auto_create = auto_create
        return {}

    def delete_namespace(self, params: Params) -> Answer:
        """Delete the namespace with its repositories and images, as documented."""
        self._store.delete_namespace(self._namespace(params, "NamespaceName"))
        return {}

    def _namespace_view(self, namespace: Namespace) -> Answer:
        return {
            "InstanceId": self._state.instances[0].id,
            "NamespaceId": namespace.id,
            "NamespaceName": namespace.name,
            "NamespaceStatus": "NORMAL",
            "AutoCreateRepo": namespace.auto_create,
            "DefaultRepoType": namespace.default_type,
        }

    # repositories

    def create_repository(self, params: Params) -> Answer:
        namespace, name = self._namespace(params, "RepoNamespaceName"), params.required("RepoName")
        path = f"{namespace.name}/{name}"
        if not _REPOSITORY.fullmatch(name):
            raise invalid("RepoName", name)
        if self._store.find(path) is not None:
            raise already_exists("REPO", path)
        settings = _settings(params, immutable=False, detail="")
        repository = self._store.create(path)
        _configure(repository, settings)
        return {"RepoId": repository.id}

    def update_repository(self, params: Params) -> Answer:
        repository = self._repository(params, self._instance(params))
        settings = _settings(params, immutable=repository.tag_immutability, detail=repository.detail)
        _configure(repository, settings)
        repository.modified_ms = self._clock.now_ms()
        return {}

    def delete_repository(self, params: Params) -> Answer:
        """Delete the repository with its images."""
        del self._state.repositories[self._repository(params, self._instance(params)).path]
        return {}

    def get_repository(self, params: Params) -> Answer:
        repository = self._repository(params, self._instance(params))
        return {**self._repository_view(repository), "Detail": repository.detail}

    def list_repository(self, params: Params) -> Answer:
        instance = self._instance(params)
        namespace, name, status = (params.get(key) for key in ("RepoNamespaceName", "RepoName", "RepoStatus"))
        found = [
            repository
            for repository in self._repositories(instance)
            if namespace in ("", _names(repository)[0])
            and name in ("", _names(repository)[1])
            and status in ("", "NORMAL", "ALL")
        ]
        found.sort(key=lambda repository: repository.path)
        return self._paged(params, "Repositories", found, self._repository_view)

    def _repository_view(self, repository: RepositoryRecord) -> Answer:
        namespace, name = _names(repository)
        return {
            "InstanceId": self._state.instances[0].id,
            "RepoId": repository.id,
            "RepoNamespaceName": namespace,
            "RepoName": name,
            "RepoType": repository.type,
            "RepoStatus": "NORMAL",
            "RepoBuildType": "MANUAL",
            "Summary": repository.summary,
            "TagImmutability": repository.tag_immutability,
            "CreateTime": repository.created_ms,
            "ModifiedTime": repository.modified_ms,
        }

    # tags

    def list_repo_tag(self, params: Params) -> Answer:
        repository = self._repository_by_id(params, self._instance(params))
        return self._paged(params, "Images", self._ordered(repository), self._listed_tag)

    def _ordered(self, repository: RepositoryRecord) -> list[Tag]:
        tags = list(repository.tags.values())
        match self._knobs.acr_tag_order:
            case "newest-first":
                tags.sort(key=lambda tag: tag.pushed_ms, reverse=True)
            case "name":
                tags.sort(key=lambda tag: tag.name)
            case "scattered":
                tags.sort(key=lambda tag: hashlib.sha256(tag.name.encode()).digest())
        return tags

    def _listed_tag(self, tag: Tag) -> Answer:
        return {**self._tag_view(tag), "ImageCreate": str(tag.created_ms), "ImageUpdate": str(tag.pushed_ms)}

    def get_repo_tag(self, params: Params) -> Answer:
        repository = self._repository_by_id(params, self._instance(params))
        name = params.required("Tag")
        tag = repository.tags.get(name)
        if tag is None:
            raise self._no_tag(repository, name)
        return {**self._tag_view(tag), "ImageCreate": tag.created_ms, "ImageUpdate": tag.pushed_ms}

    def _tag_view(self, tag: Tag) -> Answer:
        bare = tag.digest.removeprefix("sha256:")
        return {
            "Tag": tag.name,
            "Digest": bare if self._knobs.digest_prefix == "bare" else tag.digest,
            "ImageId": tag.image_id,
            "ImageSize": tag.size,
            "Status": tag.status,
        }

    def create_repo_tag(self, params: Params) -> Answer:
        self._instance(params)
        path = f"{params.required('NamespaceName')}/{params.required('RepoName')}"
        source, target = params.required("FromTag"), params.required("ToTag")
        repository = self._store.find(path)
        if repository is None:
            raise not_exist("REPO", path)
        tag = repository.tags.get(source)
        if tag is None:
            raise self._no_tag(repository, source)
        try:
            self._store.set_tag(repository, target, tag.digest)
        except OciError as error:
            raise AcrError(409, "TAG_IMMUTABLE", error.message) from None
        return {}

    def delete_repo_tag(self, params: Params) -> Answer:
        repository = self._repository_by_id(params, self._instance(params))
        name = params.required("Tag")
        if repository.tags.pop(name, None) is None:
            raise self._no_tag(repository, name)
        return {}

    # logins

    def get_authorization_token(self, params: Params) -> Answer:
        self._instance(params)
        hours = params.number("ExpiresInHours", 1)
        if not 1 <= hours <= 24:
            raise invalid("ExpiresInHours", str(hours))
        password = f"cr-{self._ids.hex(40)}"
        expires = self._clock.now() + hours * 3600
        self._state.registry_logins[password] = TemporaryKey(TEMPORARY_USER, password, "", expires)
        return {
            "TempUsername": TEMPORARY_USER,
            "AuthorizationToken": password,
            "ExpireTime": int(expires * 1000),
        }

    # lookup

    def _instance(self, params: Params) -> AcrInstance:
        wanted = params.required("InstanceId")
        for instance in self._state.instances:
            if instance.id == wanted:
                return instance
        raise not_exist("INSTANCE", wanted)

    def _first_instance(self, params: Params) -> AcrInstance:
        instance = self._instance(params)
        if instance is not self._state.instances[0]:
            message = f"the emulator has namespaces and repositories in {self._state.instances[0].id} only"
            raise AcrError(400, "INSTANCE_NOT_SUPPORT", message)
        return instance

    def _namespace(self, params: Params, parameter: str) -> Namespace:
        self._first_instance(params)
        name = params.required(parameter)
        if name not in self._state.namespaces:
            raise not_exist("NAMESPACE", name)
        return self._state.namespaces[name]

    def _repositories(self, instance: AcrInstance) -> list[RepositoryRecord]:
        first = instance is self._state.instances[0]
        return [one for one in self._state.repositories.values() if "/" in one.path] if first else []

    def _repository(self, params: Params, instance: AcrInstance) -> RepositoryRecord:
        if params.get("RepoId"):
            return self._repository_by_id(params, instance)
        path = f"{params.required('RepoNamespaceName')}/{params.required('RepoName')}"
        for repository in self._repositories(instance):
            if repository.path == path:
                return repository
        raise not_exist("REPO", path)

    def _repository_by_id(self, params: Params, instance: AcrInstance) -> RepositoryRecord:
        wanted = params.required("RepoId")
        for repository in self._repositories(instance):
            if repository.id == wanted:
                return repository
        raise not_exist("REPO", wanted)

    def _no_tag(self, repository: RepositoryRecord, name: str) -> AcrError:
        message = f"tag does not exist: {repository.path}:{name}"
        return AcrError(404, self._knobs.acr_tag_not_exist_code, message)

    def _paged(self, params: Params, key: str, items: Sequence[T], view: Callable[[T], Answer]) -> Answer:
        """A page by MaxResults and NextToken if the client sends one and the knob allows it, else by number."""
        total = str(len(items))
        if self._knobs.acr_next_token and (params.get("MaxResults") or params.get("NextToken")):
            run = params.run(_DEFAULT_PAGE, _LARGEST_PAGE)
            answer = {"MaxResults": run.size, "TotalCount": total, key: [view(item) for item in run.cut(items)]}
            return answer | ({"NextToken": run.next_token} if run.end < len(items) else {})
        page = params.page(_DEFAULT_PAGE, _LARGEST_PAGE)
        listed = [view(item) for item in page.cut(items)]
        return {"PageNo": page.number, "PageSize": page.size, "TotalCount": total, key: listed}


def _settings(params: Params, *, immutable: bool, detail: str) -> _Settings:
    """*immutable* and *detail* are the defaults."""
    return _Settings(
        params.one_of("RepoType", _TYPES, params.required("RepoType")),
        params.required("Summary"),
        params.get("Detail") or detail,
        params.flag("TagImmutability", immutable),
    )


def _configure(repository: RepositoryRecord, settings: _Settings) -> None:
    repository.type, repository.summary = settings.type, settings.summary
    repository.detail, repository.tag_immutability = settings.detail, settings.tag_immutability


def _names(repository: RepositoryRecord) -> tuple[str, str]:
    namespace, _, name = repository.path.partition("/")
    return namespace, name


def _instance_view(instance: AcrInstance) -> Answer:
    """Without its times: strings in ListInstance, numbers in GetInstance."""
    return {
        "InstanceId": instance.id,
        "InstanceName": instance.name,
        "InstanceSpecification": instance.specification,
        "InstanceStatus": instance.status,
    }


def _endpoint(host: str) -> Answer:
    return {
        "Enable": True,
        "AclEnable": False,
        "AclEntries": [],
        "Domains": [{"Domain": host, "Type": "SYSTEM"}],
        "Status": "RUNNING",
    }
