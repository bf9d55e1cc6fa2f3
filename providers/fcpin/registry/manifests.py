"""Read image manifests, indexes and configurations: which platforms an image has, and when it was built.

Formats: OCI image specification 1.1 and Docker image manifest version 2, schema 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from fcpin.errors import InvalidImage, RegistryProtocolError, one_line
from fcpin.image import Digest, parse_digest

MANIFEST_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""The Accept header. Without it a registry may convert the image, and then its digest is another one."""

_IMAGE_CONFIGS: Final = frozenset(
    {
        "",
        "application/octet-stream",  # pushed by docker 1.10
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.oci.image.config.v1+json",
    }
)
"""Media types of the configuration of a container image."""
_ATTESTATION: Final = "vnd.docker.reference.type"
_UNKNOWN: Final = "unknown"
_LONGEST_TYPE: Final = 120


class UnsupportedManifest(RegistryProtocolError):
    """A manifest without platforms: Docker's schema 1, or not an image at all."""


@dataclass(frozen=True, slots=True)
class ManifestDocument:
    """A manifest as the registry stores it: an index with children, or a plain image with a configuration."""

    digest: Digest
    children: Mapping[str, Digest]
    """By platform, for an index; attestations and children without a platform are left out."""
    config: Digest | None
    """Of a plain image; None for an index, and for what is not an image."""
    is_attested: bool = False
    """Whether an index has attestations."""
    artifact: str = ""
    """The media type of what is neither; see Manifest."""
    size: int | None = None
    """Bytes of the layers of a plain image, compressed; None for an index, and where it gives none."""


def read_manifest(digest: Digest, body: Mapping[str, Any], what: str) -> ManifestDocument:
    """Raises UnsupportedManifest for anything that is neither an index nor a manifest with a configuration."""
    try:
        if isinstance(body.get("manifests"), list):
            entries = body["manifests"]
            return ManifestDocument(digest, _children(entries), None, any(map(_is_attestation, entries)))
        if artifact := _artifact(body):
            return ManifestDocument(digest, {}, None, artifact=artifact)
        size = _layers_size(body)
        return ManifestDocument(digest, {}, parse_digest(body["config"]["digest"]), size=size)
    except (KeyError, TypeError, AttributeError, InvalidImage):
        kind = body.get("mediaType") or f"schema version {body.get('schemaVersion')}"
        raise UnsupportedManifest(f"{what}: expected an image or an index, got {kind}") from None


def _artifact(body: Mapping[str, Any]) -> str:
    """The type of an artifact, or nothing for an image: OCI names it in `artifactType` or by its configuration."""
    config = _text(body["config"], "mediaType")
    return "" if config in _IMAGE_CONFIGS else one_line(_text(body, "artifactType") or config)[:_LONGEST_TYPE]


def _layers_size(body: Mapping[str, Any]) -> int | None:
    layers = body.get("layers")
    sizes = [layer.get("size") if isinstance(layer, dict) else None for layer in layers or ()]
    known = [size for size in sizes if isinstance(size, int) and size >= 0]
    return sum(known) if known and len(known) == len(sizes) else None


def _children(entries: list[Any]) -> Mapping[str, Digest]:
    children = dict[str, Digest]()
    for entry in entries:
        name = platform_name(entry.get("platform") or {})
        if name and not _is_attestation(entry):
            # The first of several is the one that container runtimes take.
            children.setdefault(name, parse_digest(entry["digest"]))
    return children


def _is_attestation(entry: Mapping[str, Any]) -> bool:
    """By the annotation or the platform of buildx; it is the platform that Function Compute rejects."""
    return (entry.get("platform") or {}).get("os") == _UNKNOWN or _ATTESTATION in (entry.get("annotations") or {})


def platform_name(fields: Mapping[str, Any]) -> str:
    """`os/architecture[/variant]` of a platform object or an image configuration; empty where it has none."""
    system, architecture, variant = (_text(fields, name) for name in ("os", "architecture", "variant"))
    if not system or not architecture or _UNKNOWN in (system, architecture):
        return ""
    return "/".join(part for part in (system, architecture, variant) if part)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def created_time(config: Mapping[str, Any]) -> datetime | None:
    """When the image was built, by its configuration; None where that has no time, or year 1."""
    try:
        moment = datetime.fromisoformat(config["created"])
        return None if moment.year == 1 else moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
