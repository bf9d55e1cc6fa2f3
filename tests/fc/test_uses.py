"""What runs which image: functions, and the versions that were published of them."""

import pytest

from emulator import Emulator
from fcpin.errors import FunctionDenied
from fcpin.fc.client import FunctionClient
from fcpin.fc.uses import uses
from tests.fc.regional import BODY

HOST = "demo-registry.cn-hangzhou.cr.aliyuncs.com"


def test_a_function_and_every_version_of_it_use_their_images(cloud: Emulator, client: FunctionClient) -> None:
    client.create("checkout", BODY)
    client.create("basket", BODY)
    cloud.publish_version("checkout")
    cloud.set_image("checkout", f"{HOST}/shop/app:main-2")
    found = {str(use): use.function.tag for use in uses(client)}
    assert found == {"basket": "main-1", "checkout": "main-2", "checkout@1": "main-1"}


def test_of_a_function_whose_update_failed_nobody_knows_what_serves(cloud: Emulator, client: FunctionClient) -> None:
    client.create("checkout", BODY)
    cloud.publish_version("checkout")
    cloud.fail_update("checkout")
    client.update("checkout", {"customContainerConfig": {"image": f"{HOST}/shop/app:main-2"}})
    assert {str(use): use.is_certain for use in uses(client)} == {"checkout": False, "checkout@1": True}


def test_what_cannot_be_read_is_an_error_and_never_left_out(cloud: Emulator, client: FunctionClient) -> None:
    client.create("checkout", BODY)
    cloud.fail_next("ListFunctionVersions", status=403, code="AccessDenied")
    with pytest.raises(FunctionDenied, match="ListFunctionVersions"):
        uses(client)


def test_a_version_that_is_deleted_meanwhile_hides_no_other(cloud: Emulator, client: FunctionClient) -> None:
    client.create("checkout", BODY)
    for _ in range(3):
        cloud.publish_version("checkout")
    cloud.fail_next("GetFunction", status=404, code="VersionNotFound")
    assert {use.version for use in uses(client)} == {"", "1", "2"}
