"""Calls of Alibaba Cloud's APIs whose answers are looked at as they are, refusals included.

The clients of `fcpin.fc` and `fcpin.registry` turn an answer into what it means; here that is the question.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from fcpin.errors import FcpinError
from fcpin.openapi import Account, CloudError, Retry, check_proxy, cloud_errors, retrying, says_later, sdk_config, send

Wire = Mapping[str, Any]
"""A JSON object, with the API's own keys."""

_UNANSWERED: Final = 0
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

    def __str__(self) -> str:
        if self.is_success:
            return "accepted"
        said = f": {self.message[:_SHOWN]}" if self.message else ""
        return f"refused with HTTP {self.status} {self.code}{said}"


class NotNow(FcpinError):
    """The API throttles, fails in a passing way, or cannot be reached."""

    temporary = True


class Api:
    """One API of one region. The SDK signs and sends; it is imported at the first call.

    Credentials without the right, and passing failures after having insisted, are no answer to any question: `call`
    raises CloudError, NotNow.
    """

    def __init__(
        self,
        endpoint: str,
        region: str,
        version: str,
        style: Literal["ROA", "RPC"],
        account: Account | None,
        retry: Retry,
    ) -> None:
        check_proxy(endpoint)
        self.endpoint = endpoint
        self._region = region
        self._version = version
        self._style = style
        self._account = account
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
            with cloud_errors():
                return _said(self._send(action, method, path, query, body))
        except CloudError as error:
            where = f"{action} at {self.endpoint}: {error.message}"
            if error.is_denied:
                raise CloudError(error.code, error.status, where, request_id=error.request_id) from None
            if error.status == _UNANSWERED or says_later(error.code):
                raise NotNow(f"{where} ({error.code})") from None
            return Said(error.status, {}, error.code, error.message)

    def _send(
        self, action: str, method: str, path: str, query: Mapping[str, object] | None, body: Wire | None
    ) -> Mapping[str, Any]:
        return send(
            self._sdk,
            action,
            self._version,
            method,
            path,
            query={key: str(value) for key, value in (query or {}).items()},
            body=body,
            style=self._style,
            answer="string",  # an invocation answers whatever the function says
        )

    @cached_property
    def _sdk(self) -> Any:
        from alibabacloud_tea_openapi.client import Client

        return Client(sdk_config(self.endpoint, self._region, self._account))


def _said(answer: Mapping[str, Any]) -> Said:
    """ACR refuses with HTTP 200 and `IsSuccess: false`; an invocation may do so with a `Code`."""
    try:
        body = json.loads(answer.get("body") or "{}")
    except ValueError:
        body = {}
    wire: Wire = body if isinstance(body, dict) else {}
    refused = wire.get("IsSuccess") is False or ("Code" in wire and "IsSuccess" not in wire)
    code = str(wire.get("Code") or "NotSuccessful") if refused else ""
    return Said(int(answer["statusCode"]), wire, code, str(wire.get("Message") or ""))
