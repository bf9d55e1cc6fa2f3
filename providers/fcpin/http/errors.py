"""The error of an Alibaba Cloud API, classified by its code and status."""

from typing import Final

from fcpin.errors import FcpinError

NO_CREDENTIALS: Final = "InvalidAccessKeyId.Missing"
_TEMPORARY_CODES: Final = frozenset(
    {
        "InternalError",
        "InternalServerError",
        "RequestTimeout",
        "ResourceExhausted",
        "ResourceThrottled",
        "ServiceUnavailable",
        "SystemError",
    }
)
_THROTTLING: Final = ("Throttling", "Rejected.Throttling")
_THROTTLED_CODES: Final = frozenset({"ResourceExhausted", "ResourceThrottled"})
_DENIED_CODES: Final = (
    "AccessDenied",
    "Forbidden",
    "InvalidAccessKeyI",
    "InvalidSecurityToken",
    "MissingSecurityToken",
)
_DENIED_EXACTLY: Final = frozenset({"NoPrivilege", "NoPermission", "SignatureNotMatch", "SignatureDoesNotMatch"})
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = range(500, 600)


class CloudError(FcpinError):
    """An Alibaba Cloud API returned an error, or no usable response. Each client raises it as an error of its own."""

    def __init__(
        self,
        code: str,
        status: int,
        message: str,
        *,
        request_id: str = "",
        temporary: bool = False,
        retry_after: float | None = None,
        is_from_api: bool = True,
        is_malformed: bool = False,
    ) -> None:
        self.code, self.status, self.message, self.request_id = code, status, message, request_id
        self.retry_after = retry_after
        self.is_temporary = temporary or _is_temporary(code, status)
        self.is_throttled = status == _TOO_MANY or code in _THROTTLED_CODES or code.startswith(_THROTTLING)
        self.is_without_credentials = code == NO_CREDENTIALS
        self.is_denied = is_denial(code) or status == _UNAUTHORIZED or (status == _FORBIDDEN and not is_from_api)
        self.is_from_api = is_from_api
        """Whether the API itself returned it, with a code of its own; False for a proxy's page or no response."""
        self.is_malformed = is_malformed
        """Whether it is a response that no API returns: a redirect, or one beyond the limit."""
        shown = f" (request {request_id})" if request_id else ""
        super().__init__(f"{code}: {message}{shown}")


def _is_temporary(code: str, status: int) -> bool:
    if code == NO_CREDENTIALS:
        return False
    return status == _TOO_MANY or status in _SERVER_ERRORS or is_temporary_code(code)


def is_denial(code: str) -> bool:
    """Whether *code* means that credentials are wrong or a right is missing."""
    return code in _DENIED_EXACTLY or code.startswith(_DENIED_CODES)


def is_temporary_code(code: str) -> bool:
    """Whether *code*, whatever the status, means that a later attempt may succeed."""
    return code in _TEMPORARY_CODES or code.startswith(_THROTTLING)
