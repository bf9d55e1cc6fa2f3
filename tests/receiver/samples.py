"""Pushes, times and digests to test with."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fcpin.image import Digest
from fcpin.receiver.push_event import RepositoryHint, PushEvent

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A Monday."""


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def digest(letter: str) -> Digest:
    return Digest(f"sha256:{letter * 64}")


def push(tag: str | None = "main-1", event: str = "1", path: str = "shop/app", **more: Any) -> PushEvent:
    return PushEvent(sender="acr", event=event, place=RepositoryHint(path), tag=tag, **more)
