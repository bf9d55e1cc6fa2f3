"""The images in use: those of functions, and of the versions that were published of them."""

from contextlib import suppress
from typing import Any, Final

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.errors import FunctionDenied, FunctionError
from fcpin.fc.client import FunctionClient
from fcpin.fc.uses import Use, uses
from tests.fc.regional import BODY, client_of

HOST = "demo-registry.cn-hangzhou.cr.aliyuncs.com"
SETTINGS: Final[dict[str, Any]] = {
    "runtime": "custom-container",
    "customContainerConfig": {"image": f"{HOST}/shop/app:main-1"},
}


def found(client: FunctionClient) -> dict[str, Use]:
    return {str(use): use for use in uses(client).uses}


def certain(client: FunctionClient) -> dict[str, bool]:
    return {name: use.uncertainty is None for name, use in found(client).items()}


def test_a_function_and_every_version_of_it_use_their_images(cloud: Emulator, client: FunctionClient) -> None:
    client.create("checkout", BODY)
    client.create("basket", BODY)
    cloud.publish_version("checkout")
    cloud.set_image("checkout", f"{HOST}/shop/app:main-2")
    assert {name: use.function.tag for name, use in found(client).items()} == {
        "basket": "main-1",
        "checkout": "main-2",
        "checkout@1": "main-1",
    }
    assert uses(client).listed == 2


@pytest.mark.parametrize(
    ("position", "ends"), [("no-status", "Failed"), ("full", "Failed"), ("full", "InProgress"), ("brief", "InProgress")]
)
def test_while_an_update_has_not_succeeded_the_image_is_uncertain(position: Any, ends: str) -> None:
    knobs = Knobs(create_seconds=0, update_seconds=60, listed_functions=position)
    with Emulator(knobs=knobs).serve() as cloud:
        client = client_of(cloud, cloud.access_key_secret)
        for tag in ("main-1", "main-2"):
            cloud.push("shop/app", tag)
        client.create("checkout", BODY)
        cloud.publish_version("checkout")
        if ends == "Failed":
            cloud.fail_update("checkout")
        client.update("checkout", {"customContainerConfig": {"image": f"{HOST}/shop/app:main-2"}})
        if ends == "Failed":
            cloud.advance(60)
        assert certain(client) == {"checkout": False, "checkout@1": True}


@pytest.mark.parametrize(
    ("knobs", "reads"), [(Knobs(create_seconds=0), 1), (Knobs(create_seconds=0, listed_functions="full"), 0)]
)
def test_a_function_is_only_read_where_the_listing_has_not_everything(
    cloud: Emulator, client: FunctionClient, reads: int
) -> None:
    client.create("checkout", BODY)
    cloud.calls.clear()
    uses(client)
    assert cloud.calls.count("GetFunction") == reads


@pytest.mark.parametrize("action", ["ListFunctions", "GetFunction", "ListFunctionVersions"])
def test_what_cannot_be_read_is_an_error_and_never_left_out(
    cloud: Emulator, client: FunctionClient, action: str
) -> None:
    client.create("checkout", BODY)
    cloud.fail_next(action, status=403, code="AccessDenied")
    with pytest.raises(FunctionDenied, match=action):
        uses(client)


def test_an_empty_response_is_not_a_function_without_an_image(cloud: Emulator, client: FunctionClient) -> None:
    """An error, or an uncertainty; never a function without an image."""
    client.create("checkout", BODY)
    cloud.fail_next("GetFunction", status=200, code="", message="")
    with suppress(FunctionError):
        assert certain(client) == {"checkout": False}


def test_a_function_that_is_deleted_after_it_was_listed_is_gone(cloud: Emulator, client: FunctionClient) -> None:
    client.create("checkout", BODY)
    client.create("gone", BODY)
    cloud.fail_next("GetFunction", status=404, code="FunctionNotFound", times=2)
    assert found(client) == {}
    assert uses(client).listed == 2


def test_a_version_that_is_deleted_meanwhile_hides_no_other(cloud: Emulator, client: FunctionClient) -> None:
    client.create("checkout", BODY)
    for _ in range(3):
        cloud.publish_version("checkout")
    cloud.after_next("GetFunction", "fail_next", {"action": "GetFunction", "status": 404, "code": "VersionNotFound"})
    assert found(client).keys() == {"checkout", "checkout@1", "checkout@2"}


@pytest.mark.parametrize("knobs", [Knobs(create_seconds=0, listed_functions="full")])
def test_every_page_of_functions_and_of_versions_is_read(cloud: Emulator, client: FunctionClient) -> None:
    for number in range(101):
        cloud.create_function(f"f{number:03}", SETTINGS)
    for _ in range(101):
        cloud.publish_version("f000")
    found = uses(client)
    assert found.listed == 101
    assert len({str(use) for use in found.uses}) == 202


def test_a_function_of_fc_2_runs_an_image_too(cloud: Emulator, client: FunctionClient) -> None:
    cloud.create_function("shop$checkout", SETTINGS)
    (use,) = uses(client).uses
    assert (str(use), use.uncertainty, use.function.tag) == ("shop$checkout", None, "main-1")


@pytest.mark.parametrize(
    ("action", "status"), [("GetFunction", 400), ("GetFunction", 403), ("ListFunctionVersions", 404)]
)
def test_a_function_of_fc_2_that_cannot_be_read_is_uncertain(
    cloud: Emulator, client: FunctionClient, action: str, status: int
) -> None:
    cloud.create_function("shop$checkout", SETTINGS)
    codes = {400: "InvalidArgument", 403: "AccessDenied", 404: "FunctionNotFound"}
    cloud.fail_next(action, status=status, code=codes[status])
    (use,) = uses(client).uses
    assert use.uncertainty is not None
    assert "FC 2.0" in use.uncertainty.reason
    assert str(use) == "shop$checkout"


def test_a_temporary_failure_is_an_error(cloud: Emulator, client: FunctionClient) -> None:
    cloud.create_function("shop$checkout", SETTINGS)
    cloud.fail_next("ListFunctionVersions", status=503, times=9)
    with pytest.raises(FunctionError, match="ListFunctionVersions"):
        uses(client)


def test_a_micro_sandbox_uses_its_image_without_a_digest(cloud: Emulator, client: FunctionClient) -> None:
    image = f"{HOST}/shop/app:main-1"
    cloud.create_function("agent", {"runtime": "micro-sandbox", "microSandboxConfig": {"image": image}})
    (use,) = uses(client).uses
    assert (use.function.image, use.function.digest, use.uncertainty) == (image, None, None)
