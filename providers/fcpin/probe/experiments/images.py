"""What Function Compute makes of an image that it is given."""

from collections.abc import Iterator
from typing import Final

from fcpin.image import Digest, short
from fcpin.probe.experiments.experiment import Experiment
from fcpin.probe.findings import Fact, Finding, Unknown
from fcpin.probe.function import Outcome
from fcpin.probe.lab import Lab


def _digest(lab: Lab) -> Iterator[Finding]:
    digest = lab.repository.digest(lab.tag("one"))
    outcome = lab.ready().deploy(f"{lab.repository.repository}@{digest}")
    did = "sent an image as repository@sha256:…"
    if not outcome.succeeded:
        yield Fact("digest_input", "rejected", did, str(outcome))
    else:
        yield _either("digest_input", outcome, did, {digest: "accepted"})


def _index(lab: Lab) -> Iterator[Finding]:
    index = lab.repository.digest(lab.tag("index"))
    child = lab.repository.child(lab.tag("index"), "linux/amd64")
    outcome = lab.ready().deploy(lab.image("index"))
    did = f"deployed an index {short(index)} whose linux/amd64 child is {short(child)}"
    yield _either("resolved_digest", outcome, did, {index: "index", child: "child"})


def _missing(lab: Lab) -> Iterator[Finding]:
    updated = lab.ready().deploy(lab.image("none"))
    created = lab.function("-missing").create({"image": lab.image("none")})
    ways = {_way(updated), _way(created)}
    if len(ways) > 1 or ways == {""}:
        why = f"an update to a tag that does not exist was {updated}, and a creation {created}"
        yield Unknown("missing_image", why)
    else:
        yield Fact("missing_image", ways.pop(), "updated to a tag that does not exist", str(updated))


def _way(outcome: Outcome) -> str:
    return "" if outcome.succeeded else "sync" if outcome.function is None else "async"


def _either(name: str, outcome: Outcome, did: str, values: dict[Digest, str]) -> Finding:
    """Told by the digest that runs."""
    if not outcome.succeeded or outcome.digest not in values:
        return Unknown(name, f"{did}, and that was {outcome}")
    return Fact(name, values[outcome.digest], did, str(outcome))


EXPERIMENTS: Final = (
    Experiment(("digest_input",), _digest),
    Experiment(("resolved_digest",), _index),
    Experiment(("missing_image",), _missing),
)
