"""Which registry serves a host, and how many requests it gets."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fcpin.emulator import Emulator
from fcpin.errors import InvalidSettings, RegistryDenied, RegistryUnavailable, RepositoryNotFound
from fcpin.http.credentials import Credentials
from fcpin.http.retries import Retry
from fcpin.image import Digest, Repository
from fcpin.registry.acr_enterprise import AcrEnterprise
from fcpin.registry.acr_personal import AcrPersonal
from fcpin.registry.distribution import Distribution
from fcpin.registry.registries import Registries
from fcpin.registry.settings import RegistrySettings

PUBLIC = "registry.cn-hangzhou.aliyuncs.com"
ONCE = Retry(attempts=1)


@pytest.fixture
def registries(cloud: Emulator) -> Iterator[Registries]:
    """ACR Personal's host of Hangzhou and the Enterprise instance, both served by the emulator."""
    registries = Registries(
        {
            PUBLIC: RegistrySettings(endpoint=cloud.url, username=cloud.username, password=cloud.password),
            cloud.enterprise_host: RegistrySettings(endpoint=cloud.url),
        },
        credentials=Credentials(cloud.access_key_id, cloud.access_key_secret),
        cr_endpoint=cloud.url,
        retry=ONCE,
    )
    yield registries
    registries.close()


SERVED: list[tuple[str, type]] = [
    (PUBLIC, AcrPersonal),
    ("registry-intl-internal.ap-southeast-2.aliyuncs.com", AcrPersonal),
    ("crpi-abc123.cn-hangzhou.personal.cr.aliyuncs.com", AcrPersonal),
    ("ghcr.io", Distribution),
    ("localhost:5000", Distribution),
    ("demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com", AcrEnterprise),
    ("demo-registry.cn-hangzhou.cr.aliyuncs.com.evil.example", Distribution),
]


@pytest.mark.parametrize(("host", "kind"), SERVED)
def test_a_host_is_served_by(host: str, kind: type, registries: Registries) -> None:
    assert type(registries.open(Repository(host, "shop/app"))._memo.registry()) is kind


def test_all_hosts_of_a_registry_share_one_listing(registries: Registries, cloud: Emulator) -> None:
    cloud.push("shop/app", "v1")
    hosts = (PUBLIC, "registry-vpc.cn-hangzhou.aliyuncs.com", "registry-internal.cn-hangzhou.aliyuncs.com")
    with ThreadPoolExecutor(8) as pool:
        listings = list(
            pool.map(lambda n: registries.open(Repository(hosts[n % 3], "shop/app")).list_tags(), range(24))
        )
    assert all(listing is listings[0] for listing in listings)
    assert cloud.calls.count("GetRepoTags") == 1


def test_a_listing_begun_in_the_background_is_the_one_that_is_used(registries: Registries, cloud: Emulator) -> None:
    repositories = [Repository(cloud.enterprise_host, f"shop/app{number}") for number in range(12)]
    for repository in repositories:
        cloud.push(repository.path, "v1")
    registries.start_listing(repositories + repositories)
    registries.start_listing([Repository(cloud.enterprise_host, "no/such")])
    for repository in repositories:
        assert [record.tag for record in registries.open(repository).list_tags()] == ["v1"]
    assert cloud.calls.count("ListRepoTag") == 12
    assert cloud.calls.count("ListInstance") == 1


def test_a_listing_is_made_again_after_a_passing_failure_and_not_after_a_refusal(
    registries: Registries, cloud: Emulator
) -> None:
    cloud.push("shop/app", "v1")
    cloud.fail_next("ListRepoTag", status=503, code="ServiceUnavailable")
    with pytest.raises(RegistryUnavailable):
        registries.open(Repository(cloud.enterprise_host, "shop/app")).list_tags()
    assert len(registries.open(Repository(cloud.enterprise_host, "shop/app")).list_tags()) == 1
    cloud.calls.clear()
    for _ in range(2):
        with pytest.raises(RepositoryNotFound):
            registries.open(Repository(cloud.enterprise_host, "no/such")).list_tags()
    assert cloud.calls.count("GetRepository") == 1


def test_a_tag_is_resolved_again_or_once(registries: Registries, cloud: Emulator) -> None:
    repository = Repository(PUBLIC, "shop/app")
    first = cloud.push("shop/app", "main", content="one")
    assert registries.open(repository).resolve_once("main").digest == first
    second = cloud.push("shop/app", "main", content="two")
    assert registries.open(repository).resolve("main").digest == second
    assert registries.open(repository).resolve_once("main").digest == first


def test_what_never_changes_is_called_once(registries: Registries, cloud: Emulator) -> None:
    repository = Repository(PUBLIC, "shop/app")
    digest = Digest(cloud.push("shop/app", "v1", content="one", created="2026-01-02T03:04:05Z"))
    for _ in range(2):
        assert registries.open(repository).manifest(digest).platform == "linux/amd64"
    before = cloud.calls.count("GET manifest")
    for tags in (["v1"], ["v1", "v1"]):
        assert registries.open(repository).created(tags) == {"v1": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}
    assert cloud.calls.count("GET manifest") == before + 1


@pytest.mark.parametrize("site", ["registry{}.cn-hangzhou.aliyuncs.com", "registry-intl{}.cn-hangzhou.aliyuncs.com"])
def test_the_login_of_docker_is_used_for_every_host_of_a_registry(
    cloud: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: str
) -> None:
    auths = {site.format("-internal"): {"username": cloud.username, "password": cloud.password}}
    (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    digest = cloud.push("shop/app", "v1")
    settings = {site.format("-vpc"): RegistrySettings(endpoint=cloud.url)}
    registries = Registries(
        settings,
        credentials=Credentials(cloud.access_key_id, cloud.access_key_secret),
        cr_endpoint=cloud.url,
        retry=ONCE,
    )
    for network in ("", "-vpc", "-internal"):
        repository = Repository(site.format(network), "shop/app")
        (record,) = registries.open(repository).list_tags()
        assert record.pushed is not None
        assert registries.open(repository).resolve("v1").digest == digest
    assert cloud.calls.count("GetRepoTags") == 1
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "empty"))
    with pytest.raises(RegistryDenied, match="no login was used"):
        Registries(settings).open(Repository(site.format(""), "shop/app")).list_tags()


def test_push_times_can_be_done_without(cloud: Emulator) -> None:
    cloud.push("shop/app", "v1")
    login = RegistrySettings(endpoint=cloud.url, username=cloud.username, password=cloud.password, push_times=False)
    credentials = Credentials(cloud.access_key_id, cloud.access_key_secret)
    registries = Registries({PUBLIC: login}, credentials=credentials, cr_endpoint=cloud.url, retry=ONCE)
    (record,) = registries.open(Repository(PUBLIC, "shop/app")).list_tags()
    assert record.pushed is None
    assert cloud.calls.count("GetRepoTags") == 0


ANOTHER = "another-registry.cn-hangzhou.cr.aliyuncs.com"


def test_an_instance_of_another_account_is_read_by_its_login(cloud: Emulator) -> None:
    reported: list[str] = []
    digest = cloud.push("shop/app", "v1")
    settings = {ANOTHER: RegistrySettings(endpoint=cloud.url, username=cloud.username, password=cloud.password)}
    credentials = Credentials(cloud.access_key_id, cloud.access_key_secret)
    registries = Registries(
        settings, credentials=credentials, cr_endpoint=cloud.url, retry=ONCE, report=reported.append
    )
    repository = Repository(ANOTHER, "shop/app")
    assert [(record.tag, record.pushed) for record in registries.open(repository).list_tags()] == [("v1", None)]
    assert registries.open(repository).resolve("v1").digest == digest
    (line,) = reported
    assert "no push times" in line
    assert "'another'" in line


def test_an_instance_of_another_account_needs_a_login_and_the_right_to_look_for_instances(cloud: Emulator) -> None:
    credentials = Credentials(cloud.access_key_id, cloud.access_key_secret)
    registries = Registries(credentials=credentials, cr_endpoint=cloud.url, retry=ONCE)
    with pytest.raises(RepositoryNotFound, match=r"no ACR Enterprise instance named 'another'.*username and password"):
        registries.open(Repository(ANOTHER, "shop/app")).list_tags()
    cloud.fail_next("ListInstance", status=403, code="NoPrivilege")
    settings = {ANOTHER: RegistrySettings(endpoint=cloud.url, username=cloud.username, password=cloud.password)}
    registries = Registries(settings, credentials=credentials, cr_endpoint=cloud.url, retry=ONCE)
    with pytest.raises(RegistryDenied, match="cr:ListInstance"):
        registries.open(Repository(ANOTHER, "shop/app")).list_tags()


def test_two_settings_for_one_registry_are_refused() -> None:
    hosts = (PUBLIC, "registry-vpc.cn-hangzhou.aliyuncs.com")
    with pytest.raises(InvalidSettings, match="same registry"):
        Registries({host: RegistrySettings() for host in hosts})
