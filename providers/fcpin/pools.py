"""Connections: kept and shared, with one TLS context a process, through the proxy of the environment."""

import http.client
import io
import os
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from fcpin.limits import SILENCES
from fcpin.single_flight import SingleFlight

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_POOL: Final[Mapping[str, Any]] = {"num_pools": 64, "maxsize": 16, "retries": False}
_BUFFER: Final = 64 * 1024


class _Timed(io.RawIOBase):
    """What a socket receives until the answer's time is over; then TimeoutError, however steadily it drips."""

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


class _Answer(http.client.HTTPResponse):
    """An answer whose head and body together have a total time: a socket's timeout bounds each read alone."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Timed(sock, self.fp.detach()), _BUFFER)


class _Plain(HTTPConnection):
    response_class = _Answer


class _Tls(HTTPSConnection):
    response_class = _Answer


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Tls


_tls = SingleFlight[str, ssl.SSLContext]()
_pools = SingleFlight[tuple[str, str], urllib3.PoolManager]()


def pool_for(url: str) -> urllib3.PoolManager:
    """The connections to use for *url*: kept, shared by all threads, through the proxy that the environment names."""
    parts = urlsplit(url)
    proxy = _proxy(parts)
    return _pools.get((parts.scheme, proxy), lambda: _open(parts.scheme, proxy))


def _open(scheme: str, proxy: str) -> urllib3.PoolManager:
    # Reading the system's certificate authorities costs 30 ms: once a process.
    pool: Mapping[str, Any] = (
        _POOL if scheme == "http" else {**_POOL, "ssl_context": _tls.get("", ssl.create_default_context)}
    )
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
