"""Records of a registry, and the errors of the distribution API with the codes of its specification."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fcpin.emulator.wire import ApiError, WireResponse


@dataclass
class Tag:
    """A name for a digest, with the fields that ACR reports."""

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
class ManifestRecord:
    """An image or an index. Its bytes are stored with the blobs."""

    digest: str
    media_type: str


@dataclass
class Namespace:
    """The first part of a repository's path."""

    name: str
    id: str
    auto_create: bool = True
    """Whether a push creates a repository that does not exist."""
    default_type: str = "PRIVATE"
    """Type of a repository that a push creates."""


@dataclass
class RepositoryRecord:
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
    manifests: dict[str, ManifestRecord] = field(default_factory=dict)
    blobs: dict[str, int] = field(default_factory=dict)
    """Digest to size, of the blobs that may be read through this repository."""


class OciError(ApiError):
    """`{"errors": [{"code": …, "message": …, "detail": …}]}`."""


def unauthorized(challenge: str, message: str = "authentication required") -> OciError:
    return OciError(401, "UNAUTHORIZED", message, {"www-authenticate": challenge})


def denied(message: str) -> OciError:
    return OciError(403, "DENIED", message)


def name_unknown(path: str) -> OciError:
    return OciError(404, "NAME_UNKNOWN", f"repository name not known to registry: {path}")


def manifest_unknown(reference: str) -> OciError:
    return OciError(404, "MANIFEST_UNKNOWN", f"manifest unknown: {reference}")


def manifest_invalid(message: str) -> OciError:
    return OciError(400, "MANIFEST_INVALID", message)


def manifest_blob_unknown(digest: str) -> OciError:
    return OciError(404, "MANIFEST_BLOB_UNKNOWN", f"blob unknown to registry: {digest}")


def blob_unknown(digest: str) -> OciError:
    return OciError(404, "BLOB_UNKNOWN", f"blob unknown to registry: {digest}")


def upload_unknown(upload: str) -> OciError:
    return OciError(404, "BLOB_UPLOAD_UNKNOWN", f"blob upload unknown to registry: {upload}")


def upload_invalid(message: str, headers: Mapping[str, str] | None = None, status: int = 400) -> OciError:
    return OciError(status, "BLOB_UPLOAD_INVALID", message, headers)


def digest_invalid(message: str) -> OciError:
    return OciError(400, "DIGEST_INVALID", message)


def unsupported(method: str, path: str) -> OciError:
    return OciError(405, "UNSUPPORTED", f"the operation is unsupported: {method} {path}")


def response(error: ApiError) -> WireResponse:
    body = {"errors": [{"code": error.code, "message": error.message, "detail": None}]}
    return WireResponse.of_json(body, error.status, error.headers)
