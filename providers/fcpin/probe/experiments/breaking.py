"""What a call gets whose new instance cannot have its image.

The function has not been called since its last update, so every call here takes a new instance.
"""

from collections.abc import Iterator
from typing import Final

from fcpin.errors import RegistryError
from fcpin.probe.api import Said
from fcpin.probe.experiments.experiment import Experiment
from fcpin.probe.findings import Fact, Finding, Unknown
from fcpin.probe.lab import Lab

_PULL_FAILED: Final = "PullImageFailed"
_FAILURES: Final = range(400, 600)
_STATE_SECONDS: Final = 10.0


def _broken(lab: Lab) -> Iterator[Finding]:
    lab.deploy("two")
    whole = lab.ready().invoke()
    if whole.code == _PULL_FAILED:
        why = f"not even an image in its place can be pulled: a call was {whole}"
        yield from (Unknown(name, why) for name in _NAMES)
        return
    lab.deploy("breaking")
    lab.move("breaking")
    said, did = lab.ready().invoke(), "moved the tag of a deployed image and called the function"
    if said.code == _PULL_FAILED:
        yield Fact("moved_tag_breaks", "moved", did, str(said))
    else:
        yield Fact("moved_tag_breaks", "manifest-only", did, f"the image was pulled ({_shown(said)})")
        said, did = _without_manifest(lab), "deleted the manifest of a deployed image and called the function"
    yield from _failed(lab, said, did)


def _without_manifest(lab: Lab) -> Said:
    digest = lab.deploy("gone").digest
    if digest is None:
        raise RegistryError("the function does not tell which digest it runs")
    lab.repository.delete_manifest(digest)
    return lab.ready().invoke()


def _failed(lab: Lab, said: Said, did: str) -> Iterator[Finding]:
    if said.code != _PULL_FAILED:
        yield from (Unknown(name, f"{did}, and that was {_shown(said)}, no {_PULL_FAILED}") for name in _NAMES[1:])
        return
    if said.status in _FAILURES:
        yield Fact("pull_failed_status", said.status, did, str(said))
    else:
        yield Unknown("pull_failed_status", f"{did}, and that was {said}: a failure with a status of success")
    failed = lab.ready().becomes_failed(_STATE_SECONDS)
    yield Fact(
        "mark_failed", failed, did, f"its state was {'' if failed else 'not '}Failed within {_STATE_SECONDS:g} s"
    )


def _shown(said: Said) -> str:
    return f"HTTP {said.status}" if said.is_success else f"HTTP {said.status} {said.code}"


_NAMES: Final = ("moved_tag_breaks", "pull_failed_status", "mark_failed")
EXPERIMENTS: Final = (Experiment(_NAMES, _broken),)
