"""One way to call the APIs of Alibaba Cloud: credentials, signature, limits, errors, retries.

The SDK finds the credentials and signs; the request is sent by `exchange`, because the SDK reads answers without a
limit of size or time and follows redirects to any host. See docs/adr/0010.
The SDK is imported inside the functions: importing it costs 0.3 s, which a run that makes no call need not pay.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import stamina

from fcpin import tally
from fcpin.errors import FcpinError, InvalidSettings, Problem
from fcpin.json_reader import read_json
from fcpin.limits import Limits

if TYPE_CHECKING:
    from fcpin.exchange import Answer

T = TypeVar("T")

# Without a handler of its own, stamina's note of every retry would go to the user's standard error.
logging.getLogger("stamina").addHandler(logging.NullHandler())

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
_NOT_FOUND: Final = 404
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = range(500, 600)
_FIRST_REDIRECT: Final = 300
_FIRST_ERROR: Final = 400
_ALGORITHM: Final = "ACS3-HMAC-SHA256"
_CREDENTIAL_SECONDS: Final = 60.0
_SHOWN: Final = 200
"""Characters shown of what a server wrote."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key given by hand. Never printed."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Credentials | None":
        """The variables of Terraform's and Pulumi's alicloud providers, which the SDKs do not read themselves."""
        key, secret = environment.get("ALICLOUD_ACCESS_KEY"), environment.get("ALICLOUD_SECRET_KEY")
        if not key or not secret:
            return None
        return cls(key, secret, environment.get("ALICLOUD_SECURITY_TOKEN", ""))


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of the Alibaba Cloud CLI, in `~/.aliyun/config.json`: access key, role, OIDC, whatever it says."""

    name: str


Account = Credentials | Profile
"""As whom Alibaba Cloud is asked."""


class CloudError(FcpinError):
    """What an Alibaba Cloud API answered instead of a result. The clients turn it into errors of their own tree."""

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
        self.is_without_credentials = code == _NO_CREDENTIALS
        self.is_denied = is_denial(code) or status == _UNAUTHORIZED or (status == _FORBIDDEN and not is_from_api)
        self.is_from_api = is_from_api
        """Whether the API itself refused, with a code of its own; False for a proxy's page, or no answer at all."""
        self.is_malformed = is_malformed
        """Whether it is an answer that no API gives: a redirect, or one beyond the limit."""
        shown = f" (request {request_id})" if request_id else ""
        super().__init__(f"{code}: {message}{shown}")


def _is_temporary(code: str, status: int) -> bool:
    if code == _NO_CREDENTIALS:
        return False
    return status == _TOO_MANY or status in _SERVER_ERRORS or says_later(code)


def is_denial(code: str) -> bool:
    """Whether an API's *code* says that credentials are wrong or a right is missing."""
    return code in _DENIED_EXACTLY or code.startswith(_DENIED_CODES)


def says_later(code: str) -> bool:
    """Whether an API's *code* by itself asks to try again later."""
    return code in _TEMPORARY_CODES or code.startswith(_THROTTLING)


_NO_CREDENTIALS: Final = "InvalidAccessKeyId.Missing"
_CAUSE: Final = 500
"""Characters shown of what the chain says: it has a sentence for each of its sources."""


@dataclass(frozen=True, slots=True)
class FoundCredentials:
    """Credentials, and the chain's name of their source: `default/env`; empty for a key given by hand."""

    source: str
    credentials: Credentials


class CredentialSource:
    """Signing credentials of *account*; without one, of the default chain of alibabacloud-credentials.

    The chain may send requests (metadata service, STS, OIDC, a credentials URI) and start a program. It bounds neither
    the size nor the total time of an answer, follows redirects, and has no hook for another transport. So it runs in a
    thread of its own that is waited for *seconds*, and left behind when they are over.
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
        return _checked(self._ask(client))

    def _ask(self, client: Any) -> FoundCredentials:
        found: list[Any] = []
        failed: list[BaseException] = []

        def ask() -> None:
            try:
                found.append(client.get_credential())
            except BaseException as error:  # passed on to the waiting thread
                failed.append(error)

        thread = threading.Thread(target=ask, name="fcpin-credentials", daemon=True)
        thread.start()
        thread.join(self._seconds)
        if failed:
            raise _no_credentials(failed[0]) from None
        if not found:
            raise CloudError(
                "Unreachable",
                0,
                f"no credentials within {self._seconds:g} s: a source of the chain (metadata service, STS, OIDC, "
                "credentials URI or program) does not finish its answer",
                temporary=True,
                is_from_api=False,
            )
        key, secret = found[0].get_access_key_id(), found[0].get_access_key_secret()
        token = found[0].get_security_token() or ""
        return FoundCredentials(str(found[0].get_provider_name() or ""), Credentials(key, secret, token))

    def _chain(self) -> Any:
        from alibabacloud_credentials.client import Client
        from alibabacloud_credentials.provider import CLIProfileCredentialsProvider

        chatter = logging.getLogger("credentials")  # prints tracebacks of its own to standard error
        chatter.handlers[:], chatter.propagate = [logging.NullHandler()], False
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


def split_endpoint(endpoint: str) -> tuple[str, str]:
    """Scheme and `host[:port]`; https unless the endpoint says otherwise. Raises InvalidSettings."""
    try:
        url = urlsplit(endpoint if "//" in endpoint else f"https://{endpoint}")
        valid = url.scheme in {"http", "https"} and url.hostname and url.port != 0 and url.path in {"", "/"}
        valid = valid and not url.query and not url.username
    except ValueError:  # a port or an IPv6 address that is none
        valid = False
    if not valid:
        raise InvalidSettings(Problem("", "is no endpoint; expected https://HOST[:PORT], without user, path or query"))
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
    ) -> "Answer":
        """The successful answer to one signed request; *path* as it is on the wire, *body* sent as JSON.

        Raises CloudError for every other one: a refusal, a redirect, no answer within the limits.
        """
        from fcpin.exchange import exchange

        given = self._source.find().credentials
        payload = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = self._signed(action, method, path, query or {}, payload, given, is_json=body is not None)
        url = f"{self._scheme}://{self._host}{path}"
        if query:
            url += f"?{urlencode(query, quote_via=quote, safe='~')}"
        with _transport_errors():
            answer = exchange(method, url, headers, payload or None, self._limits)
        if answer.status >= _FIRST_REDIRECT:
            raise _refusal(answer, given)
        return answer

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


def json_of(answer: "Answer") -> object:
    """The JSON of a successful answer. Raises CloudError, a temporary one, when it is cut off or something else."""
    try:
        return read_json(answer.body)
    except ValueError:
        raise CloudError(
            "NotJson",
            answer.status,
            f"expected JSON, got {_described(answer)}",
            temporary=True,
            is_from_api=False,
        ) from None


def _described(answer: "Answer") -> str:
    """What came, without any of its content: an answer may hold secrets."""
    if not answer.body:
        return "an empty body"
    return f"{len(answer.body):,} bytes of {one_line(answer.content_type) or 'no content type'}"


def _refusal(answer: "Answer", given: Credentials) -> CloudError:
    """The error in an answer that is no success."""
    from fcpin.exchange import retry_after

    if answer.status < _FIRST_ERROR:
        message = f"redirects to {_target(answer)}; redirects of an API are not followed"
        return CloudError("Redirected", answer.status, message, is_from_api=False, is_malformed=True)
    try:
        body = read_json(answer.body)
    except ValueError:
        body = None
    wire = body if isinstance(body, dict) else {}
    code, message, request_id = (_error_text(wire, name) for name in ("Code", "Message", "RequestId"))
    for secret in (given.security_token, given.access_key_secret):  # SignatureDoesNotMatch repeats what was signed
        message = message.replace(secret, "[secret]") if secret else message
    asked = _milliseconds(answer.headers.get("x-acs-retry-after", ""))
    later = retry_after(answer.headers.get("Retry-After", ""), datetime.now(UTC))
    return CloudError(
        code[:_SHOWN] or f"Http{answer.status}",
        answer.status,
        message[:_SHOWN] or (f"the answer is {_described(answer)}" if not code else "no message"),
        request_id=request_id[:_SHOWN],
        temporary=asked is not None,
        retry_after=later if asked is None else asked,
        is_from_api=bool(code),
    )


def _error_text(wire: Mapping[str, Any], name: str) -> str:
    """A field of an error, which some APIs begin with a small letter."""
    value = wire.get(name) or wire.get(name[0].lower() + name[1:])
    return one_line(value) if isinstance(value, str) else ""


def _target(answer: "Answer") -> str:
    """The host of a Location. No more of it: a query may be a signature."""
    try:
        return one_line(urlsplit(answer.headers.get("Location", "")).hostname or "the same host")[:_SHOWN]
    except ValueError:
        return "an address that is not valid"


def _milliseconds(text: str) -> float | None:
    """Seconds that `x-acs-retry-after` asks for."""
    return int(text) / 1000 if text.isascii() and text.isdigit() and len(text) < 12 and int(text) else None


@contextmanager
def counted(service: str, operation: str) -> Iterator[None]:
    """Count the call by what comes of it (see tally)."""
    outcome = tally.Outcome.FAILED
    try:
        yield
        outcome = tally.Outcome.OK
    except CloudError as error:
        if error.is_throttled:
            outcome = tally.Outcome.THROTTLED
        elif error.status == _NOT_FOUND:
            outcome = tally.Outcome.OK
        raise
    finally:
        tally.calls.count(service, operation, outcome)


@contextmanager
def _transport_errors() -> Iterator[None]:
    from fcpin.exchange import NoAnswer, TooLarge, Unreachable

    try:
        yield
    except TooLarge as error:
        raise CloudError("AnswerTooLarge", 0, str(error), is_from_api=False, is_malformed=True) from None
    except Unreachable as error:
        raise CloudError("Unreachable", 0, str(error), temporary=True, is_from_api=False) from None
    except NoAnswer as error:
        raise CloudError("NoConnection", 0, str(error), is_from_api=False) from None


def _no_credentials(error: BaseException) -> CloudError:
    # A source's sentence may end in the whole answer of a service that hands out credentials.
    cause = one_line(getattr(error, "message", None) or error).partition("result")[0]
    return CloudError(
        _NO_CREDENTIALS,
        0,
        "no credentials found; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, "
        "or any other source of the default chain of alibabacloud-credentials "
        f"({cause[:_CAUSE]})",
        is_from_api=False,
    )


def one_line(text: object, otherwise: str = "") -> str:
    """*text* on one line, without control characters; *otherwise* when nothing is left."""
    words = " ".join(str(text).split())
    return "".join(letter if letter.isprintable() else "?" for letter in words) or otherwise


@dataclass(frozen=True, slots=True)
class Retry:
    """How long to insist on a call that failed for a passing reason."""

    attempts: int = 6
    seconds: float = 45.0
    first_wait: float = 0.2
    longest_wait: float = 8.0


def retrying(call: Callable[[], T], retry: Retry) -> T:
    """Repeat *call* while it raises a temporary FcpinError, with jittered exponential back-off; nothing else."""

    def wait(error: Exception) -> bool | float:
        if not isinstance(error, FcpinError) or not error.temporary:
            return False
        return True if error.retry_after is None else min(error.retry_after, retry.longest_wait)

    for attempt in stamina.retry_context(
        on=wait,
        attempts=retry.attempts,
        timeout=retry.seconds,
        wait_initial=retry.first_wait,
        wait_max=retry.longest_wait,
        wait_jitter=retry.first_wait,
    ):
        with attempt:
            return call()
    raise AssertionError("stamina raises the last error")  # pragma: no cover
