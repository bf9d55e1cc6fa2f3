"""Which functions went from one image to another, told from the pins before and after."""

from collections.abc import Sequence
from datetime import datetime

from fcpin.image import Digest, Image
from fcpin.receiver.ledger.model import Job, Transition
from fcpin.receiver.push import Push
from fcpin.receiver.work.outage import Concerned
from fcpin.stack.stack import StackPin


def transitions(
    job: Job, before: Sequence[StackPin], after: Sequence[StackPin], at: datetime, concerned: Concerned
) -> list[Transition]:
    """One for each of *before* that runs another tag or digest in *after*."""
    was = {pin.name: pin for pin in before}
    return [
        _transition(
            job, pin, _image(was[pin.name]), at, _pushed(job, was[pin.name], pin, concerned), was[pin.name].deployed
        )
        for pin in after
        if pin.name in was and pin.deployed and pin.deployed != was[pin.name].deployed
    ]


def left_behind(
    job: Job, pins: Sequence[StackPin], known: Sequence[Transition], at: datetime, concerned: Concerned
) -> list[Transition]:
    """What a worker deployed that died before it could say so: a push's very image runs, and history has it not.

    *known* are transitions of the stack, newest first.
    """
    newest = {one.pin: one.to_digest for one in reversed(known)}
    return [
        _transition(job, pin, _named(pin.previous), at, pushed, pin.previous)
        for pin in pins
        if pin.deployed and pin.deployed.digest and newest.get(pin.name) != pin.deployed.digest
        for pushed in [_pushed(job, pin, pin, concerned)]
        if any(push.digest == pin.deployed.digest for push in pushed)
    ]


def _transition(
    job: Job,
    pin: StackPin,
    was: tuple[str, Digest | None],
    at: datetime,
    pushed: Sequence[Push],
    ran: Image | None,
) -> Transition:
    tag, digest = _image(pin)
    assert digest  # noqa: S101 - what is deployed has one
    times = [moment for push in pushed if (moment := push.pushed or push.received)]
    return Transition(
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
    """The same tag with another digest. A tag of our own never is, whatever becomes of the one that it stands for."""
    return bool(was and now and was.tag and was.digest and was.tag == now.tag and was.digest != now.digest)


def _named(image: Image | None) -> tuple[str, Digest | None]:
    return (image.tag or "", image.digest) if image else ("", None)


def _image(pin: StackPin) -> tuple[str, Digest | None]:
    """Tag and digest that run; the tag that the policy chose where a tag of our own stands for it."""
    return pin.deployed_tag, pin.deployed.digest if pin.deployed else None


def _pushed(job: Job, was: StackPin, now: StackPin, concerned: Concerned) -> list[Push]:
    """The pushes of the tag that runs now, or of a digest that may have been that one's."""
    tag, _ = _image(now)
    return [push for push in job.pushes if push.tag in (tag, None) and concerned([push], [was])]
