"""One way to call the APIs of Alibaba Cloud: signature, limits, errors.

The SDK signs; the request is sent by `exchange`, because the SDK reads responses without a limit of size or time and
follows redirects to any host. See docs/adr/0010.
The SDK is imported inside the functions: importing it takes 0.3 s, which a run without a call need not pay.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from fcpin import call_statistics
from fcpin.errors import InvalidSettings, Problem, one_line
from fcpin.http.credentials import Account, Credentials, CredentialSource
from fcpin.http.errors import CloudError
from fcpin.http.limits import Limits
from fcpin.json_reader import read_json

if TYPE_CHECKING:
    from fcpin.http.exchange import Response

_NOT_FOUND: Final = 404
_FIRST_REDIRECT: Final = 300
_FIRST_ERROR: Final = 400
_ALGORITHM: Final = "ACS3-HMAC-SHA256"
_SHOWN: Final = 200
"""Characters shown of a server's text."""


def split_endpoint(endpoint: str) -> tuple[str, str]:
    """Scheme and `host[:port]`; https unless the endpoint has another one. Raises InvalidSettings."""
    try:
        url = urlsplit(endpoint if "//" in endpoint else f"https://{endpoint}")
        valid = url.scheme in {"http", "https"} and url.hostname and url.port != 0 and url.path in {"", "/"}
        valid = valid and not url.query and not url.username
    except ValueError:  # a port or an IPv6 address that is none
        valid = False
    if not valid:
        raise InvalidSettings(
            Problem("", "is not a valid endpoint; expected https://HOST[:PORT], without user, path or query")
        )
    return url.scheme, url.netloc


class OpenApi:
    """One version of an API at *endpoint*: `host[:port]`, or a URL whose scheme is kept. Safe to share by threads.

    Nothing is retried here: `retrying` does. Proxies come from HTTP_PROXY, HTTPS_PROXY and NO_PROXY, and none is used
    for this machine. Raises InvalidSettings for an endpoint that is not valid.
    """

    def __init__(self, endpoint: str, version: str, account: Account | None, *, limits: Limits | None = None) -> None:
        self._scheme, self._host = split_endpoint(endpoint)
        self._version = version
        self._source = CredentialSource(account)
        self._limits = limits or Limits()

    def call(
        self,
        action: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> "Response":
        """The successful response to one signed request; *path* as it is on the wire, *body* sent as JSON.

        Raises CloudError for every other one: an error, a redirect, no response within the limits.
        """
        from fcpin.http.exchange import exchange

        given = self._source.find().credentials
        payload = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = self._signed(action, method, path, query or {}, payload, given, is_json=body is not None)
        url = f"{self._scheme}://{self._host}{path}"
        if query:
            url += f"?{urlencode(query, quote_via=quote, safe='~')}"
        with _transport_errors():
            response = exchange(method, url, headers, payload or None, self._limits)
        if response.status >= _FIRST_REDIRECT:
            raise _error(response, given)
        return response

    def _signed(
        self,
        action: str,
        method: str,
        path: str,
        query: Mapping[str, str],
        payload: bytes,
        given: Credentials,
        *,
        is_json: bool,
    ) -> Mapping[str, str]:
        from alibabacloud_tea_openapi.utils import Utils
        from darabonba.request import DaraRequest

        hashed = Utils.hash(payload, _ALGORITHM).hex()
        request = DaraRequest()
        request.method, request.pathname, request.query = method, path, dict(query)
        request.headers = {
            "host": self._host,
            "accept": "application/json",
            "x-acs-version": self._version,
            "x-acs-action": action,
            "x-acs-date": Utils.get_timestamp(),
            "x-acs-signature-nonce": Utils.get_nonce(),
            "x-acs-content-sha256": hashed,
        }
        if is_json:
            request.headers["content-type"] = "application/json; charset=utf-8"
        if given.security_token:
            request.headers["x-acs-accesskey-id"] = given.access_key_id
            request.headers["x-acs-security-token"] = given.security_token
        authorization = Utils.get_authorization(
            request, _ALGORITHM, hashed, given.access_key_id, given.access_key_secret
        )
        return {**request.headers, "Authorization": authorization}


def json_of(response: "Response") -> object:
    """The JSON of a successful response. Raises a temporary CloudError when it is cut off or not JSON."""
    try:
        return read_json(response.body)
    except ValueError:
        raise CloudError(
            "NotJson",
            response.status,
            f"expected JSON, got {_described(response)}",
            temporary=True,
            is_from_api=False,
        ) from None


def _described(response: "Response") -> str:
    """Size and type of the body, without any of its content, which may be secret."""
    if not response.body:
        return "an empty body"
    return f"{len(response.body):,} bytes of {one_line(response.content_type) or 'no content type'}"


def _error(response: "Response", given: Credentials) -> CloudError:
    """The error in a response that is not a success."""
    from fcpin.http.exchange import retry_after

    if response.status < _FIRST_ERROR:
        message = f"redirects to {_target(response)}; redirects of an API are not followed"
        return CloudError("Redirected", response.status, message, is_from_api=False, is_malformed=True)
    try:
        body = read_json(response.body)
    except ValueError:
        body = None
    wire = body if isinstance(body, dict) else {}
    code, message, request_id = (_error_text(wire, name) for name in ("Code", "Message", "RequestId"))
    for secret in (given.security_token, given.access_key_secret):  # SignatureDoesNotMatch repeats what was signed
        message = message.replace(secret, "[secret]") if secret else message
    requested = _milliseconds(response.headers.get("x-acs-retry-after", ""))
    later = retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC))
    return CloudError(
        code[:_SHOWN] or f"Http{response.status}",
        response.status,
        message[:_SHOWN] or (f"the response is {_described(response)}" if not code else "no message"),
        request_id=request_id[:_SHOWN],
        temporary=requested is not None,
        retry_after=later if requested is None else requested,
        is_from_api=bool(code),
    )


def _error_text(wire: Mapping[str, Any], name: str) -> str:
    """A field of an error, which some APIs begin with a small letter."""
    value = wire.get(name) or wire.get(name[0].lower() + name[1:])
    return one_line(" ".join(value.split())) if isinstance(value, str) else ""


def _target(response: "Response") -> str:
    """The host of a Location. No more of it: a query may be a signature."""
    try:
        return one_line(urlsplit(response.headers.get("Location", "")).hostname or "the same host")[:_SHOWN]
    except ValueError:
        return "a URL that is not valid"


def _milliseconds(text: str) -> float | None:
    """Seconds that `x-acs-retry-after` requests."""
    return int(text) / 1000 if text.isascii() and text.isdigit() and len(text) < 12 and int(text) else None


@contextmanager
def counted(service: str, operation: str) -> Iterator[None]:
    """Count the call by its outcome (see call_statistics)."""
    outcome = call_statistics.Outcome.FAILED
    try:
        yield
        outcome = call_statistics.Outcome.OK
    except CloudError as error:
        if error.is_throttled:
            outcome = call_statistics.Outcome.THROTTLED
        elif error.status == _NOT_FOUND:
            outcome = call_statistics.Outcome.OK
        raise
    finally:
        call_statistics.calls.count(service, operation, outcome)


@contextmanager
def _transport_errors() -> Iterator[None]:
    from fcpin.http.exchange import NoResponse, TooLarge, Unreachable

    try:
        yield
    except TooLarge as error:
        raise CloudError("AnswerTooLarge", 0, str(error), is_from_api=False, is_malformed=True) from None
    except Unreachable as error:
        raise CloudError("Unreachable", 0, str(error), temporary=True, is_from_api=False) from None
    except NoResponse as error:
        raise CloudError("NoConnection", 0, str(error), is_from_api=False) from None
