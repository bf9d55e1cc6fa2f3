"""Values to test with: times, digests, events, deployments and proposals."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fcpin.image import Digest
from fcpin.receiver.ledger.model import Deployment, Proposal
from fcpin.receiver.push_event import PushEvent, RepositoryHint

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A Monday."""
NO_TIME = timedelta(0)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def digest(letter: str) -> Digest:
    return Digest(f"sha256:{letter * 64}")


def push(tag: str | None = "main-1", event: str = "1", path: str = "shop/app", **more: Any) -> PushEvent:
    return PushEvent(sender="acr", id=event, repository=RepositoryHint(path), tag=tag, **more)


def deployment(pin: str = "api", **more: Any) -> Deployment:
    """From main-11 with digest a to main-12 with digest b."""
    facts: dict[str, Any] = {
        "stack": "prod",
        "pin": pin,
        "function_name": f"shop-{pin}",
        "region": "cn-hangzhou",
        "repository": "r.example.com/shop/app",
        "from_tag": "main-11",
        "from_digest": digest("a"),
        "to_tag": "main-12",
        "to_digest": digest("b"),
        "at": NOON,
    }
    return Deployment(**(facts | more))


def proposal(pin: str = "api", token: str = "t1", **more: Any) -> Proposal:  # noqa: S107 - of an approval
    """From main-11 with digest a to main-12 with digest b."""
    facts: dict[str, Any] = {
        "token": token,
        "stack": "prod",
        "pin": pin,
        "from_tag": "main-11",
        "from_digest": digest("a"),
        "to_tag": "main-12",
        "to_digest": digest("b"),
        "proposed": NOON,
    }
    return Proposal(**(facts | more))
