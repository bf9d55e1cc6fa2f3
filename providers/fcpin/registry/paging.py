"""Follow the pages of a listing: `Link: <…>; rel="next"` of the OCI distribution specification and RFC 8288.

A page may not lead to another origin, back to itself, or on for ever.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from fcpin.errors import RegistryProtocolError
from fcpin.exchange import Answer
from fcpin.registry.transport import join, origin

MAX_PAGES: Final = 10_000

_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~-]+\*?\s*=\s*(?:"[^"]*"|[^\s",;]+))*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))', re.IGNORECASE)


def pages(fetch: Callable[[str], Answer], first: str, *, max_pages: int = MAX_PAGES) -> Iterator[Answer]:
    """Every page from *first* on. Raises RegistryProtocolError when the way leaves the registry or does not end."""
    url: str | None = first
    seen = set[str]()
    while url is not None:
        if url in seen:
            raise RegistryProtocolError(f"{url}: the listing leads back to a page that was already read")
        if len(seen) == max_pages:
            raise RegistryProtocolError(f"{first}: the listing does not end after {max_pages:,} pages")
        seen.add(url)
        answer = fetch(url)
        yield answer
        url = next_page(answer)


def next_page(answer: Answer) -> str | None:
    """Address of the page after *answer*, or None. Raises RegistryProtocolError when it is on another origin."""
    for header in answer.headers.getlist("Link"):
        for link in _LINK.finditer(header):
            rel = _REL.search(link[2])
            if rel and "next" in (rel[1] or rel[2]).lower().split():
                return _on_same_origin(answer.url, join(answer.url, link[1]))
    return None


def _on_same_origin(here: str, there: str) -> str:
    if origin(there) != origin(here):
        raise RegistryProtocolError(
            f"{here}: the next page is said to be at {there[:200]!r}, another address than the registry's; not followed"
        )
    return there
