"""What is asked of Serverless Devs: a pipeline of one build, by a client that does not wait between attempts."""

from typing import Any, Final

from fcpin.devs.client import DevsClient
from fcpin.emulator import Emulator
from fcpin.http.credentials import Credentials
from fcpin.http.limits import Retry

AT_ONCE: Final = Retry(attempts=3, seconds=10, first_wait=0.001, longest_wait=0.01)
IMAGE: Final = "registry.cn-hangzhou.aliyuncs.com/shop/app:8f2b1c0"


def client_of(cloud: Emulator, secret: str) -> DevsClient:
    """The client of *cloud* with this secret of its key."""
    return DevsClient(endpoint=cloud.url, credentials=Credentials(cloud.access_key_id, secret), retry=AT_ONCE)


def document(name: str = "p-1", image: str = IMAGE, **more: Any) -> dict[str, Any]:
    """A pipeline with one build; *more* are `build` and `data` of its task, and keys of the pipeline."""
    data = {"enable": True, "build": {"image": image, **more.pop("build", {})}, **more.pop("data", {})}
    task = {"name": "build", "taskTemplate": "build-image-task", "context": {"data": data}, "runAfters": []}
    return {"kind": "Pipeline", "name": name, "spec": {"templateSpec": {"tasks": [task]}}, **more}
