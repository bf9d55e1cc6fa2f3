"""Listings as a busy repository has them, the same in every run."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from fcpin.image import TagRecord, parse_digest

COUNT: Final = 100_000
NOW: Final = datetime(2026, 11, 22, tzinfo=UTC)
_FIRST: Final = datetime(2023, 1, 1, tzinfo=UTC)
_CHANCE: Final = random.Random(20261122)  # noqa: S311 - the same listing in every run is the point


def commits() -> Sequence[TagRecord]:
    """`main-<sha>` and, one in four, `release-<sha>`, with digests and push times, in no order."""
    pushes = list(range(COUNT))
    _CHANCE.shuffle(pushes)
    return [
        TagRecord(
            f"{'main' if push % 4 else 'release'}-{push:05x}{_CHANCE.getrandbits(28):07x}",
            parse_digest(f"{_CHANCE.getrandbits(256):064x}"),
            _FIRST + timedelta(seconds=push * 977),
        )
        for push in pushes
    ]


def builds() -> Sequence[TagRecord]:
    """`main-<number>`, names alone, as the OCI protocol lists them: in lexical order."""
    return [TagRecord(tag) for tag in sorted(f"main-{number}" for number in range(COUNT))]


def versions() -> Sequence[TagRecord]:
    """`v<0 to 4>.<0 to 299>.<patch>`, one in twenty a pre-release, names alone."""
    found: dict[str, None] = {}
    for patch in range(COUNT):
        tail = f"-rc.{patch % 7}" if patch % 20 == 0 else ""
        found[f"v{_CHANCE.randrange(5)}.{_CHANCE.randrange(300)}.{patch}{tail}"] = None
    return [TagRecord(tag) for tag in sorted(found)]


def numbers() -> Sequence[TagRecord]:
    """Timestamps of 14 digits, names alone."""
    return [TagRecord(str(20230101000000 + number * 37)) for number in range(COUNT)]


def dated() -> Sequence[TagRecord]:
    """`main-<sha>-<timestamp>`, names alone."""
    return [TagRecord(f"main-{_CHANCE.getrandbits(28):07x}-{1_700_000_000 + number}") for number in range(COUNT)]
