"""The SDKs and an HTTP client, configured for an emulator."""

import inspect
import re
from typing import Any

import pytest
import urllib3
from alibabacloud_cr20181201 import models as cr_models
from alibabacloud_cr20181201.client import Client as CrClient
from alibabacloud_devs20230714 import models as devs_models
from alibabacloud_devs20230714.client import Client as DevsClient
from alibabacloud_fc20230330 import models as fc_models
from alibabacloud_fc20230330.client import Client as FcClient
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config

from fcpin.emulator import Emulator
from fcpin.emulator.remote import RemoteEmulator

HOST = "registry.cn-hangzhou.aliyuncs.com"
IMAGE = f"{HOST}/shop/app:main"


def config(cloud: Emulator | RemoteEmulator, **changes: Any) -> Config:
    settings = {
        "endpoint": cloud.address,
        "protocol": "http",
        "access_key_id": cloud.access_key_id,
        "access_key_secret": cloud.access_key_secret,
    }
    return Config(**(settings | changes))


def fc(cloud: Emulator | RemoteEmulator, **changes: Any) -> FcClient:
    return FcClient(config(cloud, **changes))


def cr(cloud: Emulator, **changes: Any) -> CrClient:
    return CrClient(config(cloud, **changes))


def _method(client: Any, operation: str) -> Any:
    return getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())


class Acr:
    """Operations of ACR Enterprise Edition, through the SDK."""

    def __init__(self, cloud: Emulator, **changes: Any) -> None:
        self.cloud = cloud
        self.sdk = cr(cloud, **changes)

    def __call__(self, operation: str, **parameters: Any) -> Any:
        """The body of the response. The instance is the emulator's, unless *parameters* name one."""
        request = getattr(cr_models, f"{operation}Request")
        if "instance_id" in inspect.signature(request).parameters:
            parameters = {"instance_id": self.cloud.instance_id} | parameters
        return _method(self.sdk, operation)(request(**parameters)).body

    def repository_id(self, name: str = "app") -> str:
        return str(self("GetRepository", repo_namespace_name="shop", repo_name=name).repo_id)

    def tags(self, **page: Any) -> Any:
        return self("ListRepoTag", repo_id=self.repository_id(), **page)


class Functions:
    """Operations of FC, through the SDK, with the names of the wire."""

    def __init__(self, cloud: Emulator | RemoteEmulator) -> None:
        self.cloud = cloud
        self.sdk = fc(cloud)

    def __call__(self, operation: str, *path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """The body of the response as a JSON object, None for an empty one."""
        request = getattr(fc_models, f"{operation}Request", None)
        if body is not None:
            name = "PublishVersion" if operation == "PublishFunctionVersion" else operation
            query["body"] = getattr(fc_models, f"{name}Input")().from_map(body)
        answer = _method(self.sdk, operation)(*path, *([request(**query)] if request else []))
        return answer.body.to_map() if getattr(answer, "body", None) else None

    def create(self, name: str = "fn", image: str = IMAGE, **settings: Any) -> dict[str, Any]:
        container = {"image": image, **settings.pop("container", {})}
        body = {"functionName": name, "runtime": "custom-container", "handler": "index.handler", **settings}
        return dict(self("CreateFunction", body={**body, "customContainerConfig": container}))

    def create_active(self, name: str = "fn", image: str = IMAGE, **settings: Any) -> dict[str, Any]:
        self.create(name, image, **settings)
        self.cloud.advance(60)
        return self.get(name)

    def get(self, name: str = "fn", qualifier: str | None = None) -> dict[str, Any]:
        return dict(self("GetFunction", name, qualifier=qualifier))

    def update(self, name: str = "fn", **settings: Any) -> dict[str, Any]:
        return dict(self("UpdateFunction", name, body=settings))

    def update_image(self, name: str = "fn", image: str = IMAGE) -> dict[str, Any]:
        return self.update(name, customContainerConfig={"image": image})

    def publish(self, **settings: Any) -> str:
        return str(self("PublishFunctionVersion", "fn", body=settings)["versionId"])


def code(call: Any, *arguments: Any, **named: Any) -> tuple[int, str]:
    """Status and code of the error of a call through an SDK."""
    with pytest.raises(ClientException) as failed:
        call(*arguments, **named)
    return failed.value.status_code, failed.value.code


class Pipelines:
    """Operations of Serverless Devs, through the SDK, with the names of the wire."""

    def __init__(self, cloud: Emulator | RemoteEmulator) -> None:
        self.cloud = cloud
        self.sdk = DevsClient(config(cloud))

    def create(self, *tasks: Any, name: str = "p-1", context: Any = None, **more: Any) -> dict[str, Any]:
        spec = {"templateSpec": {"context": {"data": context or {}}, "tasks": list(tasks)}}
        request = devs_models.Pipeline().from_map({"kind": "Pipeline", "name": name, "spec": spec, **more})
        answer = self.sdk.create_pipeline(devs_models.CreatePipelineRequest(body=request))
        return dict(answer.body.to_map())

    def start(self, *tasks: Any, name: str = "p-1", **more: Any) -> dict[str, Any]:
        self.create(*tasks, name=name, **more)
        return dict(self.sdk.start_pipeline(name).body.to_map())

    def finish(self, *tasks: Any, name: str = "p-1", **more: Any) -> tuple[str, dict[str, str]]:
        """Phase and error of a pipeline after a day."""
        self.start(*tasks, name=name, **more)
        self.cloud.advance(86400)
        return self.status(name)

    def status(self, name: str = "p-1") -> tuple[str, dict[str, str]]:
        status = self.sdk.get_pipeline(name).body.to_map()["status"]
        return status["phase"], status["latestExecError"]

    def task(self, name: str = "p-1-build") -> dict[str, Any]:
        return dict(self.sdk.get_task(name).body.to_map())


def resolved(function: dict[str, Any]) -> str:
    """The digest of resolvedImageUri."""
    return str(function["customContainerConfig"]["resolvedImageUri"]).partition("@")[2]


class Registry:
    """A client of the distribution API without retries and checks."""

    def __init__(self, cloud: Emulator) -> None:
        self.cloud = cloud
        self.http = urllib3.PoolManager(retries=False)
        self.token = ""

    def login(self, scope: str, *, user: str | None = None, password: str | None = None) -> urllib3.BaseHTTPResponse:
        """Request a token; an empty user stands for an anonymous request."""
        user, password = user if user is not None else self.cloud.username, password or self.cloud.password
        headers = urllib3.make_headers(basic_auth=f"{user}:{password}") if user else {}
        url = f"{self.cloud.url}/auth?service=registry.emulator&scope={scope}"
        answer = self.http.request("GET", url, headers=headers)
        self.token = answer.json().get("token", "")
        return answer

    def request(self, method: str, path: str, **arguments: Any) -> urllib3.BaseHTTPResponse:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= arguments.pop("headers", {})
        url = path if path.startswith("http") else f"{self.cloud.url}{path}"
        return self.http.request(method, url, headers=headers, redirect=False, **arguments)
