"""Cached build times: read once, never wrong, and never a reason to fail."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fcpin.emulator import Emulator
from fcpin.image import Digest, Repository
from fcpin.registry.build_times import BuildTime, BuildTimes
from fcpin.registry.registries import Registries
from fcpin.registry.settings import RegistrySettings

PATH = "shop/app"
A, B = Digest(f"sha256:{'a' * 64}"), Digest(f"sha256:{'b' * 64}")
BUILT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


@pytest.fixture
def kept(tmp_path: Path) -> BuildTimes:
    return BuildTimes(tmp_path / "cache")


def created(cloud: Emulator, kept: BuildTimes | None, *tags: str) -> dict[str, datetime]:
    """Read in a run of its own; the recorded calls are those of this run alone."""
    host = "registry.example.com"
    login = RegistrySettings(endpoint=cloud.url, username=cloud.username, password=cloud.password)
    registries = Registries({host: login}, build_times=kept)
    cloud.calls.clear()
    found = dict(registries.open(Repository(host, PATH)).created(tags))
    registries.close()
    return found


@pytest.mark.parametrize("found", [BuildTime(BUILT), BuildTime(None)], ids=["a time", "no time"])
def test_what_was_put_is_found(kept: BuildTimes, found: BuildTime) -> None:
    assert kept.get(A) is None
    kept.put(A, found)
    assert kept.get(A) == found
    assert kept.get(B) is None


def test_an_image_is_looked_into_once_whatever_its_tags_and_again_after_a_move(
    cloud: Emulator, kept: BuildTimes
) -> None:
    cloud.push(PATH, "plain", content="one", created="2026-01-02T03:04:05Z")
    cloud.push(PATH, "index", content="two", index=True, created="2026-01-03T00:00:00Z")
    first = created(cloud, kept, "plain", "index")
    assert cloud.calls.count("GET blob") == 2
    cloud.retag(PATH, "again", to="plain")
    assert created(cloud, kept, "plain", "index", "again") == {**first, "again": first["plain"]}
    assert cloud.calls.count("GET blob") == 0
    assert created(cloud, None, "plain", "index") == first
    cloud.push(PATH, "plain", content="three", created="2026-02-03T00:00:00Z")
    assert created(cloud, kept, "plain")["plain"] == datetime(2026, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize("text", [b"", b"2026-01-01T00:00:00", b"\xff\xfe"], ids=repr)
def test_what_cannot_be_read_is_not_known(kept: BuildTimes, tmp_path: Path, text: bytes) -> None:
    kept.put(A, BuildTime(BUILT))
    (tmp_path / "cache" / A.removeprefix("sha256:")).write_bytes(text)
    assert kept.get(A) is None
    kept.put(A, BuildTime(BUILT))
    assert kept.get(A) == BuildTime(BUILT)


def test_a_folder_that_cannot_be_written_is_no_failure(cloud: Emulator, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cloud.push(PATH, "main", created="2026-01-02T00:00:00Z")
    assert set(created(cloud, BuildTimes(tmp_path / "file" / "cache"), "main")) == {"main"}


def test_runs_at_the_same_time_do_not_disturb_one_another(kept: BuildTimes, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: kept.put(A, BuildTime(BUILT)), range(64)))
    assert kept.get(A) == BuildTime(BUILT)
    assert [file.name for file in (tmp_path / "cache").iterdir()] == [A.removeprefix("sha256:")]


def test_the_older_half_makes_room(tmp_path: Path) -> None:
    kept = BuildTimes(tmp_path, most=10)
    digests = [Digest(f"sha256:{number:064x}") for number in range(11)]
    for age, digest in enumerate(digests):
        kept.put(digest, BuildTime(BUILT))
        os.utime(tmp_path / digest.removeprefix("sha256:"), (age, age))
    kept.trim()
    assert [digest for digest in digests if kept.get(digest)] == digests[-5:]


def test_it_is_in_the_user_s_cache(tmp_path: Path) -> None:
    kept = BuildTimes.of_user({"XDG_CACHE_HOME": str(tmp_path)})
    assert kept is not None
    kept.put(A, BuildTime(BUILT))
    (file,) = (tmp_path / "fcpin" / "build-times").iterdir()
    assert file.stat().st_mode & 0o077 == 0
