"""A receiver with something of everything: what the page is tested and shown with."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fcpin.drift import Kind
from fcpin.image import Digest, parse_digest
from fcpin.receiver.drift_scan.report import FunctionReport, HoldReport, StackReport, report_key
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Deployment, Ending, Job, JobState, Proposal
from fcpin.receiver.push_event import PushEvent, RepositoryHint

NOON: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOKEN: Final = "a token of more than sixteen"
SHOP: Final = "registry.cn-hangzhou.aliyuncs.com/shop/app"
LEASE: Final = timedelta(minutes=1)


def digest(seed: str) -> Digest:
    return parse_digest((seed * 64)[:64])


OLD, NEW, OTHER = digest("6ac634d743cd65b0"), digest("3fe722d56ff105a6"), digest("d09b8837411c2fe5")


def function(pin: str, drift: Kind = Kind.OK, **more: Any) -> FunctionReport:
    facts: dict[str, Any] = {
        "pin": pin,
        "function_name": pin,
        "region": "cn-hangzhou",
        "repository": SHOP,
        "policy": "family main",
        "tag": "main-11",
        "digest": OLD,
        "since": NOON - timedelta(hours=5),
        "drift": drift,
    }
    return FunctionReport(**(facts | more))


def survey(ledger: Ledger, stack: str, *functions: FunctionReport, at: datetime = NOON, **more: Any) -> None:
    ledger.put(report_key(stack), StackReport(stack, at, "embedded", functions, **more).as_json())


def push(tag: str = "main-12", event: str = "1", path: str = "shop/app", **more: Any) -> PushEvent:
    return PushEvent("acr", event, RepositoryHint(path), tag, received=NOON, **more)


def running(ledger: Ledger, stack: str = "prod", *lines: str, pushed: PushEvent | None = None) -> Job:
    """A running job with its progress."""
    ledger.add_event(pushed or push(), [stack], NOON, debounce=timedelta(0), max_wait=timedelta(0))
    job = ledger.claim(stack, "worker-1", NOON, LEASE)
    assert job is not None
    for line in lines:
        ledger.append_log(job.id, line)
    return job


def dead(ledger: Ledger, stack: str, reason: str) -> Job:
    job = running(ledger, stack, "Updating (prod)", pushed=push(event=f"dead-{stack}"))
    ledger.finish(job, Ending(JobState.FAILED, reason), NOON)
    return job


def waiting(ledger: Ledger, stack: str, reason: str, due: datetime) -> Job:
    job = running(ledger, stack, pushed=push(event=f"waits-{stack}"))
    ledger.finish(job, Ending(JobState.PENDING, reason, due), NOON)
    return ledger.jobs(stack=stack)[0]


def proposal(stack: str = "prod", pin: str = "checkout", name: str = "c0ffee") -> Proposal:
    return Proposal(
        token=name,
        stack=stack,
        pin=pin,
        from_tag="main-11",
        from_digest=OLD,
        to_tag="main-12",
        to_digest=NEW,
        proposed=NOON - timedelta(minutes=3),
    )


def deployment(pin: str, stack: str = "prod", **more: Any) -> Deployment:
    facts: dict[str, Any] = {
        "stack": stack,
        "pin": pin,
        "function_name": pin,
        "region": "cn-hangzhou",
        "repository": SHOP,
        "from_tag": "main-10",
        "from_digest": OTHER,
        "to_tag": "main-11",
        "to_digest": OLD,
        "at": NOON - timedelta(hours=5),
        "exposed_seconds": 3.4,
        "job": "5b1d0c9f2a77",
    }
    return Deployment(**(facts | more))


def everything(ledger: Ledger) -> None:
    """Two stacks on a busy day."""
    survey(
        ledger,
        "prod",
        function("search", tag="v2.4.1", policy="semver 2.x", digest=OTHER, since=NOON - timedelta(days=3)),
        function(
            "checkout",
            Kind.MOVED_TAG,
            sentence="main-11 moved from sha256:6ac634d743cd to sha256:3fe722d56ff1: new instances cannot start",
            exposed_seconds=42.0,
        ),
        function("mailer", Kind.NEWER_TAG, sentence="main-12: newest of 12 of 40 tags by push time"),
        function(
            "thumbnails",
            function_name="shop-thumbnails",
            tag="main-9",
            hold=HoldReport("main-9", None, NOON + timedelta(days=2), "main-10 leaks memory"),
        ),
        function("reports", suspended=True, since=None),
        at=NOON - timedelta(seconds=30),
    )
    survey(
        ledger,
        "staging",
        function("checkout", tag="main-12", digest=NEW, since=NOON - timedelta(minutes=14)),
        function("mailer", Kind.UNKNOWN, sentence="the function cannot be read (FunctionDenied)"),
        at=NOON - timedelta(seconds=50),
    )
    ledger.set_proposals("prod", [proposal()])
    dead(ledger, "nightly", "UpdateFunction was throttled (429) for the sixth time; see the last lines of the job")
    waiting(
        ledger, "edge", "no deploy window is open; the next is mon 09:00 (Asia/Shanghai)", NOON + timedelta(hours=13)
    )
    running(
        ledger,
        "staging",
        "Updating (staging)",
        "@ updating....",
        " ~  pulumi-python:dynamic/fcpin:PinnedFunction checkout updating (0s) [diff: ~digest,image,tag]",
        " ~  pulumi-python:dynamic/fcpin:PinnedFunction checkout deploying main-12, 4 s",
    )
    for number, pin in enumerate(("search", "mailer", "checkout")):
        ledger.record_deployment(
            deployment(pin, at=NOON - timedelta(days=2, hours=number), job="", exposed_seconds=None)
        )
    ledger.record_deployment(
        deployment(
            "checkout",
            "staging",
            from_tag="main-11",
            from_digest=OLD,
            to_tag="main-12",
            to_digest=NEW,
            at=NOON - timedelta(minutes=14),
            exposed_seconds=2.8,
        )
    )
