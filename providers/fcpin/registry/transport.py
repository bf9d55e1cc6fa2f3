"""HTTP with limits: bounded in size and time, retried when the failure is a passing one.

Every read has a limit, no redirect carries credentials to another origin, and nothing but RegistryError comes out.
"""

import logging
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

import stamina
import urllib3
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as TimedOut

from fcpin import tally
from fcpin.clock import Clock, SystemClock
from fcpin.errors import RegistryError, RegistryProtocolError, RegistryUnavailable
from fcpin.openapi import Retry
from fcpin.registry.pools import pool_for

_log = logging.getLogger(__name__)
# Without a handler of its own, stamina's note of every retry would go to the user's standard error.
logging.getLogger("stamina").addHandler(logging.NullHandler())

MIB: Final = 1024 * 1024
REGISTRY_RETRY: Final = Retry(attempts=4, seconds=30.0, first_wait=0.2, longest_wait=5.0)

_FIRST_ERROR: Final = 400
_TOO_MANY: Final = 429
_KINDS: Final = frozenset({"manifests", "blobs", "tags"})
_GOES_ON: Final = frozenset({401, 404})
"""The challenge to log in, and what is not there."""
_TEMPORARY_STATUS: Final = frozenset({408, 429, 500, 502, 503, 504})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 3
_DIGITS: Final = re.compile(r"\s*[0-9]+\s*", re.ASCII)
_MAX_RETRY_AFTER: Final = 20.0
_BODY_SECONDS: Final = 60.0
_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, whatever its status. `url` is where the answer came from after redirects."""

    url: str
    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type, lower case and without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


class Busy(RegistryUnavailable):
    """The server answered that it cannot answer now."""

    def __init__(self, message: str, *, retry_after: float | None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of *url*: what credentials belong to. Raises ValueError when it cannot be asked."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    if port is None or not parts.hostname or parts.username is not None:
        raise ValueError(url)
    return parts.scheme, parts.hostname, port


def join(url: str, reference: str) -> str:
    """The address that the answer from *url* means by *reference*. Raises RegistryProtocolError when it is none."""
    try:
        target = urljoin(url, reference)
        origin(target)
    except ValueError:
        raise RegistryProtocolError(f"{_where(url)} sends us to {reference[:200]!r}, which is no address") from None
    return target


class Transport:
    """Sends requests of one run. Safe to share between threads."""

    def __init__(self, *, retry: Retry = REGISTRY_RETRY, clock: Clock | None = None) -> None:
        self._retry = retry
        self._clock = clock or SystemClock()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        limit: int = 4 * MIB,
        body: bytes | None = None,
        elsewhere: bool = False,
    ) -> Answer:
        """The answer to one request, of at most *limit* bytes; a status is no error unless it is a passing one.

        *elsewhere*: whether a redirect to another host is followed, without the login. Raises RegistryUnavailable once
        retrying did not help, RegistryProtocolError for an answer that is too long or redirects where it must not,
        RegistryError when the server's certificate is not trusted.
        """
        for attempt in stamina.retry_context(
            on=pause_before_retry,
            attempts=self._retry.attempts,
            timeout=self._retry.seconds,
            wait_initial=self._retry.first_wait,
            wait_max=self._retry.longest_wait,
            wait_jitter=self._retry.first_wait,
        ):
            with attempt:
                return self._follow(method, url, headers, limit, body, elsewhere=elsewhere)
        raise AssertionError("stamina raises the last error")  # pragma: no cover

    def _follow(
        self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None, *, elsewhere: bool
    ) -> Answer:
        for _ in range(_MAX_REDIRECTS + 1):
            answer = self._exchange(method, url, headers, limit, body)
            if answer.status not in _REDIRECTS:
                return answer
            target = redirect_target(answer, method)
            if not elsewhere and not _is_same_host(target, url):
                raise RegistryProtocolError(
                    f"{_where(url)} redirects {method} {urlsplit(url).path} to another host, {_where(target)}, which "
                    "is only followed for blobs; name that host as the registry, or as its endpoint"
                )
            if origin(target) != origin(url):
                headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
            url = target
        raise RegistryProtocolError(f"{_where(url)} redirected more than {_MAX_REDIRECTS} times")

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None) -> Answer:
        outcome = tally.Outcome.FAILED
        try:
            answer = self._answer(method, url, headers, limit, body)
            outcome = _outcome(answer.status)
        finally:
            tally.calls.count("registry", f"{method} {_kind(url)}", outcome)
        if answer.status in _TEMPORARY_STATUS:
            after = retry_after(answer.headers.get("Retry-After", ""), self._clock.now())
            raise Busy(
                f"{_where(url)} answered {answer.status} to {method} {urlsplit(url).path}; try again later",
                retry_after=after,
            )
        return answer

    def _answer(self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None) -> Answer:
        try:
            response = pool_for(url).request(
                method,
                url,
                headers={"User-Agent": "fcpin", "Accept-Encoding": "identity", **headers},
                body=body,
                redirect=False,
                preload_content=False,
            )
            try:
                content = b"" if method == "HEAD" else self._read(response, url, limit)
            except BaseException:
                response.close()
                raise
            response.release_conn()
        except HTTPError as error:
            _log.debug("%s %s%s: %s", method, _where(url), urlsplit(url).path, type(error).__name__)
            raise _unreachable(url, error) from None
        answer = Answer(url, response.status, response.headers, content)
        # No query: a redirected blob's is a signature.
        _log.debug("%s %s%s: %d, %d bytes", method, _where(url), urlsplit(url).path, answer.status, len(content))
        return answer

    def _read(self, response: urllib3.BaseHTTPResponse, url: str, limit: int) -> bytes:
        deadline = self._clock.monotonic() + _BODY_SECONDS
        content = bytearray()
        while chunk := response.read1(_CHUNK):
            content += chunk
            if len(content) > limit:
                raise RegistryProtocolError(
                    f"{_where(url)} sent more than {limit:,} bytes for {urlsplit(url).path}, which is not believable"
                )
            if self._clock.monotonic() > deadline:
                raise RegistryUnavailable(f"{_where(url)} was still sending after {_BODY_SECONDS:.0f} s")
        return bytes(content)


def pause_before_retry(error: Exception) -> bool | float:
    """Whether to try again after *error*, or the seconds to wait before doing so (stamina's back-off hook)."""
    if isinstance(error, Busy) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= _MAX_RETRY_AFTER else False
    return isinstance(error, RegistryError) and error.temporary


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or as a date (RFC 9110, 10.2.3); None if it does not."""
    try:
        if _DIGITS.fullmatch(value):
            return float(value)
        moment = parsedate_to_datetime(value)
        return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):  # what the standard library raises for odd dates
        return None


def _is_same_host(there: str, here: str) -> bool:
    """Whether both are one host, which may redirect from http to https by the default ports."""
    return origin(there) == origin(here) or (
        origin(there)[1] == origin(here)[1]
        and (urlsplit(here).scheme, urlsplit(there).scheme) == ("http", "https")
        and (origin(here)[2], origin(there)[2]) == (80, 443)
    )


def redirect_target(answer: Answer, method: str) -> str:
    """Where *answer* sends us. Raises RegistryProtocolError: only reads are redirected, and never away from TLS."""
    location = answer.headers.get("Location", "")
    if method not in {"GET", "HEAD"} or not location:
        raise RegistryProtocolError(f"{_where(answer.url)} answered {answer.status} without a usable Location")
    target = join(answer.url, location)
    if urlsplit(answer.url).scheme == "https" != urlsplit(target).scheme:
        raise RegistryProtocolError(f"{_where(answer.url)} redirects away from TLS, to {_where(target)}; refused")
    return target


def _outcome(status: int) -> tally.Outcome:
    if status == _TOO_MANY:
        return tally.Outcome.THROTTLED
    return tally.Outcome.OK if status < _FIRST_ERROR or status in _GOES_ON else tally.Outcome.FAILED


def _kind(url: str) -> str:
    """What of the distribution API *url* asks for, without any name in it."""
    kind = "".join(urlsplit(url).path.split("/")[-2:-1])
    return kind if kind in _KINDS else "other"


def _where(url: str) -> str:
    return urlsplit(url).netloc


def _unreachable(url: str, error: HTTPError) -> RegistryError:
    cause: BaseException = getattr(error, "reason", None) or error
    if isinstance(cause, SSLError) and isinstance(cause.args[0], ssl.SSLCertVerificationError):
        return RegistryError(
            f"{_where(url)}: its TLS certificate is not trusted ({cause.args[0].verify_message}); "
            "add its authority to the system's, or name it in SSL_CERT_FILE"
        )
    return RegistryUnavailable(f"{_where(url)} cannot be reached: {_cause(cause)}")


def _cause(error: BaseException) -> str:
    """The reason in words. urllib3 repeats the address, and a class name, in front of it."""
    if isinstance(error, NameResolutionError):
        return "there is no such host name"
    # Before "timed out", whose subclass it is.
    if isinstance(error, NewConnectionError) and isinstance(error.__cause__, OSError):
        return (error.__cause__.strerror or str(error.__cause__)).lower()
    if isinstance(error, TimedOut):
        return "timed out"
    return str(error.args[0] if error.args else error).rstrip(".").lower()
