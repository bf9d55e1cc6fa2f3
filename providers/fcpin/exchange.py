"""One HTTP request and its answer, bounded in size and time. Redirects are not followed, failures not repeated."""

import logging
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import (
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as TimedOut

from fcpin.limits import Limits
from fcpin.pools import pool_for

_log = logging.getLogger(__name__)

_CHUNK: Final = 64 * 1024
_INVALID: Final = (
    "the request cannot be sent: its host, a header, or the address of the proxy (HTTP_PROXY, HTTPS_PROXY; expected "
    "http://HOST:PORT) is not valid"
)
_DIGITS: Final = re.compile(r"\s*[0-9]+\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer, whatever its status. `url` is what was requested."""

    url: str
    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type, lower case and without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


class NoAnswer(Exception):
    """There is no answer that can be used. `str()` is the reason, without the address."""


class Unreachable(NoAnswer):
    """No connection, a broken one, or a body that cannot be inflated. May pass."""


class TooSlow(Unreachable):
    """The answer did not end in time."""


class NotTrusted(NoAnswer):
    """The server's TLS certificate is not trusted."""


class NotSent(NoAnswer):
    """The request, or the address of a proxy, is not valid."""


class TooLarge(NoAnswer):
    """The body exceeds the limit."""


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or as a date (RFC 9110, 10.2.3); None if it does not."""
    try:
        if _DIGITS.fullmatch(value):
            return float(value)
        moment = parsedate_to_datetime(value)
        return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):  # what the standard library raises for odd dates
        return None


def exchange(method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits) -> Answer:
    """The answer to one request, a redirect or a refusal too. Raises NoAnswer."""
    where = f"{urlsplit(url).netloc}{urlsplit(url).path}"  # no query: a redirected blob's is a signature
    try:
        response = pool_for(url).request(
            method,
            url,
            headers={"User-Agent": "fcpin", "Accept-Encoding": "identity", **headers},
            body=body,
            redirect=False,
            preload_content=False,
            timeout=urllib3.Timeout(connect=limits.connect, read=limits.silence),
        )
        try:
            content = b"" if method == "HEAD" else _read(response, limits)
        except BaseException:
            response.close()
            raise
        response.release_conn()
    except LocationValueError:  # its text repeats the address of the proxy, which may have a password
        raise NotSent(_INVALID) from None
    except HTTPError as error:
        _log.debug("%s %s: %s", method, where, type(error).__name__)
        raise _no_answer(error, limits) from None
    except ValueError:  # its text repeats a header, which may be a token
        raise NotSent(_INVALID) from None
    _log.debug("%s %s: %d, %d bytes", method, where, response.status, len(content))
    return Answer(url, response.status, response.headers, content)


def _read(response: urllib3.BaseHTTPResponse, limits: Limits) -> bytes:
    content = bytearray()
    while chunk := response.read1(_CHUNK):
        content += chunk
        if len(content) > limits.size:
            raise TooLarge(f"the answer exceeds {limits.size:,} bytes")
    return bytes(content)


def _no_answer(error: HTTPError, limits: Limits) -> NoAnswer:
    cause: BaseException = getattr(error, "reason", None) or error
    if isinstance(cause, SSLError) and isinstance(cause.args[0], ssl.SSLCertVerificationError):
        return NotTrusted(
            f"its TLS certificate is not trusted ({cause.args[0].verify_message}); "
            "add its authority to the system's, or name it in SSL_CERT_FILE"
        )
    if isinstance(cause, ReadTimeoutError):
        return TooSlow(f"timed out: no byte for {limits.silence:g} s, or no complete answer within {limits.total:g} s")
    return Unreachable(f"cannot be reached: {_reason(cause)}")


def _reason(error: BaseException) -> str:
    """The reason in words. urllib3 repeats the address, and a class name, in front of it."""
    if isinstance(error, NameResolutionError):
        return "there is no such host name"
    # Before "timed out", whose subclass it is.
    if isinstance(error, NewConnectionError) and isinstance(error.__cause__, OSError):
        return (error.__cause__.strerror or str(error.__cause__)).lower()
    if isinstance(error, TimedOut):
        return "timed out"
    return str(error.args[0] if error.args else error).rstrip(".").lower()
