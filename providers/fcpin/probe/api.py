"""Calls of Alibaba Cloud's APIs whose answers are looked at as they are, refusals included.

The clients of `fcpin.fc` and `fcpin.registry` turn an answer into what it means; here that is the question.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fcpin.errors import FcpinError
from fcpin.http.credentials import Account
from fcpin.http.errors import CloudError, is_temporary_code
from fcpin.http.limits import Retry, retrying
from fcpin.http.openapi import OpenApi
from fcpin.json_reader import JsonFields, Wire, read_json

if TYPE_CHECKING:
    from fcpin.http.exchange import Response

_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Said:
    """One answer."""

    status: int
    """Of HTTP."""
    body: Wire = field(repr=False)
    """Empty for a refusal, and for an answer that is no JSON object."""
    code: str = ""
    """Of a refusal, in whatever shape it came; empty for a success."""
    message: str = ""

    @property
    def is_success(self) -> bool:
        return not self.code

    def fields(self, what: str) -> JsonFields:
        """The body as *what*. Its methods raise WrongShape."""
        return JsonFields(self.body, what)

    def __str__(self) -> str:
        if self.is_success:
            return "accepted"
        said = f": {self.message[:_SHOWN]}" if self.message else ""
        return f"refused with HTTP {self.status} {self.code}{said}"


class NotNow(FcpinError):
    """The API throttles, fails in a passing way, or cannot be reached."""

    temporary = True


class Api:
    """One version of one API. The SDK, which signs, is imported at the first call.

    Credentials without the right, passing failures after retrying, and answers that no API gives answer no question:
    `call` raises CloudError, NotNow.
    """

    def __init__(self, endpoint: str, version: str, account: Account | None, retry: Retry) -> None:
        self.endpoint = endpoint
        self._api = OpenApi(endpoint, version, account)
        self._retry = retry

    def call(
        self,
        action: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: Wire | None = None,
    ) -> Said:
        """*path* as it is on the wire. Raises CloudError, NotNow."""
        return retrying(lambda: self._once(action, method, path, query, body), self._retry)

    def _once(self, action: str, method: str, path: str, query: Mapping[str, object] | None, body: Wire | None) -> Said:
        try:
            sent = {key: str(value) for key, value in (query or {}).items()}
            return _said(self._api.call(action, method, path, query=sent, body=body))
        except CloudError as error:
            where = f"{action} at {self.endpoint}: {error.message}"
            if is_temporary_code(error.code) or (error.is_temporary and not error.is_from_api):
                raise NotNow(f"{where} ({error.code})") from None
            if error.is_denied or not error.is_from_api:
                raise CloudError(error.code, error.status, where, request_id=error.request_id) from None
            return Said(error.status, {}, error.code, error.message)


def _said(answer: "Response") -> Said:
    """ACR refuses with HTTP 200 and `IsSuccess: false`; an invocation may do so with a `Code`.

    An invocation answers what the function answers, which need not be JSON.
    """
    try:
        body = read_json(answer.body)
    except ValueError:
        body = None
    wire: Wire = body if isinstance(body, dict) else {}
    refused = wire.get("IsSuccess") is False or ("Code" in wire and "IsSuccess" not in wire)
    code = str(wire.get("Code") or "NotSuccessful") if refused else ""
    return Said(answer.status, wire, code, str(wire.get("Message") or ""))
