"""The texts of notifications."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fcpin.image import Digest
from fcpin.receiver.drift_scan.report import FunctionReport
from fcpin.receiver.ledger.model import Deployment, Job, Proposal

_MAX_REASON: Final = 1_000


class Tone(StrEnum):
    """The type of apprise; services show it as a colour or an icon."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Message:
    """Plain text, which every service supports."""

    title: str
    body: str
    tone: Tone


def deployed(deployment: Deployment) -> Message:
    one = deployment
    exposed = one.exposed_seconds
    lines = [
        *digests(one.from_digest, one.to_digest),
        f"function {one.function_name} in {one.region}, stack {one.stack}",
        f"repository {one.repository}",
    ]
    if one.outage:
        seconds = f" for {exposed:.1f} s" if exposed is not None else ""
        lines.append(f"the tag had moved: new instances could not start{seconds}")
        return _message(f"outage healed: {one.pin}: {one}", lines, Tone.WARNING)
    if exposed is not None:
        lines.append(f"{exposed:.1f} s after the push")
    return _message(f"deployed: {one.pin}: {one}", lines, Tone.SUCCESS)


def proposed(proposal: Proposal) -> Message:
    one = proposal
    lines = [
        *digests(one.from_digest, one.to_digest),
        f"stack {one.stack}",
        "nothing is deployed until exactly this is approved on the receiver's page",
    ]
    return _message(f"waiting for approval: {one.pin}: {one}", lines, Tone.INFO)


def retried(job: Job, reason: str) -> Message:
    lines = [_brief(reason), f"for {_causes(job)}", "it is retried automatically"]
    return _message(f"attempt failed, retrying: stack {job.stack}", lines, Tone.WARNING)


def failed(job: Job, reason: str) -> Message:
    lines = [
        _brief(reason),
        f"for {_causes(job)}; job {job.id} after {job.attempts} attempts",
        "no retry follows; it can be retried on the receiver's page",
    ]
    return _message(f"job failed: stack {job.stack}", lines, Tone.FAILURE)


def drifted(stack: str, functions: Sequence[FunctionReport]) -> Message:
    lines = [f"{one.pin} ({one.function_name} in {one.region}): {one.drift}: {one.sentence}" for one in functions]
    names = ", ".join(one.pin for one in functions)
    return _message(f"drift in stack {stack}: {names}", [*lines, "no event was received for it"], Tone.WARNING)


def digests(from_digest: Digest | None, to_digest: Digest) -> Sequence[str]:
    return (f"from {from_digest or 'an unknown digest'}", f"to {to_digest}")


def _causes(job: Job) -> str:
    images = [f"{event.repository.path}:{event.tag or event.digest}" for event in job.events[:3]]
    more = [f"{len(job.events) - 3} more"] if len(job.events) > 3 else []
    return ", ".join([*images, *more, *job.requested_pins]) or "no event"


def _brief(reason: str) -> str:
    reason = " ".join(reason.split())
    return reason if len(reason) <= _MAX_REASON else f"{reason[:_MAX_REASON]}…"


def _message(title: str, lines: Sequence[str], tone: Tone) -> Message:
    # The keyword for robots of DingTalk and Feishu that require one.
    return Message(f"fcpin: {title}", "\n".join(lines), tone)
