"""What a registry holds."""

from dataclasses import dataclass, field


@dataclass
class Tag:
    """A name for a digest, and what ACR reports about it."""

    name: str
    digest: str
    first_pushed_ms: int
    pushed_ms: int
    created_ms: int
    """When the image was built, by its publisher's clock."""
    size: int
    """Bytes of config and layers; of an index, 0."""
    image_id: str = ""
    """Digest of the config, bare; empty for an index."""
    status: str = "NORMAL"


@dataclass
class Manifest:
    """An image or an index. Its bytes are kept with the blobs."""

    digest: str
    media_type: str


@dataclass
class Namespace:
    """The first part of a repository's path."""

    name: str
    id: str
    auto_create: bool = True
    """Whether a push makes a repository that does not exist."""
    default_type: str = "PRIVATE"
    """Type of a repository that a push makes."""


@dataclass
class Repository:
    """Tags, manifests and blobs under one path."""

    path: str
    """`namespace/name`."""
    id: str
    created_ms: int
    modified_ms: int
    type: str = "PRIVATE"
    tag_immutability: bool = False
    summary: str = ""
    detail: str = ""
    tags: dict[str, Tag] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    blobs: dict[str, int] = field(default_factory=dict)
    """Digest to size, of the blobs that may be read through this repository."""
