"""Errors of Function Compute, with its codes and its shape."""

from fcpin.emulator.signature_schemes import SignatureProblem, SignatureRejected
from fcpin.emulator.wire import ApiError, WireResponse


class FcError(ApiError):
    """`{"RequestId": …, "Code": …, "Message": …}`."""


_SIGNATURE_PROBLEMS: dict[SignatureProblem, tuple[int, str]] = {
    SignatureProblem.MISSING: (400, "MissingRequiredHeader"),
    SignatureProblem.INCOMPLETE: (400, "IncompleteSignature"),
    SignatureProblem.UNKNOWN_KEY: (403, "InvalidAccessKeyID"),
    SignatureProblem.INACTIVE_KEY: (403, "InvalidAccessKeyId.Inactive"),
    SignatureProblem.TOKEN_MISSING: (403, "MissingSecurityToken"),
    SignatureProblem.TOKEN_MISMATCH: (403, "InvalidSecurityToken.MismatchWithAccessKey"),
    SignatureProblem.TOKEN_EXPIRED: (403, "InvalidSecurityToken.Expired"),
    SignatureProblem.EXPIRED: (400, "InvalidTimeStamp.Expired"),
    SignatureProblem.NONCE_USED: (400, "SignatureNonceUsed"),
    SignatureProblem.BODY: (403, "SignatureNotMatch"),
    SignatureProblem.MISMATCH: (403, "SignatureNotMatch"),
}


def rejected(error: SignatureRejected) -> FcError:
    status, code = _SIGNATURE_PROBLEMS[error.problem]
    message = str(error)
    if error.problem is SignatureProblem.MISSING:
        message = "required HTTP header Authorization was not specified"
    if code == "SignatureNotMatch":
        message = (
            "The request signature we calculated does not match the signature you provided. "
            f"Check your access key and signing method. {error}"
        )
    return FcError(status, code, message)


def invalid(message: str) -> FcError:
    return FcError(400, "InvalidArgument", message)


def function_not_found(name: str) -> FcError:
    return FcError(404, "FunctionNotFound", f"function '{name}' does not exist")


def function_exists(name: str) -> FcError:
    return FcError(409, "FunctionAlreadyExists", f"function '{name}' already exists")


def version_not_found(name: str, version: str) -> FcError:
    return FcError(404, "VersionNotFound", f"version '{version}' does not exist in function '{name}'")


def alias_not_found(name: str, alias: str) -> FcError:
    return FcError(404, "AliasNotFound", f"alias '{alias}' does not exist in function '{name}'")


def alias_exists(name: str, alias: str) -> FcError:
    return FcError(409, "AliasAlreadyExists", f"alias '{alias}' already exists in function '{name}'")


def concurrent_update(name: str) -> FcError:
    return FcError(409, "ConcurrentUpdateError", f"function '{name}' is being updated by another request")


def function_locked(name: str, by: str) -> FcError:
    return FcError(403, "FunctionLocked", f"function '{name}' is locked by {by}")


def function_not_empty(name: str) -> FcError:
    return FcError(409, "FunctionNotEmpty", f"function '{name}' has active triggers")


def trigger_not_found(name: str, trigger: str) -> FcError:
    return FcError(404, "TriggerNotFound", f"trigger '{trigger}' does not exist in function '{name}'")


def trigger_exists(name: str, trigger: str) -> FcError:
    return FcError(409, "TriggerAlreadyExists", f"trigger '{trigger}' already exists in function '{name}'")


def path_not_supported(method: str, path: str) -> FcError:
    return FcError(400, "PathNotSupported", f"'{path}' against '{method}' is not supported")


def response(error: ApiError, request_id: str) -> WireResponse:
    body = {"RequestId": request_id, "Code": error.code, "Message": error.message}
    return WireResponse.of_json(body, error.status, {"x-fc-request-id": request_id, **error.headers})
