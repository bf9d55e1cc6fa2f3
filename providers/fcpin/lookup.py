"""What a policy needs of a registry: tags with their times, the digest of one, a platform that fits."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from fcpin.errors import PlatformMissing, TagNotFound
from fcpin.image import Digest, Manifest, Repository, SameDigest, TagRecord
from fcpin.policy import Policy
from fcpin.policy.discovery import greatest
from fcpin.registry.base import ReadableRepository

_log = logging.getLogger(__name__)

ATTESTED: Final = (
    "has build attestations beside the image (provenance or an SBOM), which Function Compute does not run: "
    "'platform of image is unknown/unknown'; build it without: docker buildx build --provenance=false --sbom=false"
)
"""What is to be said of such an image. Source: FAQ of custom containers."""


def tags_for(
    policy: Policy,
    repository: ReadableRepository,
    current: str | None,
    *,
    now: datetime,
    warn: Callable[[str], None] = _log.warning,
) -> Sequence[TagRecord]:
    """Every tag of *repository*, with the build times that *policy* needs at *now*; none for one that is suspended.

    *warn* is told when there are more tags than may be asked for their build time. Raises RegistryError, InvalidPolicy.
    """
    if policy.suspend:
        return ()
    tags = repository.list_tags()
    wanted = policy.needs_created(tags, current, now=now)
    if not wanted:
        return tags
    if len(wanted) > policy.discovery_limit:
        warn(
            f"{repository.name}: {len(wanted)} tags can only be ordered by their build time, and only the "
            f"{policy.discovery_limit} greatest by name are looked into; narrow them with filter_tags or allow_tags, "
            "or raise discovery_limit"
        )
        wanted = greatest(wanted, policy.discovery_limit, current)
    created = repository.created(wanted)
    return [replace(tag, created=created[tag.tag]) if tag.tag in created else tag for tag in tags]


def digest_of(record: TagRecord, repository: Repository) -> Digest:
    """The digest of a resolved tag. Raises TagNotFound when it has none."""
    if record.digest is None:
        raise TagNotFound(f"{repository}:{record.tag} has no digest")
    return record.digest


def same_image(repository: ReadableRepository, platform: str) -> SameDigest:
    """Whether two digests are one image: an index and its child for *platform* count as equal.

    The answer costs a read of the first one's manifest where they differ. It raises RegistryError.
    """

    def same(pinned: Digest, resolved: Digest | None) -> bool:
        if resolved is None or pinned == resolved:
            return pinned == resolved
        try:
            manifest = repository.manifest(pinned)
        except TagNotFound:
            return False
        return manifest.digest_for(platform) == resolved

    return same


def compressed_size(repository: ReadableRepository, manifest: Manifest, platform: str) -> int | None:
    """Bytes of the layers that run on *platform*; None where the registry gives none. Two requests for an index.

    Raises RegistryError.
    """
    child = manifest.digest_for(platform)
    if child is None or child == manifest.digest:
        return manifest.size
    try:
        return repository.manifest(child).size
    except TagNotFound:
        return None


def require_platform(repository: ReadableRepository, tag: str, digest: Digest, platform: str) -> Manifest:
    """The manifest of an image that runs on *platform*.

    Raises PlatformMissing, TagNotFound when it is gone, RegistryError.
    """
    try:
        manifest = repository.manifest(digest)
    except TagNotFound:
        raise TagNotFound(f"{repository.name}:{tag} was {digest} a moment ago, and that is gone") from None
    if manifest.artifact:
        raise PlatformMissing(
            f"{repository.name}:{tag} is not a container image but an artifact of the type {manifest.artifact}; leave "
            "such tags out with filter_tags or ignore_tags, or push images and artifacts to repositories of their own"
        )
    if manifest.digest_for(platform) is None:
        has = ", ".join(sorted(manifest.children)) or manifest.platform or "no platform at all"
        raise PlatformMissing(
            f"{repository.name}:{tag} has no {platform} image (it has: {has}); "
            f"build it with --platform {platform} --provenance=false"
        )
    return manifest
