"""What a policy reads from a registry: how many build times, and when those would be too many."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from fcpin.errors import PlatformMissing, TagNotFound
from fcpin.image import Digest, Manifest, Repository, TagRecord
from fcpin.lookup import Rankings, greatest, rank
from fcpin.policy import Policy
from fcpin.registry.registries import digest_of, require_platform

NOW = datetime(2026, 11, 22, tzinfo=UTC)
REPOSITORY = Repository("r.example.com", "shop/app")
DIGEST = Digest(f"sha256:{'a' * 64}")
COMMITS = Policy.from_spec({"family": {"name": "release"}})
NUMBERS = Policy.from_spec({"family": {"name": "main"}})


class NamesOnly:
    """A repository by the OCI protocol: names, and build times one by one."""

    def __init__(self, *tags: str, manifest: Manifest | None = None) -> None:
        self._tags, self._manifest = tags, manifest
        self.requested_times: list[str] = []
        self.name = REPOSITORY

    def list_tags(self) -> Sequence[TagRecord]:
        return [TagRecord(tag) for tag in self._tags]

    def resolve(self, tag: str) -> TagRecord:
        return TagRecord(tag, DIGEST)

    def manifest(self, digest: Digest) -> Manifest:
        if self._manifest is None:
            raise TagNotFound("gone")
        return self._manifest

    def created(self, tags: Sequence[str]) -> Mapping[str, datetime]:
        self.requested_times += tags
        return {tag: NOW + timedelta(days=index) for index, tag in enumerate(tags)}


def test_build_times_are_requested_for_the_family_alone() -> None:
    registry = NamesOnly("release-0a1b", "release-2c3d", "main-1", "latest")
    ranking = rank(COMMITS, registry, None, now=NOW)
    assert registry.requested_times == ["release-0a1b", "release-2c3d"]
    chosen = ranking.select().chosen
    assert chosen is not None
    assert chosen.tag == "release-2c3d"


def test_numbered_tags_need_no_build_times() -> None:
    registry = NamesOnly("main-1", "main-2")
    rank(NUMBERS, registry, None, now=NOW)
    assert registry.requested_times == []


def test_of_too_many_tags_the_greatest_by_name_are_looked_into_and_the_deployed_one_with_a_warning() -> None:
    registry = NamesOnly("release-0a", "release-9", "release-x", "release-10")
    warnings: list[str] = []
    few = Policy.from_spec({"family": {"name": "release"}, "discovery_limit": 2})
    Rankings().rank(few, registry, "release-0a", now=NOW, warn=warnings.append)
    assert registry.requested_times == ["release-x", "release-10", "release-0a"]
    (line,) = warnings
    for fact in ("4 tags", "2 greatest", "filter_tags", "discovery_limit"):
        assert fact in line


def test_as_many_tags_as_the_limit_are_all_looked_into_without_a_warning() -> None:
    registry = NamesOnly(*(f"release-a{number}" for number in range(COMMITS.discovery_limit)))
    warnings: list[str] = []
    Rankings().rank(COMMITS, registry, None, now=NOW, warn=warnings.append)
    assert len(registry.requested_times) == COMMITS.discovery_limit
    assert warnings == []


def test_an_image_for_another_platform_reports_what_it_has() -> None:
    registry = NamesOnly(manifest=Manifest(DIGEST, {"linux/arm64": DIGEST}))
    with pytest.raises(PlatformMissing, match=r"no linux/amd64 image \(it has: linux/arm64\)"):
        require_platform(registry, "main-1", DIGEST, "linux/amd64")
    require_platform(registry, "main-1", DIGEST, "linux/arm64")


def test_an_image_that_vanished_names_its_tag() -> None:
    with pytest.raises(TagNotFound, match="shop/app:main-1"):
        require_platform(NamesOnly(), "main-1", DIGEST, "linux/amd64")


def test_a_tag_without_a_digest_is_no_pin() -> None:
    with pytest.raises(TagNotFound, match="no digest"):
        digest_of(TagRecord("main-1"), REPOSITORY)


ORDERED = ["a", "a-2", "a-02b", "a-10", "b-1", "b-1a", "b-9", "b-10", "b-1000000000000000000000000", "c"]


@pytest.mark.parametrize("limit", [1, 4, 10, 12])
def test_the_greatest_by_name_have_numbers_compared_as_numbers(limit: int) -> None:
    assert greatest(ORDERED, limit) == greatest(sorted(ORDERED), limit) == ORDERED[::-1][:limit]


@pytest.mark.parametrize(("current", "found"), [(None, ["c", "b-9"]), ("b-9", ["c", "b-9"]), ("gone", ["c", "b-9"]), ("a", ["c", "b-9", "a"])])  # fmt: skip
def test_the_deployed_tag_is_added_to_the_greatest(current: str | None, found: list[str]) -> None:
    assert greatest(["a", "b-1", "b-9", "c"], 2, current) == found
