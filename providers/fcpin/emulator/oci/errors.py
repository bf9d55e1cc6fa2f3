"""Errors of the distribution API, with the codes of its specification."""

from collections.abc import Mapping

from fcpin.emulator.wire import ApiError, WireResponse


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
