"""What a policy needs of a registry: tags with their times, the digest of one, a platform that fits."""

import logging
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fcpin.errors import PlatformMissing, TagNotFound
from fcpin.image import Digest, Manifest, Repository, SameDigest, TagRecord
from fcpin.policy import Policy, Ranking, Selection
from fcpin.registry.base import Registry

_log = logging.getLogger(__name__)
_DIGITS: Final = re.compile(r"(\d+)", re.ASCII)

ATTESTED: Final = (
    "has build attestations beside the image (provenance or an SBOM), which Function Compute does not run: "
    "'platform of image is unknown/unknown'; build it without: docker buildx build --provenance=false --sbom=false"
)
"""What is to be said of such an image. Source: FAQ of custom containers."""


def rank(
    policy: Policy,
    registry: Registry,
    repository: Repository,
    current: str | None,
    *,
    now: datetime,
    warn: Callable[[str], None] = _log.warning,
) -> Ranking:
    """Rank the tags of *repository* by *policy*, with the build times that it needs while *current* is deployed.

    Nothing is listed for a suspended policy. *warn* takes a line when there are more tags than may be looked into for
    their build time. Raises RegistryError, InvalidPolicy.
    """
    tags = () if policy.suspend else registry.list_tags(repository)
    return _with_build_times(Ranking(policy, tags), registry, repository, current, now, warn)


class Rankings:
    """The rankings of one run: functions that share repository, policy and build times share one. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._rankings: dict[tuple[Repository, Policy], _Shared] = {}
        self._lock = threading.Lock()

    def select(
        self,
        policy: Policy,
        repository: Repository,
        current: str | None,
        *,
        current_by: str = "",
        now: datetime,
        min_age_bypass: bool = False,
        warn: Callable[[str], None] = _log.warning,
    ) -> tuple[Selection, Ranking]:
        """Return what *policy* selects, and the ranking that it selects from. Raises RegistryError, InvalidPolicy."""
        tags = () if policy.suspend else self._registry.list_tags(repository)
        with self._lock:
            shared = self._rankings.get((repository, policy))
            if shared is None or shared.tags is not tags:
                shared = self._rankings[repository, policy] = _Shared(tags, Ranking(policy, tags))
        with shared.lock:
            ranking = _with_build_times(
                shared.ranking, self._registry, repository, current, now, warn, shared.with_build_times
            )
            selection = ranking.select(current, current_by=current_by, now=now, min_age_bypass=min_age_bypass)
        return selection, ranking


@dataclass(slots=True)
class _Shared:
    """The ranking of one listing by one policy, and those with the build times of some of its tags."""

    tags: Sequence[TagRecord]
    ranking: Ranking
    with_build_times: dict[tuple[str, ...], Ranking] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _with_build_times(
    ranking: Ranking,
    registry: Registry,
    repository: Repository,
    current: str | None,
    now: datetime,
    warn: Callable[[str], None],
    known: dict[tuple[str, ...], Ranking] | None = None,
) -> Ranking:
    wanted = ranking.needs_build_times(current, now=now)
    if not wanted:
        return ranking
    limit = ranking.policy.discovery_limit
    if len(wanted) > limit:
        warn(
            f"{repository}: {len(wanted)} tags can only be ordered by their build time, and only the "
            f"{limit} greatest by name are looked into; narrow them with filter_tags or allow_tags, "
            "or raise discovery_limit"
        )
        wanted = greatest(wanted, limit, current)
    known, key = {} if known is None else known, tuple(wanted)
    if key not in known:
        known[key] = ranking.with_build_times(registry.created(repository, wanted))
    return known[key]


def greatest(tags: Sequence[str], limit: int, current: str | None = None) -> Sequence[str]:
    """The *limit* greatest of *tags* by name, runs of digits taken as numbers; *current* is always among them."""
    found = sorted(tags, key=_by_name, reverse=True)[:limit]
    if current is None or current in found or current not in tags:
        return found
    return [*found, current]


def _by_name(tag: str) -> list[tuple[int, str]]:
    """Text and numbers by turns. Of numbers the longer is the greater, without leading zeros."""
    parts = _DIGITS.split(tag)
    numbers = (part.lstrip("0") if index % 2 else part for index, part in enumerate(parts))
    return [(len(part) if index % 2 else 0, part) for index, part in enumerate(numbers)]


def digest_of(record: TagRecord, repository: Repository) -> Digest:
    """The digest of a resolved tag. Raises TagNotFound when it has none."""
    if record.digest is None:
        raise TagNotFound(f"{repository}:{record.tag} has no digest")
    return record.digest


def same_image(registry: Registry, repository: Repository, platform: str) -> SameDigest:
    """Whether two digests are one image: an index and its child for *platform* count as equal.

    The answer costs a read of the first one's manifest where they differ. It raises RegistryError.
    """

    def same(pinned: Digest, resolved: Digest | None) -> bool:
        if resolved is None or pinned == resolved:
            return pinned == resolved
        try:
            manifest = registry.manifest(repository, pinned)
        except TagNotFound:
            return False
        return manifest.digest_for(platform) == resolved

    return same


def compressed_size(registry: Registry, repository: Repository, manifest: Manifest, platform: str) -> int | None:
    """Bytes of the layers that run on *platform*; None where the registry gives none. Two requests for an index.

    Raises RegistryError.
    """
    child = manifest.digest_for(platform)
    if child is None or child == manifest.digest:
        return manifest.size
    try:
        return registry.manifest(repository, child).size
    except TagNotFound:
        return None


def require_platform(registry: Registry, repository: Repository, tag: str, digest: Digest, platform: str) -> Manifest:
    """The manifest of an image that runs on *platform*.

    Raises PlatformMissing, TagNotFound when it is gone, RegistryError.
    """
    try:
        manifest = registry.manifest(repository, digest)
    except TagNotFound:
        raise TagNotFound(f"{repository}:{tag} was {digest} a moment ago, and that is gone") from None
    if manifest.artifact:
        raise PlatformMissing(
            f"{repository}:{tag} is not a container image but an artifact of the type {manifest.artifact}; leave such "
            "tags out with filter_tags or ignore_tags, or push images and artifacts to repositories of their own"
        )
    if manifest.digest_for(platform) is None:
        has = ", ".join(sorted(manifest.children)) or manifest.platform or "no platform at all"
        raise PlatformMissing(
            f"{repository}:{tag} has no {platform} image (it has: {has}); "
            f"build it with --platform {platform} --provenance=false"
        )
    return manifest
