"""Errors of the Devs API. No document lists its codes: these are ours; the HTTP status is what counts."""

from fcpin.emulator.wire import ApiError, WireResponse


class DevsError(ApiError):
    """`{"code": …, "message": …, "requestId": …}`."""


def invalid(message: str) -> DevsError:
    return DevsError(400, "InvalidArgument", message)


def exists(kind: str, name: str) -> DevsError:
    """*kind*: Pipeline or Task."""
    return DevsError(409, f"{kind}AlreadyExists", f"{kind.lower()} '{name}' already exists")


def not_found(kind: str, name: str) -> DevsError:
    return DevsError(404, f"{kind}NotFound", f"{kind.lower()} '{name}' does not exist")


def wrong_phase(kind: str, name: str, phase: str, wanted: str) -> DevsError:
    return DevsError(409, f"Invalid{kind}Status", f"{kind.lower()} '{name}' is {phase}: it cannot be {wanted}")


def conflict(kind: str, name: str, version: int) -> DevsError:
    return DevsError(409, "ResourceVersionConflict", f"{kind.lower()} '{name}' has resourceVersion {version} by now")


def path_not_supported(method: str, path: str) -> DevsError:
    return DevsError(404, "InvalidAction.NotFound", f"the emulator does not have {method} {path}")


def response(error: ApiError, request_id: str) -> WireResponse:
    body = {"code": error.code, "message": error.message, "requestId": request_id}
    return WireResponse.of_json(body, error.status, {"x-acs-request-id": request_id, **error.headers})
