"""Errors of ACR, in its two shapes: a business error with `IsSuccess: false`, and a gateway error."""

from fcpin.emulator.claims import Refusal, SignatureRefused
from fcpin.emulator.wire import ApiError, WireResponse


class AcrError(ApiError):
    """A business error. Whether it comes with HTTP 200 is a knob."""


class GatewayError(ApiError):
    """The API gateway refuses the call before ACR sees it."""


_REFUSALS: dict[Refusal, tuple[int, str]] = {
    Refusal.MISSING: (400, "MissingAuthorization"),
    Refusal.INCOMPLETE: (400, "IncompleteSignature"),
    Refusal.UNKNOWN_KEY: (404, "InvalidAccessKeyId.NotFound"),
    Refusal.INACTIVE_KEY: (403, "InvalidAccessKeyId.Inactive"),
    Refusal.TOKEN_MISSING: (400, "MissingSecurityToken"),
    Refusal.TOKEN_MISMATCH: (400, "InvalidSecurityToken.MismatchWithAccessKey"),
    Refusal.TOKEN_EXPIRED: (400, "InvalidSecurityToken.Expired"),
    Refusal.EXPIRED: (400, "InvalidTimeStamp.Expired"),
    Refusal.NONCE_USED: (400, "SignatureNonceUsed"),
    Refusal.BODY: (400, "SignatureDoesNotMatch"),
    Refusal.MISMATCH: (400, "SignatureDoesNotMatch"),
}


def refused(error: SignatureRefused) -> GatewayError:
    status, code = _REFUSALS[error.refusal]
    return GatewayError(status, code, f"Specified signature is refused: {error}")


def not_exist(what: str, name: str) -> AcrError:
    """*what*: INSTANCE, REPO, NAMESPACE."""
    return AcrError(404, f"{what}_NOT_EXIST", f"{what.lower()} does not exist: {name}")


def already_exists(what: str, name: str) -> AcrError:
    """*what*: REPO, NAMESPACE. No document has these codes: they are the emulator's own."""
    return AcrError(409, f"{what}_ALREADY_EXIST", f"{what.lower()} exists already: {name}")


def invalid(name: str, value: str) -> AcrError:
    return AcrError(400, "PARAMETER_ERROR", f"parameter {name} is {value!r}")


def missing(name: str) -> GatewayError:
    return GatewayError(400, f"Missing{name}", f"{name} is mandatory for this action.")


def response(error: ApiError, request_id: str, *, status: int | None = None) -> WireResponse:
    """*status* overrides the error's own; with 200 the shape is the one of a business error."""
    status = error.status if status is None else status
    if status == 200:
        body = {"Code": error.code, "IsSuccess": False, "RequestId": request_id}
    else:
        body = {"RequestId": request_id, "HostId": "cr.aliyuncs.com", "Code": error.code, "Message": error.message}
    return WireResponse.of_json(body, status, error.headers)
