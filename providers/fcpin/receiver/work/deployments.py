"""Which functions went from one image to another, from the pins before and after; and which pushes caused it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum

from fcpin.image import Digest, Image
from fcpin.receiver.ledger.model import Deployment, Job
from fcpin.receiver.pin_index import IndexedPin
from fcpin.receiver.push_event import PushEvent
from fcpin.stack.stack import StackPin


class Moved(Enum):
    """Whether the tag that a function runs on moved: new instances fail then until it is deployed again."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """It was pushed, but the event has no digest, or the state does not have the deployed one."""


def moved(one: IndexedPin, events: Sequence[PushEvent]) -> Moved:
    """By *events* alone; the newest one of the tag counts."""
    deployed = one.pin.deployed
    tag = deployed.tag if deployed else one.pin.tag
    of_tag = [event for event in events if event.tag == tag and one.is_concerned(event)]
    if not of_tag:
        return Moved.NO
    before, now = deployed.digest if deployed else None, of_tag[-1].digest
    if before is None or now is None:
        return Moved.UNKNOWN
    return Moved.YES if before != now else Moved.NO


def deployments(job: Job, before: Sequence[IndexedPin], after: Sequence[IndexedPin], at: datetime) -> list[Deployment]:
    """One for each of *before* that runs another tag or digest in *after*."""
    was = {one.name: one for one in before}
    return [
        _deployment(job, one.pin, _image(old.pin), old.pin.deployed, _causes(job, old, one), at)
        for one in after
        if (old := was.get(one.name)) and one.pin.deployed and one.pin.deployed != old.pin.deployed
    ]


def is_confirmed(pins: Sequence[IndexedPin], known: Sequence[Deployment]) -> bool:
    """Whether *pins* run what the history *known*, newest first, has of them last: nothing was deployed since."""
    newest = _newest(known)
    return all(newest.get(one.name) in (None, _digest(one.pin.deployed)) for one in pins)


def recover_unrecorded(
    job: Job, pins: Sequence[IndexedPin], known: Sequence[Deployment], at: datetime
) -> list[Deployment]:
    """What a worker deployed that died before it recorded that: the image of an event runs and is not in *known*.

    *known* are deployments of the stack, newest first.
    """
    newest = _newest(known)
    found = []
    for one in pins:
        digest = _digest(one.pin.deployed)
        if digest is None or newest.get(one.name) == digest:
            continue
        events = _causes(job, one, one)
        if any(event.digest == digest for event in events):
            found.append(_deployment(job, one.pin, _named(one.pin.previous), one.pin.previous, events, at))
    return found


def _newest(known: Sequence[Deployment]) -> Mapping[str, Digest]:
    return {one.pin: one.to_digest for one in reversed(known)}


def _causes(job: Job, was: IndexedPin, now: IndexedPin) -> list[PushEvent]:
    """The events of the tag that runs now, or of a digest that may have been that one's."""
    tag, _ = _image(now.pin)
    return [event for event in job.events if event.tag in (tag, None) and was.is_concerned(event)]


def _deployment(
    job: Job,
    pin: StackPin,
    was: tuple[str, Digest | None],
    ran: Image | None,
    events: Sequence[PushEvent],
    at: datetime,
) -> Deployment:
    tag, digest = _image(pin)
    assert digest  # noqa: S101 - what is deployed has one
    times = [moment for event in events if (moment := event.pushed or event.received)]
    return Deployment(
        stack=job.stack,
        pin=pin.name,
        function_name=pin.function_name,
        region=pin.region,
        repository=str(pin.repository),
        from_tag=was[0],
        from_digest=was[1],
        to_tag=tag,
        to_digest=digest,
        at=at,
        job=job.id,
        exposed_seconds=max(0.0, (at - max(times)).total_seconds()) if times else None,
        outage=_is_moved(ran, pin.deployed),
    )


def _is_moved(was: Image | None, now: Image | None) -> bool:
    """The same tag with another digest. A pin tag never moves, whatever happens to the tag that it stands for."""
    return bool(was and now and was.tag and was.digest and was.tag == now.tag and was.digest != now.digest)


def _named(image: Image | None) -> tuple[str, Digest | None]:
    return (image.tag or "", image.digest) if image else ("", None)


def _digest(image: Image | None) -> Digest | None:
    return image.digest if image else None


def _image(pin: StackPin) -> tuple[str, Digest | None]:
    """Tag and digest that run; the tag that the policy selected where a pin tag stands for it."""
    return pin.deployed_tag, _digest(pin.deployed)
