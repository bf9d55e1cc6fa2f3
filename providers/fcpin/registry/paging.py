"""Follow the pages of a listing: `Link: <…>; rel="next"` of the OCI distribution specification and RFC 8288.

A page may not lead to another origin, back to itself, or on without end, and a Link header that cannot be read is an
error: what follows it might be the newest tag.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from fcpin.clock import Clock
from fcpin.errors import RegistryProtocolError, RegistryUnavailable
from fcpin.http.exchange import Response
from fcpin.registry.transport import join, origin

MAX_PAGES: Final = 10_000
MAX_SECONDS: Final = 300.0

_LONGEST_ADDRESS: Final = 8192

_PARAMETER = r';\s*[\w!#$&+.^`|~-]+\*?(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))?'
_LINK = re.compile(rf"\s*<([^<>]*)>((?:\s*{_PARAMETER})*)\s*(?:,|$)")
_PARAMETERS = re.compile(_PARAMETER)
_REL = re.compile(r';\s*rel\s*=\s*"?([^"]*)"?', re.IGNORECASE)
_RELATION = re.compile(r"[a-z][a-z0-9.-]*|[a-z][a-z0-9+.-]*:\S+")
_SHOWN: Final = 200


def next_page(answer: Response) -> str | None:
    """The address of the page after *answer*; None where the headers name none.

    Raises RegistryProtocolError for an address on another origin, and for a Link header that cannot be read: links of
    other relations (`rel="prev"`) are no pages, but a link without a relation may be one.
    """
    targets = {target for header in answer.headers.getlist("Link") for target in _next_targets(header, answer.url)}
    if len(targets) > 1:
        raise RegistryProtocolError(f"{answer.url[:_SHOWN]}: its Link header names more than one next page")
    return next((_on_same_origin(answer.url, join(answer.url, target)) for target in targets), None)


def _next_targets(header: str, url: str) -> Iterator[str]:
    position = 0
    while header[position:].strip(" \t,"):
        link = _LINK.match(header, position)
        relations = _relations(link[2]) if link else ()
        if link is None or not relations or not all(map(_RELATION.fullmatch, relations)):
            raise RegistryProtocolError(
                f"{url[:_SHOWN]}: its Link header cannot be read, so that a next page may be missing: "
                f'expected <address>; rel="next", got {header[:_SHOWN]!r}'
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
    if len(there) > _LONGEST_ADDRESS:
        raise RegistryProtocolError(f"{here[:_SHOWN]}: the address of the next page has {len(there):,} characters")
    if origin(there) != origin(here):
        raise RegistryProtocolError(
            f"{here[:_SHOWN]}: the next page is said to be at {there[:_SHOWN]!r}, another address than the registry's; "
            "not followed"
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
    """Every page from *first* on; *fetch* gets its address and its number, *follow* says where the next one is.

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
        answer = fetch(url, len(seen))
        yield answer
        url = follow(answer)
