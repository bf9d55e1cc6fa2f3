"""One way to call the APIs of Alibaba Cloud: credentials, signature, limits, JSON, errors.

The SDK signs; the request is sent by `exchange`, because the SDK reads responses without a limit of size or time and
follows redirects to any host. See docs/adr/0010.
The SDK is imported inside the functions: importing it takes 0.3 s, which a run without a call need not pay.
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from fcpin.call_statistics import Outcome, calls
from fcpin.errors import InvalidSettings, Problem, one_line
from fcpin.http.credentials import Account, CredentialIdentity, Credentials, Profile
from fcpin.http.errors import NO_CREDENTIALS, CloudError
from fcpin.http.limits import Limits

if TYPE_CHECKING:
    from fcpin.http.exchange import NoResponse, Response

T = TypeVar("T")

_NOT_FOUND: Final = 404
_FIRST_REDIRECT: Final = 300
_FIRST_ERROR: Final = 400
_ALGORITHM: Final = "ACS3-HMAC-SHA256"
_SHOWN: Final = 200
"""Characters shown of a server's text."""
_CREDENTIAL_SECONDS: Final = 60.0
_CAUSE: Final = 500
"""Characters shown of the chain's message, which has a sentence for each of its sources."""


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

    Nothing is retried here: `repeating` does. Proxies come from HTTP_PROXY, HTTPS_PROXY and NO_PROXY, and none is used
    for this machine. Raises InvalidSettings for an endpoint that is not valid.
    """

    def __init__(self, endpoint: str, version: str, account: Account | None, *, limits: Limits | None = None) -> None:
        self._scheme, self._host = split_endpoint(endpoint)
        self._version = version
        self._source = CredentialSource(account)
        self._limits = limits or Limits()

    def call(
        self,
        service: str,
        action: str,
        method: str,
        path: str,
        read: Callable[[Any], T],
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        may_be_empty: bool = False,
    ) -> T:
        """What *read* makes of the JSON of the response; of `{}` for an empty one that *may_be_empty*.

        The call is counted under *service*; *read* may raise WrongShape, or CloudError for a failure with HTTP 200.
        Raises CloudError as `send` does, and a temporary one for a response that is cut off or not JSON.
        """
        outcome = Outcome.FAILED
        try:
            response = self.send(action, method, path, query=query, body=body)
            found = read({} if may_be_empty and not response.body else _json_of(response))
            outcome = Outcome.OK
        except CloudError as error:
            if error.is_throttled:
                outcome = Outcome.THROTTLED
            elif error.status == _NOT_FOUND:
                outcome = Outcome.OK
            raise
        finally:
            calls.count(service, action, outcome)
        return found

    def send(
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
        from fcpin.http.exchange import NoResponse, exchange

        given = self._source.find().credentials
        payload = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = self._signed(action, method, path, query or {}, payload, given, is_json=body is not None)
        url = f"{self._scheme}://{self._host}{path}"
        if query:
            url += f"?{urlencode(query, quote_via=quote, safe='~')}"
        try:
            response = exchange(method, url, headers, payload or None, self._limits)
        except NoResponse as error:
            raise _no_response(error) from None
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


def _json_of(response: "Response") -> Any:
    try:
        return msgspec.json.decode(response.body)
    except (ValueError, RecursionError):
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
        body = msgspec.json.decode(response.body)
    except (ValueError, RecursionError):
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


def _no_response(error: "NoResponse") -> CloudError:
    from fcpin.http.exchange import TooLarge, Unreachable

    if isinstance(error, TooLarge):
        return CloudError("AnswerTooLarge", 0, str(error), is_from_api=False, is_malformed=True)
    if isinstance(error, Unreachable):
        return CloudError("Unreachable", 0, str(error), temporary=True, is_from_api=False)
    return CloudError("NoConnection", 0, str(error), is_from_api=False)


@dataclass(frozen=True, slots=True)
class FoundCredentials:
    """Credentials, and the chain's name of their source: `default/env`; empty for a key given by hand."""

    source: str
    credentials: Credentials


class CredentialSource:
    """Signing credentials of *account*; without one, of the default chain of alibabacloud-credentials.

    The chain may send requests (metadata service, STS, OIDC, a credentials URI) and start a program. It bounds neither
    the size nor the total time of a response, follows redirects, and has no hook for another transport. So it runs in a
    thread of its own, which is abandoned after *seconds*.
    """

    def __init__(self, account: Account | None, *, seconds: float = _CREDENTIAL_SECONDS) -> None:
        self._account = account
        self._seconds = seconds
        self._lock = threading.Lock()
        self._client: Any = None

    def find(self) -> FoundCredentials:
        """Raises CloudError."""
        if isinstance(self._account, Credentials):
            return _checked(FoundCredentials("", self._account))
        try:
            client = self._chain()
        except Exception as error:  # whatever a source raises about its own settings
            raise _no_credentials(error) from None
        return _checked(self._find(client))

    def _find(self, client: Any) -> FoundCredentials:
        found: list[Any] = []
        failed: list[BaseException] = []

        def find() -> None:
            try:
                found.append(client.get_credential())
            except BaseException as error:  # passed on to the waiting thread
                failed.append(error)

        thread = threading.Thread(target=find, name="fcpin-credentials", daemon=True)
        thread.start()
        thread.join(self._seconds)
        if failed:
            raise _no_credentials(failed[0]) from None
        if not found:
            raise CloudError(
                "Unreachable",
                0,
                f"no credentials within {self._seconds:g} s: a source of the chain (metadata service, STS, OIDC, "
                "credentials URI or program) does not finish its response",
                temporary=True,
                is_from_api=False,
            )
        key, secret = found[0].get_access_key_id(), found[0].get_access_key_secret()
        token = found[0].get_security_token() or ""
        return FoundCredentials(str(found[0].get_provider_name() or ""), Credentials(key, secret, token))

    def _chain(self) -> Any:
        from alibabacloud_credentials.client import Client
        from alibabacloud_credentials.provider import CLIProfileCredentialsProvider

        log = logging.getLogger("credentials")  # prints tracebacks of its own to standard error
        log.handlers[:], log.propagate = [logging.NullHandler()], False
        with self._lock:
            if self._client is None:
                profile = self._account.name if isinstance(self._account, Profile) else ""
                provider = CLIProfileCredentialsProvider(profile_name=profile) if profile else None
                self._client = Client(provider=provider)
            return self._client


def _checked(found: FoundCredentials) -> FoundCredentials:
    """*found*, if it can stand in a header."""
    given = found.credentials
    for value in (given.access_key_id, given.access_key_secret, given.security_token):
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            break
    else:
        if given.access_key_id and given.access_key_secret:
            return found
    raise CloudError(
        "InvalidAccessKeyId.Malformed",
        0,
        "the access key, its secret or its security token is empty, or has characters other than printable ASCII",
        is_from_api=False,
    )


def _no_credentials(error: BaseException) -> CloudError:
    # A source's message may end in the whole response of a service that issues credentials.
    cause = one_line(" ".join(str(getattr(error, "message", None) or error).split())).partition("result")[0]
    return CloudError(
        NO_CREDENTIALS,
        0,
        "no credentials found; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, "
        "or any other source of the default chain of alibabacloud-credentials "
        f"({cause[:_CAUSE]})",
        is_from_api=False,
    )


def identify(account: Account | None) -> CredentialIdentity:
    """Find the credentials of *account*, which may take requests to STS or to the metadata service.

    Raises CloudError when none of them has credentials.
    """
    found = CredentialSource(account).find()
    return CredentialIdentity(found.source, found.credentials.access_key_id, bool(found.credentials.security_token))
