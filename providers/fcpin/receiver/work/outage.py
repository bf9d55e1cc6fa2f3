"""Whether a push moved the very tag that a function runs on: new instances fail until it is deployed again."""

from collections.abc import Callable, Sequence
from enum import Enum

from fcpin.receiver.push import Push
from fcpin.stack.stack import StackPin

Concerned = Callable[[Sequence[Push], Sequence[StackPin]], Sequence[str]]
"""Names of the pins that pushes concern."""


class Moved(Enum):
    """What the pushes tell of a pin's deployed tag."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """It was pushed, but nobody says with which digest, or which one is deployed."""


def moved(pin: StackPin, pushes: Sequence[Push], concerned: Concerned) -> Moved:
    """Told from *pushes* alone; the newest one of the tag counts."""
    deployed = pin.deployed
    tag = deployed.tag if deployed else pin.tag
    told = [push for push in pushes if push.tag == tag and concerned([push], [pin])]
    if not told:
        return Moved.NO
    was, now = deployed.digest if deployed else None, told[-1].digest
    if was is None or now is None:
        return Moved.UNKNOWN
    return Moved.YES if was != now else Moved.NO
