"""One way to talk to Alibaba Cloud through its SDKs: configuration, credentials, errors, retries.

The SDKs are imported inside the functions: importing them costs 0.3 s, which a run that makes no call need not pay.
"""

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import stamina

from fcpin import tally
from fcpin.errors import FcpinError, InvalidSettings, Problem

T = TypeVar("T")

# Without a handler of its own, stamina's note of every retry would go to the user's standard error.
logging.getLogger("stamina").addHandler(logging.NullHandler())

CONNECT_TIMEOUT_MS: Final = 5_000
READ_TIMEOUT_MS: Final = 20_000

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
_NOT_FOUND: Final = 404
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = range(500, 600)


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
    ) -> None:
        self.code, self.status, self.message, self.request_id = code, status, message, request_id
        self.retry_after = retry_after
        self.is_temporary = temporary or _is_temporary(code, status)
        self.is_throttled = status == _TOO_MANY or code in _THROTTLED_CODES or code.startswith(_THROTTLING)
        self.is_without_credentials = code == _NO_CREDENTIALS
        self.is_denied = is_denial(code)
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


def sdk_config(endpoint: str, region: str, account: Account | None) -> Any:
    """An `alibabacloud_tea_openapi.models.Config` for *endpoint* (`host[:port]`, or a URL whose scheme is kept).

    Without *account* the default chain of alibabacloud-credentials is asked at the first call.
    The SDK never retries by itself with this configuration: `retrying` does.
    """
    from alibabacloud_credentials.client import Client as CredentialClient
    from alibabacloud_tea_openapi.utils_models import Config

    chatter = logging.getLogger("credentials")  # prints tracebacks of its own to standard error
    chatter.handlers[:], chatter.propagate = [logging.NullHandler()], False
    scheme, host = split_endpoint(endpoint)
    config = Config(
        endpoint=host,
        protocol=scheme,
        region_id=region,
        connect_timeout=CONNECT_TIMEOUT_MS,
        read_timeout=READ_TIMEOUT_MS,
    )
    if isinstance(account, Credentials):
        config.access_key_id = account.access_key_id
        config.access_key_secret = account.access_key_secret
        config.security_token = account.security_token or None
    else:
        config.credential = CredentialClient(provider=_of_profile(account) if account else None)
    return config


def _of_profile(profile: Profile) -> Any:
    from alibabacloud_credentials.provider import CLIProfileCredentialsProvider

    return CLIProfileCredentialsProvider(profile_name=profile.name)


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


def check_proxy(endpoint: str, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse a loopback endpoint behind a proxy: the SDKs ignore NO_PROXY. Raises InvalidSettings."""
    scheme, host = split_endpoint(endpoint)
    names = [name for name in (f"{scheme}_proxy".upper(), f"{scheme}_proxy") if environment.get(name)]
    if names and urlsplit(f"//{host}").hostname in {"127.0.0.1", "localhost", "::1"}:
        raise InvalidSettings(
            Problem(
                "",
                f"{endpoint} is on this machine, but {names[0]} is set and the SDK ignores NO_PROXY; unset {names[0]}",
            )
        )


def send(
    client: Any,
    action: str,
    version: str,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: object = None,
    style: Literal["ROA", "RPC"] = "ROA",
    answer: Literal["json", "none", "string"] = "json",
) -> Mapping[str, Any]:
    """One request by an SDK's *client*, signed with an access key; `body` and `statusCode` of the answer.

    *path* as it is on the wire; *answer*: how its body is read. Raises whatever the SDK raises: see `cloud_errors`.
    """
    from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
    from darabonba.runtime import RuntimeOptions

    params = Params(
        action=action,
        version=version,
        protocol="HTTPS",
        pathname=path,
        method=method,
        auth_type="AK",
        style=style,
        req_body_type="json",
        body_type=answer,
    )
    reply: Mapping[str, Any] = client.call_api(params, OpenApiRequest(query=query, body=body), RuntimeOptions())
    return reply


@contextmanager
def counted(service: str, operation: str) -> Iterator[None]:
    """Turn whatever one SDK call raises into CloudError, and count the call (see tally)."""
    outcome = tally.Outcome.FAILED
    try:
        with cloud_errors():
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
def cloud_errors() -> Iterator[None]:
    """Turn whatever an SDK raises into CloudError."""
    from alibabacloud_credentials.exceptions import CredentialException
    from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
    from Tea.exceptions import TeaException, UnretryableException

    try:
        yield
    except AlibabaCloudException as error:
        raise _answered(error) from None
    except UnretryableException as error:
        if isinstance(error.inner_exception, CredentialException):
            raise _no_credentials(error.inner_exception) from None
        raise CloudError("Unreachable", 0, _transport(error.inner_exception), temporary=True) from None
    except CredentialException as error:
        raise _no_credentials(error) from None
    except TeaException as error:
        raise CloudError(error.code or "SdkError", 0, error.message or str(error)) from None


def _answered(error: Any) -> CloudError:
    body = error.data if isinstance(error.data, dict) else {}
    message = str(body.get("Message") or body.get("message") or error.message)
    return CloudError(
        code=str(error.code),
        status=error.status_code or 0,
        message=_first_line(message),
        request_id=str(body.get("RequestId") or body.get("requestId") or ""),
        temporary=bool(error.retry_after),
        retry_after=error.retry_after / 1000 if error.retry_after else None,
    )


def _no_credentials(error: Any) -> CloudError:
    return CloudError(
        _NO_CREDENTIALS,
        0,
        "no credentials found; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, "
        "or any other source of the default chain of alibabacloud-credentials "
        f"({_first_line(error.message)[:_CAUSE]})",
    )


def _transport(error: BaseException) -> str:
    """The cause in words: requests nests it in the names of three layers."""
    text = _first_line(getattr(error, "message", error))
    cause = re.search(
        r"\[Errno -?\d+\] ([\w ,-]+)|(timed out|Remote end closed connection|certificate verify failed)", text
    )
    return (cause[1] or cause[2]).lower() if cause else text


def _first_line(text: object) -> str:
    lines = str(text).strip().splitlines()
    return lines[0] if lines else "no answer"


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
