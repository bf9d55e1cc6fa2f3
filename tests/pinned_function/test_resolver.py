"""From a policy to a pin, against an emulated registry."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fcpin.emulator import Emulator
from fcpin.errors import EditionUnsupported
from fcpin.fc.rules import WITHOUT_CONTAINERS
from fcpin.http.credentials import Credentials
from fcpin.image import Digest
from fcpin.pinned_function.inputs import PinArgs
from fcpin.pinned_function.keys import POLICY_KEYS
from fcpin.pinned_function.preview_cache import PreviewCache, private
from fcpin.pinned_function.properties import Current
from fcpin.pinned_function.resolver import Resolved, Resolver
from fcpin.registry.registries import Registries
from fcpin.registry.settings import RegistrySettings
from tests.pinned_function.test_preview_cache import THIS

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Phases:
    """The phases of one `up`: each is a process of its own, and resolves."""

    def __init__(self, cloud: Emulator, folder: Path) -> None:
        self._cloud, self._folder = cloud, private(folder)
        self.log: list[str] = []

    def resolve(self, current: Current | None = None, *, now: datetime = NOW, **spec: Any) -> Resolved:
        return self.process(region=spec.pop("region", "cn-hangzhou"), now=now)(current, **spec)

    def process(
        self,
        *,
        region: str = "cn-hangzhou",
        now: datetime = NOW,
        registries: Mapping[str, RegistrySettings] | None = None,
    ) -> Callable[..., Resolved]:
        """One plugin process; it resolves each time that it is called."""
        cloud = self._cloud
        hosts = {cloud.enterprise_host: RegistrySettings(endpoint=cloud.url), **(registries or {})}
        clients = Registries(
            hosts, credentials=Credentials(cloud.access_key_id, cloud.access_key_secret), cr_endpoint=cloud.url
        )
        resolver = Resolver(
            clients, (), PreviewCache(self._folder, THIS), lambda _level, text: self.log.append(text), now
        )
        return lambda current=None, *, is_moved=False, **spec: self._resolve(resolver, region, current, is_moved, spec)

    def _resolve(
        self, resolver: Resolver, region: str, current: Current | None, is_moved: bool, spec: Mapping[str, Any]
    ) -> Resolved:
        args = {
            "function_name": "a",
            "repository": f"{self._cloud.enterprise_host}/shop/app",
            "policy": {"newest": {}},
            **spec,
        }
        policy = {key: args[key] for key in POLICY_KEYS if key in args}
        return resolver.resolve(PinArgs.read(args, region), policy, current, is_moved=is_moved)


@pytest.fixture
def phases(cloud: Emulator, tmp_path: Path) -> Phases:
    return Phases(cloud, tmp_path / "memo")


def test_a_hold_that_ends_at_the_prompt_ends_in_the_next_run(cloud: Emulator, phases: Phases) -> None:
    """What the preview showed is deployed."""
    digest = cloud.push("shop/app", "main-1", content="1")
    cloud.push("shop/app", "main-2", content="2")
    held: dict[str, Any] = {"hold": {"tag": "main-1", "until": NOW.isoformat()}}
    previewed = phases.resolve(**held, now=NOW - timedelta(seconds=1))
    updated = phases.resolve(**held, now=NOW + timedelta(seconds=1))
    assert previewed == updated
    assert (updated.pin.tag, updated.pin.digest) == ("main-1", digest)
    assert phases.resolve(**held, now=NOW + timedelta(seconds=2)).pin.tag == "main-2"
    assert any("expired" in line for line in phases.log)


def test_a_tag_that_matures_at_the_prompt_waits_for_the_next_run(cloud: Emulator, phases: Phases) -> None:
    cloud.push("shop/app", "main-1", content="1")
    moment = datetime.now(UTC) + timedelta(seconds=3600)
    cloud.advance(60)
    cloud.push("shop/app", "main-2", content="2")
    chosen = [phases.resolve(min_age="1h", now=moment + timedelta(seconds=late)).pin.tag for late in (1, 61, 62)]
    assert chosen == ["main-1", "main-1", "main-2"]


def test_an_image_with_attestations_is_warned_of_in_the_preview(cloud: Emulator, phases: Phases) -> None:
    cloud.push("shop/app", "main-1", content="1", platforms=("linux/amd64", "unknown/unknown"), index=True)
    phases.resolve()
    (warning,) = phases.log
    assert "shop/app:main-1 has build attestations" in warning
    assert "--provenance=false" in warning


OWNED: dict[str, Any] = {"cpu": 0.5, "memory_size": 512, "disk_size": 512}
GPU = {**OWNED, "gpu_config": {"gpu_type": "fc.gpu.tesla.1", "gpu_memory_size": 16384}}
GB = 1 << 30


@pytest.mark.parametrize("region", ["cn-shanghai", min(WITHOUT_CONTAINERS)])
def test_a_region_that_does_not_fit_is_warned_of(cloud: Emulator, phases: Phases, region: str) -> None:
    cloud.push("shop/app", "main-1")
    phases.resolve(region=region, adopt=True)
    there = f"a: the function is in {region}, and its image in cn-hangzhou"
    assert any(line.startswith(there) and cloud.enterprise_host in line for line in phases.log)
    warning = f"a: Function Compute runs no custom containers in {region}; choose another region"
    assert (warning in phases.log) is (region in WITHOUT_CONTAINERS)


def test_an_unchanged_image_is_not_warned_of_unless_the_function_moves(cloud: Emulator, phases: Phases) -> None:
    digest = cloud.push("shop/app", "main-1")
    current = Current("main-1", Digest(digest))
    phases.process(region="cn-shanghai")(current)
    assert phases.log == []
    phases.process(region="cn-shanghai")(current, is_moved=True)
    phases.process(region="cn-shanghai", now=NOW + timedelta(seconds=1))(None)
    assert len(phases.log) == 1, "what the preview selected is not warned of again by the update"


@pytest.mark.parametrize("specification", ["Enterprise_Economy", "economy"])
def test_an_economy_instance_is_an_error(cloud: Emulator, phases: Phases, specification: str) -> None:
    cloud.push("shop/app", "main-1")
    cloud.set_instance_specification(specification)
    with pytest.raises(EditionUnsupported, match=f"{cloud.enterprise_host} is .*Economy edition.*another registry"):
        phases.resolve()


SIZES = [
    ("as large as FC takes", 10 * GB, False, {}, ""),
    ("larger", 11 * GB, False, {}, "has 11.0 GB compressed, and FC takes up to 10 GB for a function without a GPU"),
    ("larger, as an index", 11 * GB, True, {}, "has 11.0 GB compressed"),
    ("with a GPU", 11 * GB, False, {"config": GPU}, ""),
    ("larger with a GPU", 31 * GB, False, {"config": GPU}, "takes up to 30 GB for a GPU function"),
]


@pytest.mark.parametrize(("size", "index", "spec", "fact"), [row[1:] for row in SIZES], ids=[row[0] for row in SIZES])
def test_a_large_image_is_warned_of(
    cloud: Emulator, phases: Phases, size: int, index: bool, spec: dict[str, Any], fact: str
) -> None:
    cloud.push("shop/app", "main-1", layer_size=size, index=index)
    phases.resolve(**spec)
    assert [fact in line for line in phases.log] == ([True] if fact else [])


def test_a_created_function_at_another_host_without_a_login_is_warned_of_once(cloud: Emulator, phases: Phases) -> None:
    """The host may be a custom domain of an ACR Enterprise instance, too: that is the same warning."""
    cloud.push("shop/app", "main-1")
    images = {
        "images.example.com": RegistrySettings(endpoint=cloud.url, username="emulator", password="emulator-password")
    }
    resolve = phases.process(registries=images)
    spec: dict[str, Any] = {"repository": "images.example.com/shop/app", "policy": {"family": {"name": "main"}}}
    resolve(**spec, function_name="adopted")
    assert phases.log == []
    for name in ("a", "b"):
        resolve(**spec, function_name=name, config=OWNED)
    (warning,) = phases.log
    assert warning.startswith("FC is given no login for images.example.com")
    assert "config.registry_config" in warning
    assert "custom domain" in warning


def test_an_unchanged_run_makes_no_request_for_the_rules(cloud: Emulator, phases: Phases) -> None:
    digest = cloud.push("shop/app", "main-1", index=True)
    cloud.calls.clear()
    phases.process()(Current("main-1", Digest(digest)), config=OWNED)
    assert [call.action for call in cloud.calls] == ["ListInstance", "GetRepository", "ListRepoTag", "GetRepoTag"]


def test_the_page_lists_the_regions_without_custom_containers() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "pinned-function.md").read_text()
    (row,) = (line for line in page.splitlines() if line.startswith("| The region runs no custom containers"))
    assert set(re.findall(r"[a-z]{2}-[a-z]+(?:-[a-z0-9]+)*", row.partition("a warning:")[2])) == WITHOUT_CONTAINERS
