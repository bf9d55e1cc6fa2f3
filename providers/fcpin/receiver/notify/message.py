"""What people are told, in words: old => new by tag and digest, and what they have to do, if anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fcpin.image import Digest
from fcpin.receiver.drift_scan.report import FunctionReport
from fcpin.receiver.ledger.model import Deployment, Job, Proposal

_LONGEST_REASON: Final = 1_000


class Tone(StrEnum):
    """As apprise calls it; services show it as a colour or a sign."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Message:
    """Plain text, that every service can show."""

    title: str
    body: str
    tone: Tone


def deployed(deployment: Deployment) -> Message:
    """A function runs another image."""
    one = deployment
    exposed = one.exposed_seconds
    lines = [
        *digests(one.from_digest, one.to_digest),
        f"function {one.function_name} in {one.region}, stack {one.stack}",
        f"repository {one.repository}",
    ]
    if one.outage:
        told = f" for {exposed:.1f} s" if exposed is not None else ""
        lines.append(f"its tag had moved: new instances could not start{told}; they can again")
        return _message(f"outage healed: {one.pin}: {one}", lines, Tone.WARNING)
    if exposed is not None:
        lines.append(f"{exposed:.1f} s after the push")
    return _message(f"deployed: {one.pin}: {one}", lines, Tone.SUCCESS)


def proposed(proposal: Proposal) -> Message:
    """Somebody is to approve a change."""
    one = proposal
    lines = [
        *digests(one.from_digest, one.to_digest),
        f"stack {one.stack}",
        "nothing is deployed until somebody approves exactly this on the receiver's page",
    ]
    return _message(f"approve? {one.pin}: {one}", lines, Tone.INFO)


def failed(job: Job, reason: str) -> Message:
    """The first attempt at a job failed, and it is tried again."""
    lines = [_brief(reason), f"for {_pushes(job)}", "it is tried again by itself"]
    return _message(f"failed, trying again: stack {job.stack}", lines, Tone.WARNING)


def dead(job: Job, reason: str) -> Message:
    """A job was given up."""
    lines = [
        _brief(reason),
        f"for {_pushes(job)}; job {job.id} after {job.attempts} attempts",
        "somebody has to look, and may have it tried again on the receiver's page",
    ]
    return _message(f"given up: stack {job.stack}", lines, Tone.FAILURE)


def drifted(stack: str, functions: Sequence[FunctionReport]) -> Message:
    """Functions are not as they were deployed, and nobody told of a push."""
    lines = [f"{one.pin} ({one.function_name} in {one.region}): {one.drift}: {one.sentence}" for one in functions]
    names = ", ".join(one.pin for one in functions)
    return _message(f"drift in stack {stack}: {names}", [*lines, "no push was told of"], Tone.WARNING)


def digests(from_digest: Digest | None, to_digest: Digest) -> Sequence[str]:
    """Both in full."""
    return (f"from {from_digest or 'an unknown digest'}", f"to {to_digest}")


def _pushes(job: Job) -> str:
    images = [f"{push.repository.path}:{push.tag or push.digest}" for push in job.events[:3]]
    more = [f"{len(job.events) - 3} more"] if len(job.events) > 3 else []
    return ", ".join([*images, *more, *job.requested_pins]) or "no push"


def _brief(reason: str) -> str:
    reason = " ".join(reason.split())
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"


def _message(title: str, lines: Sequence[str], tone: Tone) -> Message:
    # Robots of DingTalk and Feishu that are guarded by a keyword take what has the word in it.
    return Message(f"fcpin: {title}", "\n".join(lines), tone)
