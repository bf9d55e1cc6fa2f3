"""What the APIs of ACR's two editions share: endpoints and credentials, the shape of a response, complete listings.

Both have pages by number, times in milliseconds since 1970, digests with or without `sha256:`; neither a filter nor a
documented order for tags.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar, Final, Protocol, Self, TypeAlias

from fcpin.clock import Clock, SystemClock
from fcpin.errors import (
    InvalidImage,
    InvalidSettings,
    ListingIncomplete,
    RegistryError,
    RegistryProtocolError,
    RegistryUnavailable,
)
from fcpin.http.credentials import Account
from fcpin.http.errors import CloudError
from fcpin.http.limits import Limits
from fcpin.http.openapi import OpenApi
from fcpin.http.retries import REGISTRY_RETRY, Retry
from fcpin.image import Repository, TagRecord, listed_tag, parse_digest

Time: TypeAlias = str | int | None
"""Milliseconds since 1970."""

PAGE_SIZE: Final = 100
AT_ONCE: Final = 4
MAX_PAGES: Final = 10_000
MAX_SECONDS: Final = 300.0
_MAX_TAGS: Final = 1_000_000
_DIGITS: Final = 12


class AcrOfRegion:
    """The API of one region. Safe to share between threads.

    Without *credentials* the default chain of alibabacloud-credentials is used at the first call; *endpoint* is
    another address than `cr.<region>.aliyuncs.com`.
    """

    VERSION: ClassVar[str]

    def __init__(
        self,
        region: str,
        *,
        credentials: Account | None = None,
        endpoint: str | None = None,
        retry: Retry = REGISTRY_RETRY,
        limits: Limits | None = None,
    ) -> None:
        self._credentials = credentials
        self._endpoint = endpoint or f"cr.{region}.aliyuncs.com"
        self._retry = retry
        self._limits = limits

    @cached_property
    def _api(self) -> OpenApi:
        """Raises RegistryError for an endpoint that is not valid."""
        try:
            return OpenApi(self._endpoint, self.VERSION, self._credentials, limits=self._limits)
        except InvalidSettings as error:
            raise RegistryError(f"ACR API at {self._endpoint}: {error}") from None


def passing_error(error: CloudError, text: str) -> RegistryError | None:
    """The error for what no API returns, and for temporary failures; None for every other error."""
    if error.is_malformed:
        return RegistryProtocolError(text)
    if not error.is_temporary:
        return None
    unavailable = RegistryUnavailable(text)
    unavailable.retry_after = error.retry_after
    return unavailable


class ListedImage(Protocol):
    """One tag as both APIs describe it."""

    tag: Any
    digest: str | None
    image_update: Time
    image_create: Time
    status: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing."""

    total: int
    """Tags that the repository has, according to this page."""
    size: int
    """Tags that a page holds."""
    records: Sequence[TagRecord]

    @classmethod
    def read(cls, repository: Repository, total: object, size: object, images: Iterable[ListedImage]) -> Self:
        """*size*: as many as requested where the API returns none. Raises RegistryProtocolError."""
        return cls(
            entries(total, repository),
            _number(size or PAGE_SIZE, PAGE_SIZE, "the size of a page", repository),
            [record(repository, image.tag, image) for image in images],
        )


def every_tag(page: Callable[[int], Page], repository: Repository, clock: Clock | None = None) -> Sequence[TagRecord]:
    """Every tag once, from pages that *page* requests, four at once; all once more when tags were pushed meanwhile.

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
        f"{repository}: ACR reports {counted} tags, but listed {len(tags)}, in two attempts; "
        "no tag is selected from an incomplete listing: run again when no image is being pushed"
    )


def _pages(page: Callable[[int], Page], repository: Repository, clock: Clock) -> Sequence[Page]:
    deadline = clock.monotonic() + MAX_SECONDS
    first = page(1)
    count = -(-first.total // (first.size or PAGE_SIZE))
    if count > MAX_PAGES:
        raise RegistryProtocolError(f"{repository}: ACR has {count:,} pages of tags, expected at most {MAX_PAGES:,}")
    if count <= 1:
        return [first]

    def timely(number: int) -> Page:
        if clock.monotonic() > deadline:
            raise RegistryUnavailable(
                f"{repository}: ACR's listing was not complete after {MAX_SECONDS:.0f} s; run again later"
            )
        return page(number)

    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="fcpin-acr") as pool:
        return [first, *pool.map(timely, range(2, count + 1))]


def entries(count: object, where: object) -> int:
    """The number of tags or instances, which one of the APIs returns as text. Raises RegistryProtocolError."""
    return _number(count, _MAX_TAGS, "the number of entries", where)


def _number(value: object, most: int, what: str, where: object) -> int:
    text = str(value)
    if not text.isdecimal() or len(text) > _DIGITS or int(text) > most:
        raise RegistryProtocolError(f"{where}: ACR returned {text[:40]!r} as {what}, expected at most {most:,}")
    return int(text)


def record(repository: Repository, tag: object, image: ListedImage) -> TagRecord:
    """*tag* as *image* describes it. Raises RegistryProtocolError."""
    if not isinstance(tag, str):
        raise RegistryProtocolError(f"{repository}: ACR lists {str(tag)[:80]!r}, which is not the name of a tag")
    try:
        pushed, created = moment(image.image_update), moment(image.image_create)
        digest = parse_digest(image.digest) if image.digest else None  # none while ACR has not read the image
    except (InvalidImage, RegistryProtocolError) as error:
        raise RegistryProtocolError(f"{repository}:{listed_tag(tag)}: {error}") from None
    return TagRecord(listed_tag(tag), digest, pushed, created, image.status or "NORMAL")


def moment(milliseconds: object) -> datetime | None:
    """A time of ACR, a number or text, in milliseconds since 1970; None for none or 0. Raises RegistryProtocolError."""
    try:
        since_1970 = int(str(milliseconds or 0))
        return datetime.fromtimestamp(since_1970 / 1000, UTC) if since_1970 else None
    except (ValueError, OverflowError, OSError):
        raise RegistryProtocolError(
            f"expected a time in milliseconds since 1970, got {str(milliseconds)[:40]!r}"
        ) from None
