"""One HTTP request and its response, bounded in size and time. Redirects are not followed, failures not repeated.

Connections are kept and shared, with one TLS context a process, through the proxy of the environment.
"""

import http.client
import io
import logging
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as TimedOut

from fcpin.http.limits import SILENCES, Limits

_log = logging.getLogger(__name__)

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_POOL: Final[Mapping[str, Any]] = {"num_pools": 64, "maxsize": 16, "retries": False}
_BUFFER: Final = 64 * 1024
_INVALID: Final = (
    "the request cannot be sent: its host, a header, or the address of the proxy (HTTP_PROXY, HTTPS_PROXY; expected "
    "http://HOST:PORT) is not valid"
)
_DIGITS: Final = re.compile(r"\s*[0-9]+\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Response:
    """A server's response, whatever its status. `url` is the requested one."""

    url: str
    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type, lower case and without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


class NoResponse(Exception):
    """There is no usable response. `str()` is the reason, without the address."""


class Unreachable(NoResponse):
    """No connection, a broken one, or a body that cannot be inflated. May pass."""


class TooSlow(Unreachable):
    """The response did not end in time."""


class NotTrusted(NoResponse):
    """The server's TLS certificate is not trusted."""


class NotSent(NoResponse):
    """The request, or the address of a proxy, is not valid."""


class TooLarge(NoResponse):
    """The body exceeds the limit."""


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3); None if it is neither."""
    try:
        if _DIGITS.fullmatch(value):
            return float(value)
        moment = parsedate_to_datetime(value)
        return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):  # what the standard library raises for odd dates
        return None


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of *url*: what credentials belong to. Raises ValueError for any other URL."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    if port is None or not parts.hostname or parts.username is not None:
        raise ValueError(url)
    return parts.scheme, parts.hostname, port


def exchange(method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits) -> Response:
    """The response to one request, whatever its status: redirects are not followed. Raises NoResponse."""
    where = f"{urlsplit(url).netloc}{urlsplit(url).path}"  # no query: a redirected blob's is a signature
    try:
        response = _pool_for(url).request(
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
        raise _no_response(error, limits) from None
    except ValueError:  # its text repeats a header, which may be a token
        raise NotSent(_INVALID) from None
    _log.debug("%s %s: %d, %d bytes", method, where, response.status, len(content))
    return Response(url, response.status, response.headers, content)


def _read(response: urllib3.BaseHTTPResponse, limits: Limits) -> bytes:
    content = bytearray()
    while chunk := response.read1(_BUFFER):
        content += chunk
        if len(content) > limits.size:
            raise TooLarge(f"the response exceeds {limits.size:,} bytes")
    return bytes(content)


def _no_response(error: HTTPError, limits: Limits) -> NoResponse:
    cause: BaseException = getattr(error, "reason", None) or error
    if isinstance(cause, SSLError) and isinstance(cause.args[0], ssl.SSLCertVerificationError):
        return NotTrusted(
            f"its TLS certificate is not trusted ({cause.args[0].verify_message}); "
            "add its authority to the system's, or name it in SSL_CERT_FILE"
        )
    if isinstance(cause, ReadTimeoutError):
        return TooSlow(
            f"timed out: no byte for {limits.silence:g} s, or no complete response within {limits.total:g} s"
        )
    return Unreachable(f"cannot be reached: {_reason(cause)}")


def _reason(error: BaseException) -> str:
    """The reason in words. urllib3 repeats the address, and a class name, in front of it."""
    if isinstance(error, NameResolutionError):
        return "the host name does not exist"
    # Before "timed out", whose subclass it is.
    if isinstance(error, NewConnectionError) and isinstance(error.__cause__, OSError):
        return (error.__cause__.strerror or str(error.__cause__)).lower()
    if isinstance(error, TimedOut):
        return "timed out"
    return str(error.args[0] if error.args else error).rstrip(".").lower()


class _Timed(io.RawIOBase):
    """The bytes of a socket until the response's time is over; then TimeoutError, however steadily they arrive."""

    def __init__(self, sock: socket.socket, stream: io.RawIOBase) -> None:
        self._sock = sock
        self._stream = stream
        self._silence = sock.gettimeout()
        self._end = None if self._silence is None else time.monotonic() + SILENCES * self._silence

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._end is not None and self._silence is not None:
            left = self._end - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(min(self._silence, left))
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    """A response whose head and body together have a total time: a socket's timeout bounds each read alone."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Timed(sock, self.fp.detach()), _BUFFER)


class _Plain(HTTPConnection):
    response_class = _BoundedResponse


class _Tls(HTTPSConnection):
    response_class = _BoundedResponse


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Tls


_pools: dict[tuple[str, str], urllib3.PoolManager] = {}
_lock: Final = threading.Lock()


def _pool_for(url: str) -> urllib3.PoolManager:
    """The connections to use for *url*: kept, shared by all threads, through the proxy of the environment."""
    parts = urlsplit(url)
    key = (parts.scheme, _proxy(parts))
    if key not in _pools:
        with _lock:
            if key not in _pools:
                _pools[key] = _open(*key)
    return _pools[key]


@cache
def _tls() -> ssl.SSLContext:
    """One a process: reading the system's certificate authorities takes 30 ms."""
    return ssl.create_default_context()


def _open(scheme: str, proxy: str) -> urllib3.PoolManager:
    pool: Mapping[str, Any] = _POOL if scheme == "http" else {**_POOL, "ssl_context": _tls()}
    if proxy:
        login = urlsplit(proxy).netloc.rpartition("@")[0]
        headers = urllib3.make_headers(proxy_basic_auth=unquote(login)) if login else None
        manager: urllib3.PoolManager = urllib3.ProxyManager(proxy, proxy_headers=headers, **pool)
    else:
        manager = urllib3.PoolManager(**pool)
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
    return manager


def _proxy(parts: SplitResult) -> str:
    """The proxy of the environment for this address: HTTP(S)_PROXY and NO_PROXY; never one for this machine itself."""
    if parts.hostname in LOOPBACK or not any(name.lower().endswith("_proxy") for name in os.environ):
        return ""
    from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

    proxies: Mapping[str, str] = getproxies_environment()
    proxy = "" if proxy_bypass_environment(parts.netloc, proxies) else proxies.get(parts.scheme, "")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy
