"""HTTP with registries: bounded, retried after temporary failures, redirects and pages followed within limits.

No redirect carries credentials to another origin, and no page may lead to another one, back to itself, or on without
end. Pages: `Link: <…>; rel="next"` of the OCI distribution specification and RFC 8288. A Link header that cannot be
read is an error: what follows might be the newest tag.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urljoin, urlsplit

from fcpin import call_statistics
from fcpin.clock import Clock, SystemClock
from fcpin.errors import RegistryError, RegistryProtocolError, RegistryUnavailable
from fcpin.http.exchange import NoResponse, Response, TooLarge, Unreachable, exchange, retry_after
from fcpin.http.limits import MIB, Limits
from fcpin.http.retries import REGISTRY_RETRY, Retry, retrying

_FIRST_ERROR: Final = 400
_TOO_MANY: Final = 429
_KINDS: Final = frozenset({"manifests", "blobs", "tags"})
_GOES_ON: Final = frozenset({401, 404})
"""The challenge to log in, and "not found"."""
_TEMPORARY_STATUS: Final = frozenset({408, 429, 500, 502, 503, 504})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 3
_MAX_RETRY_AFTER: Final = 20.0
MAX_PAGES: Final = 10_000
MAX_SECONDS: Final = 300.0
_LONGEST_URL: Final = 8192
_SHOWN: Final = 200

_PARAMETER = r';\s*[\w!#$&+.^`|~-]+\*?(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))?'
_LINK = re.compile(rf"\s*<([^<>]*)>((?:\s*{_PARAMETER})*)\s*(?:,|$)")
_PARAMETERS = re.compile(_PARAMETER)
_REL = re.compile(r';\s*rel\s*=\s*"?([^"]*)"?', re.IGNORECASE)
_RELATION = re.compile(r"[a-z][a-z0-9.-]*|[a-z][a-z0-9+.-]*:\S+")


class Busy(RegistryUnavailable):
    """The server returned a status that means: later."""

    def __init__(self, message: str, *, retry_after: float | None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of *url*: what credentials belong to. Raises ValueError for any other URL."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    if port is None or not parts.hostname or parts.username is not None:
        raise ValueError(url)
    return parts.scheme, parts.hostname, port


def join(url: str, reference: str) -> str:
    """The URL of *reference* in a response from *url*. Raises RegistryProtocolError when it is not valid."""
    try:
        target = urljoin(url, reference)
        origin(target)
    except ValueError:
        shown = reference[:_SHOWN]
        raise RegistryProtocolError(f"{_where(url)} redirects to {shown!r}, which is not a valid URL") from None
    return target


class Transport:
    """Sends the requests of one run. Safe to share between threads."""

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
        """The response to one request, of at most *limit* bytes; no status is an error but temporary ones.

        *elsewhere*: whether a redirect to another host is followed, without the login. Raises RegistryUnavailable after
        the last retry, RegistryProtocolError for a response that is too long or redirects where it must not,
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
            response = self._exchange(method, url, headers, limit, body)
            if response.status not in _REDIRECTS:
                return response
            target = redirect_target(response, method)
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
            response = self._once(method, url, headers, limit, body)
            outcome = _outcome(response.status)
        finally:
            call_statistics.calls.count("registry", f"{method} {_kind(url)}", outcome)
        if response.status in _TEMPORARY_STATUS:
            after = retry_after(response.headers.get("Retry-After", ""), self._clock.now())
            raise Busy(
                f"{_where(url)} returned {response.status} for {method} {urlsplit(url).path}; try again later",
                retry_after=after,
            )
        return response

    def _once(self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None) -> Response:
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


def redirect_target(response: Response, method: str) -> str:
    """Where *response* redirects to. Raises RegistryProtocolError: only reads are redirected, never away from TLS."""
    location = response.headers.get("Location", "")
    if method not in {"GET", "HEAD"} or not location:
        raise RegistryProtocolError(f"{_where(response.url)} returned {response.status} without a usable Location")
    target = join(response.url, location)
    if urlsplit(response.url).scheme == "https" != urlsplit(target).scheme:
        raise RegistryProtocolError(f"{_where(response.url)} redirects away from TLS, to {_where(target)}; refused")
    return target


def _outcome(status: int) -> call_statistics.Outcome:
    if status == _TOO_MANY:
        return call_statistics.Outcome.THROTTLED
    return call_statistics.Outcome.OK if status < _FIRST_ERROR or status in _GOES_ON else call_statistics.Outcome.FAILED


def _kind(url: str) -> str:
    """The kind of thing in the distribution API that *url* names, without any other name in it."""
    kind = "".join(urlsplit(url).path.split("/")[-2:-1])
    return kind if kind in _KINDS else "other"


def _where(url: str) -> str:
    return urlsplit(url).netloc


def next_page(response: Response) -> str | None:
    """The URL of the page after *response*; None where the headers name none.

    Raises RegistryProtocolError for a URL on another origin, and for a Link header that cannot be read: links of
    other relations (`rel="prev"`) are not pages, but a link without a relation may be one.
    """
    targets = {target for header in response.headers.getlist("Link") for target in _next_targets(header, response.url)}
    if len(targets) > 1:
        raise RegistryProtocolError(f"{response.url[:_SHOWN]}: the Link header names more than one next page")
    return next((_on_same_origin(response.url, join(response.url, target)) for target in targets), None)


def _next_targets(header: str, url: str) -> Iterator[str]:
    position = 0
    while header[position:].strip(" \t,"):
        link = _LINK.match(header, position)
        relations = _relations(link[2]) if link else ()
        if link is None or not relations or not all(map(_RELATION.fullmatch, relations)):
            raise RegistryProtocolError(
                f"{url[:_SHOWN]}: the Link header is not valid, so a page may be missing: "
                f'expected <url>; rel="next", got {header[:_SHOWN]!r}'
            )
        if "next" in relations:
            yield link[1]
        position = link.end()


def _relations(parameters: str) -> Sequence[str]:
    """Those of the first `rel`, which is the one that counts."""
    for parameter in _PARAMETERS.findall(parameters):
        if rel := _REL.fullmatch(parameter):
            return rel[1].lower().split()
    return ()


def _on_same_origin(here: str, there: str) -> str:
    if len(there) > _LONGEST_URL:
        raise RegistryProtocolError(f"{here[:_SHOWN]}: the URL of the next page has {len(there):,} characters")
    if origin(there) != origin(here):
        raise RegistryProtocolError(
            f"{here[:_SHOWN]}: the next page is at {there[:_SHOWN]!r}, another origin than the registry; not followed"
        )
    return there


def pages(
    fetch: Callable[[str, int], Response],
    first: str,
    follow: Callable[[Response], str | None] = next_page,
    *,
    clock: Clock,
    max_pages: int = MAX_PAGES,
) -> Iterator[Response]:
    """Every page from *first* on; *fetch* gets its URL and its number, *follow* returns the URL of the next one.

    Raises RegistryProtocolError when the pages lead back or do not end, RegistryUnavailable when they take too long.
    """
    url: str | None = first
    seen = set[str]()
    deadline = clock.monotonic() + MAX_SECONDS
    while url is not None:
        if url in seen:
            raise RegistryProtocolError(f"{url[:_SHOWN]}: the listing leads back to a page that was already read")
        if len(seen) == max_pages:
            raise RegistryProtocolError(f"{first}: the listing does not end after {max_pages:,} pages")
        if clock.monotonic() > deadline:
            raise RegistryUnavailable(f"{first}: the listing was not complete after {MAX_SECONDS:.0f} s")
        seen.add(url)
        response = fetch(url, len(seen))
        yield response
        url = follow(response)
