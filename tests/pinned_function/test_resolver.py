"""From a policy to a pin, against an emulated registry."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from fcpin.openapi import Credentials
from fcpin.pinned_function.inputs import Current, PinArgs
from fcpin.pinned_function.keys import POLICY_KEYS
from fcpin.pinned_function.resolver import Resolved, Resolver
from fcpin.pinned_function.run_memo import RunMemo, private
from fcpin.registry.directory import RegistryDirectory
from fcpin.registry.settings import RegistrySettings
from tests.pinned_function.test_run_memo import THIS

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Phases:
    """The phases of one `up`: each is a process of its own, and resolves."""

    def __init__(self, cloud: Emulator, folder: Path) -> None:
        self._cloud, self._folder = cloud, private(folder)
        self.said: list[str] = []

    def resolve(self, current: Current | None = None, *, now: datetime = NOW, **spec: Any) -> Resolved:
        cloud = self._cloud
        args = {
            "function_name": "a",
            "repository": f"{cloud.enterprise_host}/shop/app",
            "policy": {"newest": {}},
            **spec,
        }
        directory = RegistryDirectory(
            {cloud.enterprise_host: RegistrySettings(endpoint=cloud.url)},
            credentials=Credentials(cloud.access_key_id, cloud.access_key_secret),
            cr_endpoint=cloud.url,
        )
        memo = RunMemo(self._folder, THIS)
        resolver = Resolver(directory, (), memo, lambda _level, text: self.said.append(text), now)
        policy = {key: args[key] for key in POLICY_KEYS if key in args}
        return resolver.resolve(PinArgs.read(args, "cn-hangzhou"), policy, current)


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
    assert any("expired" in line for line in phases.said)


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
    (warning,) = phases.said
    assert "shop/app:main-1 has build attestations" in warning
    assert "--provenance=false" in warning
