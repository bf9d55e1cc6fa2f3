"""Connections: kept and shared, with one TLS context a process, through the proxy of the environment."""

import os
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

import urllib3

from fcpin.registry.single_flight import SingleFlight

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_TIMEOUT: Final = urllib3.Timeout(connect=5.0, read=20.0)
_POOL: Final[Mapping[str, Any]] = {"num_pools": 64, "maxsize": 16, "retries": False, "timeout": _TIMEOUT}


_tls = SingleFlight[str, ssl.SSLContext]()
_pools = SingleFlight[tuple[str, str], urllib3.PoolManager]()


def pool_for(url: str) -> urllib3.PoolManager:
    """The connections to use for *url*: kept, shared by all threads, through the proxy that the environment names."""
    parts = urlsplit(url)
    proxy = _proxy(parts)
    return _pools.get((parts.scheme, proxy), lambda: _open(parts.scheme, proxy))


def _open(scheme: str, proxy: str) -> urllib3.PoolManager:
    # Reading the system's certificate authorities costs 30 ms: once a process.
    pool = _POOL if scheme == "http" else {**_POOL, "ssl_context": _tls.get("", ssl.create_default_context)}
    if not proxy:
        return urllib3.PoolManager(**pool)
    login = urlsplit(proxy).netloc.rpartition("@")[0]
    headers = urllib3.make_headers(proxy_basic_auth=unquote(login)) if login else None
    return urllib3.ProxyManager(proxy, proxy_headers=headers, **pool)


def _proxy(parts: SplitResult) -> str:
    """The proxy of the environment for this address: HTTP(S)_PROXY and NO_PROXY; never one for this machine itself."""
    if parts.hostname in LOOPBACK or not any(name.lower().endswith("_proxy") for name in os.environ):
        return ""
    from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

    proxies: Mapping[str, str] = getproxies_environment()
    proxy = "" if proxy_bypass_environment(parts.netloc, proxies) else proxies.get(parts.scheme, "")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy
