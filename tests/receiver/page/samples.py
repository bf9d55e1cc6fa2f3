"""Jobs in each state, and a receiver with something of everything."""

from datetime import datetime, timedelta

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import HoldReport
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Ending, Job, JobState
from fcpin.receiver.push_event import PushEvent
from tests.receiver.samples import NO_TIME, NOON, deployment, digest, function, proposal, push, scanned

LEASE = timedelta(minutes=1)


def running(ledger: Ledger, stack: str, *progress: str, event: PushEvent | None = None) -> Job:
    ledger.add_event(event or push("main-12"), [stack], NOON, debounce=NO_TIME, max_wait=NO_TIME)
    job = ledger.claim(stack, "worker-1", NOON, LEASE)
    assert job is not None
    for line in progress:
        ledger.append_log(job.id, line)
    return job


def failed(ledger: Ledger, stack: str, reason: str) -> Job:
    job = running(ledger, stack, "Updating (prod)", event=push(event=f"fails-{stack}"))
    ledger.finish(job, Ending(JobState.FAILED, reason), NOON)
    return job


def pending(ledger: Ledger, stack: str, reason: str, due: datetime) -> None:
    job = running(ledger, stack, event=push(event=f"waits-{stack}"))
    ledger.finish(job, Ending(JobState.PENDING, reason, due), NOON)


def everything(ledger: Ledger) -> None:
    """Two stacks on a busy day."""
    hold = HoldReport("main-9", None, NOON + timedelta(days=2), "main-10 leaks memory")
    moved = "main-11 moved from sha256:aaaaaaaaaaaa to sha256:bbbbbbbbbbbb: new instances cannot start"
    scanned(
        ledger,
        "prod",
        function("search", tag="v2.4.1", policy="semver 2.x"),
        function("checkout", Kind.MOVED_TAG, sentence=moved, exposed_seconds=42.0),
        function("mailer", Kind.NEWER_TAG, sentence="main-12: newest of 12 of 40 tags by push time"),
        function("thumbnails", tag="main-9", hold=hold),
        function("reports", suspended=True, since=None),
        at=NOON - timedelta(seconds=30),
    )
    unknown = function("mailer", Kind.UNKNOWN, sentence="the function cannot be read (FunctionDenied)")
    scanned(ledger, "staging", function("checkout", tag="main-12", digest=digest("b")), unknown)
    ledger.set_proposals("prod", [proposal("checkout")])
    failed(ledger, "nightly", "UpdateFunction was throttled (429) for the sixth time; see the last lines of the job")
    next_window = NOON + timedelta(hours=13)
    pending(ledger, "edge", "no deploy window is open; the next is mon 09:00 (Asia/Shanghai)", next_window)
    resource = "pulumi-python:dynamic/fcpin:PinnedFunction checkout"
    running(
        ledger,
        "staging",
        f" ~  {resource} updating (0s) [diff: ~digest,image,tag]",
        f" ~  {resource} deploying main-12, 4 s",
    )
    for number, pin in enumerate(("search", "mailer", "checkout")):
        ledger.record_deployment(deployment(pin, at=NOON - timedelta(days=2, hours=number)))
    ledger.record_deployment(deployment("checkout", stack="staging", job="5b1d0c9f2a77", exposed_seconds=2.8))
