"""What happens to a deployed function, and the drift that follows from its registry and Function Compute."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from fcpin.drift import Drift, classify, registered_image
from fcpin.emulator import Emulator, Knobs
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Credentials
from fcpin.http.retries import Retry
from fcpin.image import Digest, Image, Repository
from fcpin.registry.registries import Registries
from fcpin.registry.settings import RegistrySettings
from tests.support.tables import table

PATH = "shop/app"
NAME = "checkout"
BOTH = ("linux/amd64", "linux/arm64")
ONCE = Retry(attempts=1, seconds=5, first_wait=0, longest_wait=0)


@dataclass(frozen=True)
class World:
    """A function that a stack deployed at `main-1`, in a cloud where things then happen."""

    cloud: Emulator
    deployed: Image

    @property
    def key(self) -> Credentials:
        return Credentials(self.cloud.access_key_id, self.cloud.access_key_secret)

    @property
    def client(self) -> FunctionClient:
        return FunctionClient("cn-hangzhou", endpoint=self.cloud.url, credentials=self.key, retry=ONCE)

    def image(self, tag: str) -> str:
        return f"{self.deployed.repository}:{tag}"

    def push(self, tag: str, content: str) -> None:
        self.cloud.push(PATH, tag, content=content, platforms=BOTH)

    def drift(self) -> Drift:
        """What a run that begins now finds."""
        settings = {self.deployed.repository.host: RegistrySettings(endpoint=self.cloud.url)}
        registries = Registries(settings, credentials=self.key, cr_endpoint=self.cloud.url, retry=ONCE)
        function = self.client.get(NAME)
        return classify(self.deployed, function, registered_image(registries, function, self.deployed, "linux/amd64"))


@pytest.fixture(params=["index", "child"], ids=["FC notes the index", "FC notes its child"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with Emulator(knobs=Knobs(resolved_digest=request.param)).serve() as cloud:
        digest = cloud.push(PATH, "main-1", content="one", platforms=BOTH)
        world = World(cloud, Image(Repository(cloud.enterprise_host, PATH), "main-1", Digest(digest)))
        container = {"image": world.image("main-1")}
        settings = {"runtime": "custom-container", "handler": "index.handler", "customContainerConfig": container}
        world.client.create(NAME, settings)
        cloud.advance(60)
        yield world


def delete_the_image(world: World) -> None:
    noted = world.client.get(NAME).digest
    world.cloud.delete_manifest(PATH, "main-1")
    if noted != world.deployed.digest:
        world.cloud.delete_manifest(PATH, str(noted))


def change_the_image_by_hand(world: World) -> None:
    world.push("main-2", "two")
    world.cloud.set_image(NAME, world.image("main-2"))


def deploy_a_moved_tag_by_hand(world: World) -> None:
    world.push("main-1", "moved")
    world.cloud.set_image(NAME, world.image("main-1"))


def change_it_by_hand_and_move_that(world: World) -> None:
    change_the_image_by_hand(world)
    world.push("main-2", "moved")


def begin_an_update(world: World) -> None:
    world.push("main-2", "two")
    world.client.update(NAME, {"customContainerConfig": {"image": world.image("main-2")}})


def fail_an_update(world: World) -> None:
    world.cloud.fail_update(NAME)
    begin_an_update(world)
    world.cloud.advance(60)


def forbid_the_registry(world: World) -> None:
    world.cloud.fail_next("GetRepoTag", status=403, code="NoPrivilege", message="Access denied for this user.")


HAPPENS: list[tuple[str, Callable[[World], object], str]] = [
    ("a newer tag of another policy", lambda world: world.push("main-2", "two"), "ok"),
    ("the tag moves", lambda world: world.push("main-1", "moved"), "moved-tag"),
    ("the tag is deleted", lambda world: world.cloud.delete_tag(PATH, "main-1"), "deleted-tag"),
    ("the tag is being deleted", lambda world: world.cloud.set_tag_status(PATH, "main-1", "DELETING"), "deleted-tag"),
    ("the image is deleted", delete_the_image, "deleted-digest"),
    ("another image by hand", change_the_image_by_hand, "out-of-band-image"),
    ("the moved tag by hand", deploy_a_moved_tag_by_hand, "out-of-band-image"),
    ("another image by hand, then moved", change_it_by_hand_and_move_that, "moved-tag"),
    ("an update begins", begin_an_update, "update-in-progress"),
    ("an update fails", fail_an_update, "update-failed"),
    ("the function idles", lambda world: world.cloud.deactivate(NAME), "function-inactive"),
    ("the registry is forbidden", forbid_the_registry, "unknown"),
    ("the repository is gone", lambda world: world.cloud.fail_next("GetRepository", status=404, code="REPO_NOT_EXIST"), "unknown"),
]  # fmt: skip


@table("happens kind", HAPPENS)
def test_each_thing_that_happens_has_its_kind(world: World, happens: Callable[[World], object], kind: str) -> None:
    happens(world)
    assert world.drift().kind == kind


def test_a_registry_that_shows_no_images_does_not_hide_that_the_tag_is_gone(world: World) -> None:
    world.cloud.delete_tag(PATH, "main-1")
    world.cloud.fail_next("GetAuthorizationToken", status=403, code="NoPrivilege", message="Access denied", times=9)
    assert world.drift().kind == "deleted-tag"


def test_a_function_that_is_as_it_should_be_costs_one_read(world: World) -> None:
    world.drift()
    world.cloud.calls.clear()
    world.drift()
    assert world.cloud.calls.count("GetRepoTag") == 1
    assert world.cloud.calls.count("ListRepoTag") == 0


def test_the_same_trouble_is_reported_in_the_same_words(world: World) -> None:
    """The sentence is stored, and a refresh compares it."""
    forbid_the_registry(world)
    first = world.drift()
    forbid_the_registry(world)
    second = world.drift()
    assert str(first) == str(second)
    assert first.detail != second.detail
