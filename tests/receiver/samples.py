"""Values to test with: times, digests, events, deployments, proposals and drift reports."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fcpin.drift import Kind
from fcpin.image import Digest
from fcpin.receiver.drift_scan.report import FunctionReport, StackReport, report_key
from fcpin.receiver.ledger.ledger import Ledger
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


def function(pin: str = "api", drift: Kind = Kind.OK, **more: Any) -> FunctionReport:
    """At main-11 with digest a."""
    facts: dict[str, Any] = {
        "function_name": f"shop-{pin}",
        "region": "cn-hangzhou",
        "repository": "r.example.com/shop/app",
        "policy": "family main",
        "tag": "main-11",
        "digest": digest("a"),
        "since": NOON - timedelta(hours=5),
    }
    return FunctionReport(pin=pin, drift=drift, **(facts | more))


def scanned(ledger: Ledger, stack: str, *functions: FunctionReport, at: datetime = NOON, error: str = "") -> None:
    """Store the report of a drift scan."""
    ledger.put(report_key(stack), StackReport(stack, at, "embedded", functions, error or None).as_json())
