"""The clients that the emulator is for, pointed at it."""

from typing import Any

import urllib3
from alibabacloud_cr20181201.client import Client as CrClient
from alibabacloud_devs20230714 import models as devs_models
from alibabacloud_devs20230714.client import Client as DevsClient
from alibabacloud_fc20230330 import models as fc_models
from alibabacloud_fc20230330.client import Client as FcClient
from alibabacloud_tea_openapi.models import Config

from fcpin.emulator import Emulator
from fcpin.emulator.remote import RemoteEmulator

HOST = "registry.cn-hangzhou.aliyuncs.com"
IMAGE = f"{HOST}/shop/app:main"


def config(cloud: Emulator | RemoteEmulator, **changes: Any) -> Config:
    """How any user points an SDK at another endpoint."""
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


class Functions:
    """The few FC calls that most tests make, through the SDK, in wire words."""

    def __init__(self, cloud: Emulator | RemoteEmulator) -> None:
        self.cloud = cloud
        self.sdk = fc(cloud)

    def create(self, name: str = "fn", image: str = IMAGE, **settings: Any) -> dict[str, Any]:
        container = {"image": image, **settings.pop("container", {})}
        body = {"functionName": name, "runtime": "custom-container", "handler": "index.handler", **settings}
        request = fc_models.CreateFunctionInput().from_map({**body, "customContainerConfig": container})
        answer = self.sdk.create_function(fc_models.CreateFunctionRequest(body=request))
        return dict(answer.body.to_map())

    def create_active(self, name: str = "fn", image: str = IMAGE, **settings: Any) -> dict[str, Any]:
        self.create(name, image, **settings)
        self.cloud.advance(60)
        return self.get(name)

    def get(self, name: str = "fn", qualifier: str | None = None) -> dict[str, Any]:
        answer = self.sdk.get_function(name, fc_models.GetFunctionRequest(qualifier=qualifier))
        return dict(answer.body.to_map())

    def update(self, name: str = "fn", **settings: Any) -> dict[str, Any]:
        request = fc_models.UpdateFunctionInput().from_map(settings)
        answer = self.sdk.update_function(name, fc_models.UpdateFunctionRequest(body=request))
        return dict(answer.body.to_map())

    def update_image(self, name: str = "fn", image: str = IMAGE) -> dict[str, Any]:
        return self.update(name, customContainerConfig={"image": image})


class Pipelines:
    """The Devs calls that most tests make, through the SDK, in wire words."""

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
        """Phase and error of a pipeline that had all the time it wanted."""
        self.start(*tasks, name=name, **more)
        self.cloud.advance(86400)
        return self.status(name)

    def status(self, name: str = "p-1") -> tuple[str, dict[str, str]]:
        status = self.sdk.get_pipeline(name).body.to_map()["status"]
        return status["phase"], status["latestExecError"]

    def task(self, name: str = "p-1-build") -> dict[str, Any]:
        return dict(self.sdk.get_task(name).body.to_map())


def resolved(function: dict[str, Any]) -> str:
    """The digest that FC reports."""
    return str(function["customContainerConfig"]["resolvedImageUri"]).partition("@")[2]


class Registry:
    """A client of the distribution API without retries or checks of its own."""

    def __init__(self, cloud: Emulator) -> None:
        self.cloud = cloud
        self.http = urllib3.PoolManager(retries=False)
        self.token = ""

    def login(self, scope: str, *, user: str | None = None, password: str | None = None) -> urllib3.BaseHTTPResponse:
        """Ask for a token; an empty user stands for an anonymous request."""
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
