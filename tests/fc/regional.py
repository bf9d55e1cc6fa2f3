"""A client that does not wait between attempts, and the body of a function."""

from typing import Final

from fcpin.emulator import Emulator
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Credentials
from fcpin.http.retries import Retry

AT_ONCE: Final = Retry(attempts=3, seconds=10, first_wait=0.001, longest_wait=0.01)
IMAGE: Final = "demo-registry.cn-hangzhou.cr.aliyuncs.com/shop/app:main-1"
BODY: Final = {"runtime": "custom-container", "handler": "index.handler", "customContainerConfig": {"image": IMAGE}}


def client_of(cloud: Emulator, secret: str) -> FunctionClient:
    """The client of *cloud*'s region with this secret of its key."""
    credentials = Credentials(cloud.access_key_id, secret)
    return FunctionClient("cn-hangzhou", endpoint=cloud.url, credentials=credentials, retry=AT_ONCE)
