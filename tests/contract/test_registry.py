"""One suite for a repository at every kind of registry."""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import pytest
import urllib3

from fcpin.emulator import Emulator, Knobs
from fcpin.emulator.oci.auth import ISSUER
from fcpin.errors import RegistryDenied, RegistryError, RepositoryNotFound, TagNotFound
from fcpin.http.credentials import Credentials
from fcpin.image import Digest, Repository
from fcpin.registry.registries import Registries, RepositoryHandle
from fcpin.registry.settings import RegistrySettings
from tests.support.docker_registry import DockerRegistry, TokenAuth, docker_registry

PATHS = (f"shop/app{number}" for number in itertools.count())
BUILT = "2026-01-02T03:04:05Z"


class Store(Protocol):
    """What is behind a registry, with the verbs that this suite needs."""

    def push(
        self,
        repository: str,
        tag: str,
        /,
        *,
        content: str = "",
        platforms: tuple[str, ...] = ("linux/amd64",),
        index: bool = False,
        created: str | None = None,
    ) -> str: ...

    def retag(self, repository: str, tag: str, /, *, to: str) -> object: ...

    def delete_manifest(self, repository: str, reference: str, /) -> None: ...


@dataclass(frozen=True)
class World:
    """A registry with an empty repository in it, and the same repository with a wrong password."""

    store: Store
    handle: RepositoryHandle
    stranger: RepositoryHandle
    repository: Repository
    deletes_tags: bool = True
    """Whether it can remove a tag and keep the digest; Debian's docker-registry cannot."""
    knows_settings: bool = False
    """Whether the registry returns the repository's type and TagImmutability."""

    @property
    def path(self) -> str:
        return self.repository.path


@pytest.fixture(scope="module")
def cloud() -> Iterator[Emulator]:
    """Its knobs are turned away from their defaults; with those, every other test meets the registries."""
    knobs = Knobs(
        acr_tag_order="scattered",
        oci_page_size=100,
        oci_sorted=False,
        oci_blob_redirect=False,
        oci_token_seconds=60,
        acr_next_token=False,
    )
    with Emulator(knobs=knobs).serve() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def debian(cloud: Emulator) -> Iterator[DockerRegistry]:
    auth = TokenAuth(
        f"{cloud.url}/auth", "docker-registry", ISSUER, cloud.token_certificate, cloud.username, cloud.password
    )
    with docker_registry(auth) as registry:
        yield registry


def distribution(store: Store, host: str, cloud: Emulator) -> World:
    repository = Repository(host, next(PATHS))

    def registry(password: str) -> RepositoryHandle:
        settings = {host: RegistrySettings(username=cloud.username, password=password)}
        return Registries(settings).open(repository)

    return World(store, registry(cloud.password), registry("wrong"), repository, deletes_tags=store is cloud)


def acr_enterprise(cloud: Emulator) -> World:
    repository = Repository(cloud.enterprise_host, next(PATHS))

    def registry(secret: str) -> RepositoryHandle:
        directory = Registries(
            {cloud.enterprise_host: RegistrySettings(endpoint=cloud.url)},
            credentials=Credentials(cloud.access_key_id, secret),
            cr_endpoint=cloud.url,
        )
        return directory.open(repository)

    return World(cloud, registry(cloud.access_key_secret), registry("wrong"), repository, knows_settings=True)


def acr_personal(cloud: Emulator) -> World:
    host = "registry.cn-hangzhou.aliyuncs.com"
    repository = Repository(host, next(PATHS))

    def registry(secret: str, password: str) -> RepositoryHandle:
        directory = Registries(
            {host: RegistrySettings(endpoint=cloud.url, username=cloud.username, password=password)},
            credentials=Credentials(cloud.access_key_id, secret),
            cr_endpoint=cloud.url,
        )
        return directory.open(repository)

    return World(cloud, registry(cloud.access_key_secret, cloud.password), registry("wrong", "wrong"), repository)


WORLDS: dict[str, Callable[[pytest.FixtureRequest, Emulator], World]] = {
    "distribution@docker-registry": lambda request, cloud: distribution(
        debian := request.getfixturevalue("debian"), debian.host, cloud
    ),
    "distribution@emulator": lambda _, cloud: distribution(cloud, cloud.address, cloud),
    "acr_personal@emulator": lambda _, cloud: acr_personal(cloud),
    "acr_enterprise@emulator": lambda _, cloud: acr_enterprise(cloud),
}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, cloud: Emulator) -> World:
    return WORLDS[request.param](request, cloud)


def test_every_tag_is_listed_once(world: World) -> None:
    digest = world.store.push(world.path, "v0", content="one")
    for number in range(1, 111):
        world.store.retag(world.path, f"v{number}", to=digest)
    records = world.handle.list_tags()
    assert len(records) == 111
    assert {record.tag for record in records} == {f"v{number}" for number in range(111)}
    assert {record.digest for record in records} <= {None, digest}


def test_a_tag_is_resolved_to_what_was_pushed_and_again_after_it_moved(world: World) -> None:
    first = world.store.push(world.path, "main", content="one")
    assert world.handle.resolve("main").digest == first
    second = world.store.push(world.path, "main", content="two")
    assert second != first
    record = world.handle.resolve("main")
    assert (record.tag, record.digest) == ("main", second)


def test_a_missing_repository_is_not_found(world: World) -> None:
    with pytest.raises(RepositoryNotFound, match=world.path):
        world.handle.list_tags()
    with pytest.raises((RepositoryNotFound, TagNotFound), match=world.path):
        world.handle.resolve("main")


def test_a_missing_tag_and_a_deleted_digest_are_not_found(world: World) -> None:
    digest = Digest(world.store.push(world.path, "main", content="to be deleted"))
    knows = world.knows_settings
    assert world.handle.is_immutable() is (False if knows else None)
    assert world.handle.is_private() is (True if knows else None)
    with pytest.raises(TagNotFound, match="absent"):
        world.handle.resolve("absent")
    with pytest.raises(TagNotFound):
        world.handle.add_tag("mine", Digest(f"sha256:{'0' * 64}"), like="absent")
    world.store.delete_manifest(world.path, digest)
    with pytest.raises(TagNotFound, match=digest):
        world.handle.manifest(digest)


def test_wrong_credentials_are_denied_and_not_shown(world: World) -> None:
    digest = Digest(world.store.push(world.path, "main", content="one"))
    for ask in (
        lambda: world.stranger.list_tags(),
        lambda: world.stranger.resolve("main"),
        lambda: world.stranger.manifest(digest),
        lambda: world.stranger.created(["main"]),
        lambda: world.stranger.add_tag("mine", digest, like="main"),
        lambda: world.stranger.delete_tag("main"),
    ):
        with pytest.raises(RegistryDenied) as denied:
            ask()
        assert "wrong" not in str(denied.value)


def test_a_plain_image_names_its_own_platform(world: World) -> None:
    digest = Digest(world.store.push(world.path, "main", content="one", platforms=("linux/arm64",)))
    manifest = world.handle.manifest(digest)
    assert (manifest.digest, manifest.platform, manifest.children) == (digest, "linux/arm64", {})
    assert manifest.digest_for("linux/amd64") is None


def test_an_index_names_a_child_for_each_platform(world: World) -> None:
    digest = Digest(
        world.store.push(world.path, "main", content="one", platforms=("linux/amd64", "linux/arm64"), index=True)
    )
    manifest = world.handle.manifest(digest)
    assert set(manifest.children) == {"linux/amd64", "linux/arm64"}
    child = manifest.digest_for("linux/amd64")
    assert child is not None
    assert child != digest
    assert world.handle.manifest(child).platform == "linux/amd64"


def test_the_time_of_a_build_is_known_for_images_and_indexes_and_not_for_vanished_tags(world: World) -> None:
    world.store.push(world.path, "plain", content="one", created=BUILT)
    world.store.push(world.path, "index", content="two", index=True, created=BUILT)
    built = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    times = world.handle.created(["plain", "index", "vanished"])
    assert set(times) == {"plain", "index"}
    assert times["plain"] == built


@pytest.mark.parametrize("index", [False, True], ids=["of an image", "of an index"])
def test_a_second_name_keeps_its_digest_when_the_first_one_moves(world: World, index: bool) -> None:
    digest = Digest(world.store.push(world.path, "main", content="one", index=index))
    for _ in range(2):  # doing it again changes nothing
        world.handle.add_tag("mine", digest, like="main")
    world.store.push(world.path, "main", content="two")
    assert world.handle.resolve("mine").digest == digest


def test_other_programs_can_push_with_what_they_are_reported(world: World) -> None:
    target = world.handle.push_target()
    assert target.plain_http
    assert target.login.password
    assert target.login.password not in repr(target)
    base = f"http://{target.address}/v2"
    challenge = urllib3.request("GET", f"{base}/", retries=False).headers["WWW-Authenticate"]
    realm, service = (re.findall(f'{name}="([^"]+)"', challenge)[0] for name in ("realm", "service"))
    fields = {"service": service, "scope": f"repository:{world.path}:pull,push"}
    token = urllib3.request("GET", realm, fields=fields, headers={"Authorization": target.login.basic}, retries=False)
    bearer = {"Authorization": f"Bearer {token.json()['token']}"}
    begun = urllib3.request("POST", f"{base}/{world.path}/blobs/uploads/", headers=bearer, retries=False)
    assert begun.status == 202, begun.data


def test_deleting_a_name_leaves_its_digest_and_is_reported_where_a_registry_cannot(world: World) -> None:
    digest = Digest(world.store.push(world.path, "main", content="one"))
    world.handle.add_tag("mine", digest, like="main")
    if not world.deletes_tags:
        with pytest.raises(RegistryError, match="does not support deleting single tags"):
            world.handle.delete_tag("mine")
    else:
        for _ in range(2):  # what is gone already is removed
            world.handle.delete_tag("mine")
        with pytest.raises(TagNotFound):
            world.handle.resolve("mine")
    assert world.handle.resolve("main").digest == digest
