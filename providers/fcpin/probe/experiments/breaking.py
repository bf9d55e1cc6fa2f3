"""What a call gets whose new instance cannot have its image.

The function has not been called since its last update, so every call here takes a new instance.
"""

from collections.abc import Iterator
from typing import Final

from fcpin.probe.api import Said
from fcpin.probe.experiments.experiment import Experiment
from fcpin.probe.findings import Fact, Finding, Unknown
from fcpin.probe.lab import Lab

_NAME: Final = "mark_failed"
_PULL_FAILED: Final = "PullImageFailed"
_STATE_SECONDS: Final = 10.0


def _broken(lab: Lab) -> Iterator[Finding]:
    lab.deploy("two")
    whole = lab.ready().invoke()
    if whole.code == _PULL_FAILED:
        yield Unknown(_NAME, f"not even an image in its place can be pulled: a call was {whole}")
        return
    lab.deploy("breaking")
    lab.move("breaking")
    said, did = lab.ready().invoke(), "moved the tag of a deployed image and called the function"
    if said.code != _PULL_FAILED:
        yield Unknown(_NAME, f"{did}, and that was {_shown(said)}, no {_PULL_FAILED}")
        return
    failed = lab.ready().becomes_failed(_STATE_SECONDS)
    yield Fact(_NAME, failed, did, f"its state was {'' if failed else 'not '}Failed within {_STATE_SECONDS:g} s")


def _shown(said: Said) -> str:
    return f"HTTP {said.status}" if said.is_success else f"HTTP {said.status} {said.code}"


EXPERIMENTS: Final = (Experiment((_NAME,), _broken),)
