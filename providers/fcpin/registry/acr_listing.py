"""List an ACR repository to its last tag, and count: ACR's APIs have neither a filter nor a documented order for tags.

What the two editions' APIs share: pages by number, times in milliseconds since 1970, digests with or without `sha256:`.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fcpin.clock import Clock, SystemClock
from fcpin.errors import InvalidImage, ListingIncomplete, RegistryProtocolError, RegistryUnavailable
from fcpin.image import Digest, Repository, TagRecord, listed_tag, parse_digest

PAGE_SIZE: Final = 100
AT_ONCE: Final = 4
_MAX_TAGS: Final = 1_000_000
_DIGITS: Final = 12
MAX_PAGES: Final = 10_000
MAX_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing."""

    total: int
    """Tags that the repository has, as this page says."""
    size: int
    """Tags that a page holds."""
    records: Sequence[TagRecord]


def every_tag(page: Callable[[int], Page], repository: Repository, clock: Clock | None = None) -> Sequence[TagRecord]:
    """Every tag once, from pages that *page* asks for, four at once; all once more when tags were pushed meanwhile.

    Raises ListingIncomplete, and what *page* raises.
    """
    clock = clock or SystemClock()
    for _ in range(2):
        pages = _pages(page, repository, clock)
        counts = {one.total for one in pages}
        tags = {record.tag: record for one in pages for record in one.records}
        if counts == {len(tags)}:
            return list(tags.values())
    counted = " or ".join(map(str, sorted(counts)))
    raise ListingIncomplete(
        f"{repository}: ACR counts {counted} tags, but listed {len(tags)}, twice; "
        "nothing is decided on part of them: try again when nobody is pushing"
    )


def _pages(page: Callable[[int], Page], repository: Repository, clock: Clock) -> Sequence[Page]:
    deadline = clock.monotonic() + MAX_SECONDS
    first = page(1)
    count = -(-first.total // (first.size or PAGE_SIZE))
    if count > MAX_PAGES:
        raise RegistryProtocolError(f"{repository}: ACR has {count:,} pages of tags, expected at most {MAX_PAGES:,}")

    def timely(number: int) -> Page:
        if clock.monotonic() > deadline:
            raise RegistryUnavailable(f"{repository}: ACR's listing was not complete after {MAX_SECONDS:.0f} s")
        return page(number)

    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="fcpin-acr") as pool:
        return [first, *pool.map(timely, range(2, count + 1))]


def total(value: object, asked: object) -> int:
    """The number of tags or instances, which one of the APIs gives as text."""
    return _number(value, _MAX_TAGS, "the number of entries", asked)


def page_size(value: object, asked: object) -> int:
    """How many tags a page holds, which the API may have lowered; as many as were requested where it does not say."""
    return _number(value or PAGE_SIZE, PAGE_SIZE, "the size of a page", asked)


def _number(value: object, most: int, what: str, asked: object) -> int:
    text = str(value)
    if not text.isdecimal() or len(text) > _DIGITS or int(text) > most:
        raise RegistryProtocolError(f"{asked}: ACR gives {text[:40]!r} as {what}, expected at most {most:,}")
    return int(text)


def record(
    repository: Repository, tag: object, *, digest: object, pushed: object, created: object, status: object
) -> TagRecord:
    """One tag as ACR describes it. Raises RegistryProtocolError."""
    if not isinstance(tag, str):
        raise RegistryProtocolError(f"{repository}: ACR lists {str(tag)[:80]!r}, which is not the name of a tag")
    name = listed_tag(tag)
    asked = f"{repository}:{name}"
    return TagRecord(
        name, _digest(digest, asked), moment(pushed, asked), moment(created, asked), str(status or "NORMAL")
    )


def _digest(text: object, asked: str) -> Digest | None:
    """With or without `sha256:`; None while ACR knows none."""
    try:
        return parse_digest(str(text)) if text else None
    except InvalidImage as error:
        raise RegistryProtocolError(f"{asked}: {error}") from None


def moment(milliseconds: object, asked: str) -> datetime | None:
    """A time that ACR gives as a number or as text, in milliseconds since 1970; None for none or 0."""
    try:
        since_1970 = int(str(milliseconds or 0))
        return datetime.fromtimestamp(since_1970 / 1000, UTC) if since_1970 else None
    except (ValueError, OverflowError, OSError):
        raise RegistryProtocolError(f"{asked}: ACR gives the time {str(milliseconds)[:40]!r}") from None
