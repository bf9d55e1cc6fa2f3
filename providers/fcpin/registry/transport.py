"""HTTP with limits: bounded in size and time, retried when the failure is a passing one.

Every read has a limit, no redirect carries credentials to another origin, and nothing but RegistryError comes out.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urljoin, urlsplit

from fcpin import call_statistics
from fcpin.clock import Clock, SystemClock
from fcpin.errors import RegistryError, RegistryProtocolError, RegistryUnavailable
from fcpin.http.exchange import NoResponse, Response, TooLarge, Unreachable, exchange, retry_after
from fcpin.http.limits import MIB, REGISTRY_RETRY, Limits, Retry, retrying

_FIRST_ERROR: Final = 400
_TOO_MANY: Final = 429
_KINDS: Final = frozenset({"manifests", "blobs", "tags"})
_GOES_ON: Final = frozenset({401, 404})
"""The challenge to log in, and what is not there."""
_TEMPORARY_STATUS: Final = frozenset({408, 429, 500, 502, 503, 504})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 3
_MAX_RETRY_AFTER: Final = 20.0


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

    def __init__(
        self, *, retry: Retry = REGISTRY_RETRY, clock: Clock | None = None, limits: Limits | None = None
    ) -> None:
        self._retry = retry
        self._limits = limits or Limits()
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
    ) -> Response:
        """The answer to one request, of at most *limit* bytes; a status is no error unless it is a passing one.

        *elsewhere*: whether a redirect to another host is followed, without the login. Raises RegistryUnavailable once
        retrying did not help, RegistryProtocolError for an answer that is too long or redirects where it must not,
        RegistryError when the server's certificate is not trusted.
        """
        return retrying(
            lambda: self._follow(method, url, headers, limit, body, elsewhere=elsewhere),
            self._retry,
            pause_before_retry,
        )

    def _follow(
        self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None, *, elsewhere: bool
    ) -> Response:
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

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None) -> Response:
        outcome = call_statistics.Outcome.FAILED
        try:
            answer = self._answer(method, url, headers, limit, body)
            outcome = _outcome(answer.status)
        finally:
            call_statistics.calls.count("registry", f"{method} {_kind(url)}", outcome)
        if answer.status in _TEMPORARY_STATUS:
            after = retry_after(answer.headers.get("Retry-After", ""), self._clock.now())
            raise Busy(
                f"{_where(url)} answered {answer.status} to {method} {urlsplit(url).path}; try again later",
                retry_after=after,
            )
        return answer

    def _answer(self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None) -> Response:
        try:
            return exchange(method, url, headers, body, replace(self._limits, size=limit))
        except TooLarge as error:
            raise RegistryProtocolError(f"{_where(url)}{urlsplit(url).path}: {error}") from None
        except NoResponse as error:
            kind = RegistryUnavailable if isinstance(error, Unreachable) else RegistryError
            raise kind(
                f"{_where(url)} {error}" if isinstance(error, Unreachable) else f"{_where(url)}: {error}"
            ) from None


def pause_before_retry(error: Exception, _: Retry) -> bool | float:
    """Whether to repeat after *error*, or the seconds to wait before doing so (see retrying)."""
    if isinstance(error, Busy) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= _MAX_RETRY_AFTER else False
    return isinstance(error, RegistryError) and error.temporary


def _is_same_host(there: str, here: str) -> bool:
    """Whether both are one host, which may redirect from http to https by the default ports."""
    return origin(there) == origin(here) or (
        origin(there)[1] == origin(here)[1]
        and (urlsplit(here).scheme, urlsplit(there).scheme) == ("http", "https")
        and (origin(here)[2], origin(there)[2]) == (80, 443)
    )


def redirect_target(answer: Response, method: str) -> str:
    """Where *answer* sends us. Raises RegistryProtocolError: only reads are redirected, and never away from TLS."""
    location = answer.headers.get("Location", "")
    if method not in {"GET", "HEAD"} or not location:
        raise RegistryProtocolError(f"{_where(answer.url)} answered {answer.status} without a usable Location")
    target = join(answer.url, location)
    if urlsplit(answer.url).scheme == "https" != urlsplit(target).scheme:
        raise RegistryProtocolError(f"{_where(answer.url)} redirects away from TLS, to {_where(target)}; refused")
    return target


def _outcome(status: int) -> call_statistics.Outcome:
    if status == _TOO_MANY:
        return call_statistics.Outcome.THROTTLED
    return call_statistics.Outcome.OK if status < _FIRST_ERROR or status in _GOES_ON else call_statistics.Outcome.FAILED


def _kind(url: str) -> str:
    """What of the distribution API *url* asks for, without any name in it."""
    kind = "".join(urlsplit(url).path.split("/")[-2:-1])
    return kind if kind in _KINDS else "other"


def _where(url: str) -> str:
    return urlsplit(url).netloc
