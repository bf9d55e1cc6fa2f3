"""List an ACR repository to its last tag, and count: ACR's APIs have neither a filter nor a documented order for tags.

What the two editions' APIs share: pages by number, times in milliseconds since 1970, digests with or without `sha256:`.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fcpin.errors import InvalidImage, ListingIncomplete, RegistryProtocolError
from fcpin.image import Digest, Repository, TagRecord, is_tag, parse_digest

PAGE_SIZE: Final = 100
AT_ONCE: Final = 4
_MAX_TAGS: Final = 1_000_000
_MAX_PAGES: Final = _MAX_TAGS // PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing."""

    total: int
    """Tags that the repository has, as this page says."""
    size: int
    """Tags that a page holds."""
    records: Sequence[TagRecord]


def every_tag(page: Callable[[int], Page], repository: Repository) -> Sequence[TagRecord]:
    """Every tag once, from pages that *page* asks for, four at once; all once more when tags were pushed meanwhile.

    Raises ListingIncomplete, and what *page* raises.
    """
    for _ in range(2):
        pages = _pages(page, repository)
        counts = {one.total for one in pages}
        tags = {record.tag: record for one in pages for record in one.records}
        if counts == {len(tags)}:
            return list(tags.values())
    counted = " or ".join(map(str, sorted(counts)))
    raise ListingIncomplete(
        f"{repository}: ACR counts {counted} tags, but listed {len(tags)}, twice; "
        "nothing is decided on part of them: try again when nobody is pushing"
    )


def _pages(page: Callable[[int], Page], repository: Repository) -> Sequence[Page]:
    first = page(1)
    numbers = range(2, -(-first.total // (first.size or PAGE_SIZE)) + 1)
    if len(numbers) >= _MAX_PAGES:
        raise RegistryProtocolError(
            f"{repository}: expected at most {_MAX_PAGES:,} pages of tags, got {first.total:,} tags by {first.size}"
        )
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="fcpin-acr") as pool:
        return [first, *pool.map(page, numbers)]


def total(value: object, repository: Repository) -> int:
    """The number of tags, which one of the APIs gives as text."""
    text = str(value)
    if not text.isdecimal() or int(text) > _MAX_TAGS:
        raise RegistryProtocolError(f"{repository}: ACR gives {text[:40]!r} as the number of tags")
    return int(text)


def record(
    repository: Repository, tag: object, *, digest: object, pushed: object, created: object, status: object
) -> TagRecord:
    """One tag as ACR describes it. Raises RegistryProtocolError."""
    if not isinstance(tag, str) or not is_tag(tag):
        raise RegistryProtocolError(f"{repository}: ACR lists {str(tag)[:80]!r}, which is no tag")
    asked = f"{repository}:{tag}"
    return TagRecord(
        tag, _digest(digest, asked), moment(pushed, asked), moment(created, asked), str(status or "NORMAL")
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
