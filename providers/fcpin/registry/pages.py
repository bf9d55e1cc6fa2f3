"""The pages of a listing: `Link: <…>; rel="next"` of the OCI distribution specification and RFC 8288.

No page may lead to another origin, back to itself, or on without end. A Link header that cannot be read is an error:
what follows might be the newest tag.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from fcpin.clock import Clock
from fcpin.errors import RegistryProtocolError, RegistryUnavailable
from fcpin.http.exchange import Response, origin
from fcpin.registry.session import join

MAX_PAGES: Final = 10_000
MAX_SECONDS: Final = 300.0
_LONGEST_URL: Final = 8192
_SHOWN: Final = 200

_PARAMETER = r';\s*[\w!#$&+.^`|~-]+\*?(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))?'
_LINK = re.compile(rf"\s*<([^<>]*)>((?:\s*{_PARAMETER})*)\s*(?:,|$)")
_PARAMETERS = re.compile(_PARAMETER)
_REL = re.compile(r';\s*rel\s*=\s*"?([^"]*)"?', re.IGNORECASE)
_RELATION = re.compile(r"[a-z][a-z0-9.-]*|[a-z][a-z0-9+.-]*:\S+")


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
