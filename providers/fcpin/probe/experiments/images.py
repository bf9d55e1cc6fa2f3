"""What Function Compute makes of an image that it is given."""

from collections.abc import Iterator
from typing import Final

from fcpin.image import Digest, short
from fcpin.probe.experiments.experiment import Experiment
from fcpin.probe.findings import Fact, Finding, Unknown
from fcpin.probe.function import Outcome
from fcpin.probe.lab import Lab


def _resolved_uri(lab: Lab) -> Iterator[Finding]:
    """The image and resolvedImageUri of one request name different digests."""
    tagged, asked = (lab.repository.digest(lab.tag(word)) for word in ("two", "moving"))
    uri = f"{lab.repository.repository}@{asked}"
    outcome = lab.ready().deploy(lab.image("two"), resolvedImageUri=uri)
    did = f"sent a tag of {short(tagged)} with a resolvedImageUri of {short(asked)}"
    yield _either("resolved_uri_input", outcome, did, {tagged: "ignored", asked: "honoured"})


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


def _attestations(lab: Lab) -> Iterator[Finding]:
    outcome = lab.ready().deploy(lab.image("attested"))
    did = "deployed an index with an unknown/unknown child"
    yield Fact("attestations", "ignored" if outcome.succeeded else "rejected", did, str(outcome))


def _missing(lab: Lab) -> Iterator[Finding]:
    updated = lab.ready().deploy(lab.image("none"))
    created = lab.function("-missing").create({"image": lab.image("none")})
    did, answered = "updated to a tag that does not exist", str(updated)
    ways = {_way(updated), _way(created)}
    if len(ways) > 1 or ways == {""}:
        why = f"an update to a tag that does not exist was {updated}, and a creation {created}"
        yield from (Unknown(name, why) for name in ("missing_image", "missing_image_status"))
        return
    yield Fact("missing_image", ways.pop(), did, answered)
    if updated.function is not None:
        yield Unknown("missing_image_status", "nothing is refused at once")
    elif updated.said.status != created.said.status:
        why = f"an update is refused with HTTP {updated.said.status}, a creation with HTTP {created.said.status}"
        yield Unknown("missing_image_status", why)
    else:
        yield Fact("missing_image_status", updated.said.status, did, answered)


def _way(outcome: Outcome) -> str:
    return "" if outcome.succeeded else "sync" if outcome.function is None else "async"


def _either(name: str, outcome: Outcome, did: str, values: dict[Digest, str]) -> Finding:
    """Told by the digest that runs."""
    if not outcome.succeeded or outcome.digest not in values:
        return Unknown(name, f"{did}, and that was {outcome}")
    return Fact(name, values[outcome.digest], did, str(outcome))


EXPERIMENTS: Final = (
    Experiment(("resolved_uri_input",), _resolved_uri),
    Experiment(("digest_input",), _digest),
    Experiment(("resolved_digest",), _index),
    Experiment(("attestations",), _attestations),
    Experiment(("missing_image", "missing_image_status"), _missing),
)
