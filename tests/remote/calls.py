"""Every call of an API of Alibaba Cloud: how it is made, its valid response, its errors."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fcpin.errors import (
    FcpinError,
    FunctionDenied,
    FunctionError,
    FunctionNotFound,
    FunctionProtocolError,
    FunctionUnavailable,
    PipelineDenied,
    PipelineError,
    PipelineNotFound,
    PipelineProtocolError,
    PipelineUnavailable,
    RegistryDenied,
    RegistryError,
    RegistryProtocolError,
    RegistryUnavailable,
    RepositoryNotFound,
    TagNotFound,
)
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Credentials
from fcpin.http.limits import MIB, Limits
from fcpin.http.retries import Retry
from fcpin.image import Digest, Repository
from fcpin.pipelines.devs import DevsClient
from fcpin.registry.acr_personal import PersonalApi
from fcpin.registry.registries import Registries, RepositoryHandle
from fcpin.registry.settings import RegistrySettings
from tests.registry.scripted import Reply, Request, ScriptedServer

KEY: Final = Credentials("key", "s3cret-of-the-key", "t0ken-of-the-session")
LIMITS: Final = Limits(connect=5, silence=5, size=MIB)
TWICE: Final = Retry(attempts=2, seconds=10, first_wait=0.001, longest_wait=0.01)
ENTERPRISE: Final = Repository("demo-registry.cn-hangzhou.cr.aliyuncs.com", "shop/app")
PERSONAL: Final = Repository("registry.cn-hangzhou.aliyuncs.com", "shop/app")
IMAGE: Final = f"{ENTERPRISE}:v1"
HEX: Final = "a" * 64
SUCCESS: Final = {"IsSuccess": True, "Code": "success"}
TAG: Final = {"Tag": "v1", "Digest": HEX, "ImageUpdate": "1572875608000", "ImageCreate": "0", "Status": "NORMAL"}
FUNCTION: Final[Mapping[str, Any]] = {
    "functionName": "checkout",
    "runtime": "custom-container",
    "customContainerConfig": {"image": IMAGE},
}
PIPELINE: Final = {"kind": "Pipeline", "name": "p-1", "status": {"phase": "Success"}}


@dataclass(frozen=True)
class At:
    """The URL, limits and retries of a call."""

    url: str
    limits: Limits = LIMITS
    retry: Retry = TWICE


@dataclass(frozen=True)
class Tree:
    """The error types of one API."""

    any: type[FcpinError]
    malformed: type[FcpinError]
    unavailable: type[FcpinError]
    denied: type[FcpinError]
    missing: tuple[type[FcpinError], ...]


FC: Final = Tree(FunctionError, FunctionProtocolError, FunctionUnavailable, FunctionDenied, (FunctionNotFound,))
DEVS: Final = Tree(PipelineError, PipelineProtocolError, PipelineUnavailable, PipelineDenied, (PipelineNotFound,))
CR: Final = Tree(
    RegistryError, RegistryProtocolError, RegistryUnavailable, RegistryDenied, (RepositoryNotFound, TagNotFound)
)


@dataclass(frozen=True)
class Call:
    """One call, with the valid responses of it and of the calls that it needs."""

    action: str
    tree: Tree
    make: Callable[[At], Any]
    good: Any
    others: Mapping[str, Any] = field(default_factory=dict)
    """Responses of the other calls that it needs, by action."""
    may_be_empty: bool = False
    """Whether an empty response and `{}` are a success."""
    label: str = ""

    @property
    def name(self) -> str:
        return self.label or self.action

    def serve(self, server: ScriptedServer, reply: Callable[[Request], Reply]) -> None:
        """Respond to the call with *reply*, and to the others with success."""

        def answer(request: Request) -> Reply:
            action = request.headers.get("x-acs-action", "")
            return as_json(self.others[action]) if action in self.others else reply(request)

        server.otherwise(answer)


def as_json(body: Any) -> Reply:
    return Reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"})


def functions(at: At) -> FunctionClient:
    return FunctionClient("cn-hangzhou", endpoint=at.url, credentials=KEY, retry=at.retry, limits=at.limits)


def pipelines(at: At) -> DevsClient:
    return DevsClient(endpoint=at.url, credentials=KEY, retry=at.retry, limits=at.limits)


def personal(at: At) -> PersonalApi:
    return PersonalApi("cn-hangzhou", endpoint=at.url, credentials=KEY, retry=at.retry, limits=at.limits)


def enterprise(at: At) -> RepositoryHandle:
    settings = {ENTERPRISE.host: RegistrySettings(endpoint=at.url)}
    registries = Registries(settings, credentials=KEY, cr_endpoint=at.url, retry=at.retry, limits=at.limits)
    return registries.open(ENTERPRISE)


_INSTANCES: Final = {
    **SUCCESS,
    "TotalCount": 1,
    "Instances": [{"InstanceName": "demo", "InstanceId": "cri-1"}],
}
_REPOSITORY: Final = {**SUCCESS, "RepoId": "crr-1", "RepoNamespaceName": "shop", "RepoName": "app"}
_LOGIN: Final = {
    **SUCCESS,
    "TempUsername": "user",
    "AuthorizationToken": "pass",
    "ExpireTime": 4102444800000,
}
_BEFORE_INSTANCE: Final = {"ListInstance": _INSTANCES}
_BEFORE_REPOSITORY: Final = {**_BEFORE_INSTANCE, "GetRepository": _REPOSITORY}

CALLS: Final[list[Call]] = [
    Call("GetFunction", FC, lambda at: functions(at).get("checkout"), FUNCTION),
    Call("GetFunction", FC, lambda at: functions(at).get("checkout", "prod"), FUNCTION, label="GetFunction@prod"),
    Call("CreateFunction", FC, lambda at: functions(at).create("checkout", {}), FUNCTION),
    Call("UpdateFunction", FC, lambda at: functions(at).update("checkout", {}), FUNCTION),
    Call("DeleteFunction", FC, lambda at: functions(at).delete("checkout"), {}, may_be_empty=True),
    Call("ListFunctions", FC, lambda at: list(functions(at).list()), {"functions": [FUNCTION]}),
    Call(
        "ListFunctionVersions",
        FC,
        lambda at: list(functions(at).versions("checkout")),
        {"versions": [{"versionId": "1"}]},
    ),
    Call(
        "ListAliases",
        FC,
        lambda at: list(functions(at).aliases("checkout")),
        {"aliases": [{"aliasName": "prod", "versionId": "1", "additionalVersionWeight": {"2": 0.1}}]},
    ),
    Call("CreatePipeline", DEVS, lambda at: pipelines(at).create({"name": "p-1"}), PIPELINE),
    Call("GetPipeline", DEVS, lambda at: pipelines(at).get("p-1"), PIPELINE),
    Call("StartPipeline", DEVS, lambda at: pipelines(at).start("p-1"), PIPELINE),
    Call("CancelPipeline", DEVS, lambda at: pipelines(at).cancel("p-1"), PIPELINE),
    Call("ListPipelines", DEVS, lambda at: pipelines(at).list(), [PIPELINE]),
    Call("ListTasks", DEVS, lambda at: pipelines(at).tasks("p-1"), [{"name": "p-1-build"}]),
    Call("ListInstance", CR, lambda at: enterprise(at).push_target(), _INSTANCES, {"GetAuthorizationToken": _LOGIN}),
    Call("GetRepository", CR, lambda at: enterprise(at).is_immutable(), _REPOSITORY, _BEFORE_INSTANCE),
    Call(
        "ListRepoTag",
        CR,
        lambda at: enterprise(at).list_tags(),
        {**SUCCESS, "TotalCount": "1", "PageSize": 100, "Images": [TAG]},
        _BEFORE_REPOSITORY,
    ),
    Call("GetRepoTag", CR, lambda at: enterprise(at).resolve("v1"), SUCCESS | TAG, _BEFORE_REPOSITORY),
    Call(
        "CreateRepoTag",
        CR,
        lambda at: enterprise(at).add_tag("v2", Digest(f"sha256:{HEX}"), like="v1"),
        SUCCESS,
        _BEFORE_REPOSITORY,
    ),
    Call("DeleteRepoTag", CR, lambda at: enterprise(at).delete_tag("v1"), SUCCESS, _BEFORE_REPOSITORY),
    Call(
        "GetAuthorizationToken",
        CR,
        lambda at: enterprise(at).push_target(),
        _LOGIN,
        _BEFORE_INSTANCE,
    ),
    Call(
        "GetRepoTags",
        CR,
        lambda at: personal(at).tags(PERSONAL, 1, 100),
        {"data": {"total": 1, "pageSize": 100, "tags": [{"tag": "v1", "digest": HEX, "imageUpdate": 1572875608000}]}},
    ),
]

CLIENTS: Final = [call for call in CALLS if call.name in {"GetFunction", "GetPipeline", "GetRepoTag", "GetRepoTags"}]
"""One call of each client. All calls of a client are sent by the same code."""
