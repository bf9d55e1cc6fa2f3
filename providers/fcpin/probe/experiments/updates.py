"""What an update does to a function whose tag has moved since it was deployed."""

from collections.abc import Iterator
from typing import Final

from fcpin.image import short
from fcpin.probe.experiments.experiment import Experiment
from fcpin.probe.findings import Fact, Finding, Unknown
from fcpin.probe.lab import Lab


def _moved(lab: Lab) -> Iterator[Finding]:
    lab.deploy("moving")
    function, tag = lab.ready(), lab.tag("moving")

    before = lab.repository.digest(tag)
    lab.move("moving")
    after = lab.repository.digest(tag)
    other = function.update({"description": "another description"})
    did = f"moved the tag from {short(before)} to {short(after)} and updated the description"
    values = {before: "keep", after: "re-resolve"}
    if not other.succeeded or other.digest not in values:
        yield Unknown("other_update", f"{did}, and that was {other}")
    else:
        yield Fact("other_update", values[other.digest], did, str(other))

    before = function.get().digest or before
    if before == after:
        lab.move("moving")
        after = lab.repository.digest(tag)
    same = function.deploy(lab.image("moving"))
    did = f"moved the tag from {short(before)} to {short(after)} and updated to the same image"
    values = {before: "keep", after: "re-resolve"}
    if same.function is None:
        yield Fact("same_image_update", "error", did, str(same))
    elif not same.succeeded or same.digest not in values:
        yield Unknown("same_image_update", f"{did}, and that was {same}")
    else:
        yield Fact("same_image_update", values[same.digest], did, str(same))


EXPERIMENTS: Final = (Experiment(("other_update", "same_image_update"), _moved),)
