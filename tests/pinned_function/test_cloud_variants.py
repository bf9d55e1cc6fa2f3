"""What no document settles about the cloud: a pin is deployed in either position of the emulator's knob."""

from typing import Any

import pytest

from fcpin.emulator import Emulator, Knobs
from tests.support.plugin import REGION, Plugin, SharedClock, client_of

HOST = f"registry.{REGION}.aliyuncs.com"
REPOSITORY = f"{HOST}/shop/app"
ADOPTED: dict[str, Any] = {"repository": REPOSITORY, "policy": {"newest": {}}}
CONTAINER = "customContainerConfig"


def create(cloud: Emulator, image: str, **container: Any) -> None:
    """Make the function by hand."""
    body = {"runtime": "custom-container", "handler": "index.handler", CONTAINER: {"image": image, **container}}
    client_of(cloud).create("checkout", body)
    cloud.advance(60)


def deployed(cloud: Emulator) -> tuple[str, str]:
    """Tag and digest."""
    container = cloud.function("checkout")[CONTAINER]
    return container["image"].rpartition(":")[2], container["resolvedImageUri"].partition("@")[2]


@pytest.mark.parametrize("knobs", [Knobs(other_update="keep"), Knobs(other_update="re-resolve")], ids=["keep", "read"])
def test_an_update_of_a_setting_leaves_the_pin(cloud: Emulator) -> None:
    plugin = Plugin(cloud)
    owned = {**ADOPTED, "policy": {"digest": {"tag": "main"}}}
    old = cloud.push("shop/app", "main", content="one")
    plugin.up(**owned, config={"memory_size": 512})
    plugin.up(**owned, config={"memory_size": 1024})
    assert (cloud.function("checkout")["memorySize"], deployed(cloud)) == (1024, ("main", old))
    new = cloud.push("shop/app", "main", content="two")
    plugin.up(**owned, config={"memory_size": 512})
    assert (cloud.function("checkout")["memorySize"], deployed(cloud)) == (512, ("main", new))
    assert not plugin.changes(**owned, config={"memory_size": 512})


@pytest.mark.parametrize(
    ("knobs", "reference"),
    [(Knobs(digest_input="rejected"), ":main-1"), (Knobs(digest_input="accepted"), "@{digest}")],
    ids=["a tag", "a digest"],
)
def test_a_function_is_adopted_however_its_image_is_named(cloud: Emulator, reference: str) -> None:
    digest = cloud.push("shop/app", "main-1")
    create(cloud, REPOSITORY + reference.format(digest=digest))
    newest = cloud.push("shop/app", "main-2")
    plugin = Plugin(cloud)
    plugin.up(**ADOPTED)
    assert deployed(cloud) == ("main-2", newest)
    assert not plugin.changes(**ADOPTED)


@pytest.mark.parametrize(
    "knobs", [Knobs(masked_login_input="stored"), Knobs(masked_login_input="ignored")], ids=["stored", "ignored"]
)
def test_the_mask_of_a_password_never_becomes_the_password(cloud: Emulator) -> None:
    cloud.push("shop/app", "main-1")
    login = {"userName": cloud.username, "password": cloud.password}
    create(cloud, f"{REPOSITORY}:main-1", registryConfig={"authConfig": login})
    newest = cloud.push("shop/app", "main-2")
    Plugin(cloud).up(**ADOPTED)
    assert deployed(cloud) == ("main-2", newest)
    settings = cloud._account.functions.record("checkout").wanted.settings
    assert settings[CONTAINER]["registryConfig"]["authConfig"] == login


@pytest.mark.parametrize("answer", ["accepted", "conflict"])
def test_an_update_of_others_that_is_under_way_is_waited_for(answer: Any) -> None:
    with Emulator(knobs=Knobs(update_seconds=30, concurrent_update=answer)).serve() as cloud:
        clock = SharedClock(cloud)
        cloud.push("shop/app", "main-1")
        create(cloud, f"{REPOSITORY}:main-1")
        newest = cloud.push("shop/app", "main-2")
        client_of(cloud).update("checkout", {CONTAINER: {"image": f"{REPOSITORY}:main-1", "port": 8080}})
        Plugin(cloud, clock).up(**ADOPTED)
        assert deployed(cloud) == ("main-2", newest)
        assert cloud.function("checkout")["lastUpdateStatus"] == "Successful"
        assert cloud.function("checkout")[CONTAINER]["port"] == 8080
        assert 30 <= clock.monotonic() - 30 < 60, "its update and ours"
