"""The experiments, in the order in which they are made: each is a few calls, and what follows from them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fcpin.errors import FunctionRejected
from fcpin.image import Digest, short
from fcpin.probe.api import ApiResponse
from fcpin.probe.function import ProbeFunction, UpdateResult
from fcpin.probe.lab import PREFIX, Lab
from fcpin.probe.questions import Fact, Finding, Unknown

COMMAND: Final = ["fcpin-probe"]
"""A setting of the container to recognise; the program ignores it."""
_THRESHOLD: Final = 7
"""Of failures, which is not FC's default."""
_PULL_FAILED: Final = "PullImageFailed"
_STATE_SECONDS: Final = 10.0
_MISSING_TAG: Final = f"{PREFIX}none"
_MISSING_TAG_STATUS: Final = {200: "not-success", 404: "http-404"}


@dataclass(frozen=True, slots=True)
class Experiment:
    names: tuple[str, ...]
    """The questions that it settles."""
    run: Callable[[Lab], Iterator[Finding]]
    """Yields each of *names* at most once. FcpinError leaves the others unknown."""


def _missing_tag(lab: Lab) -> Iterator[Finding]:
    names = ("acr_not_exist", "acr_tag_not_exist_code")
    if lab.acr is None:
        yield from (Unknown(name, "the repository is not one of ACR Enterprise") for name in names)
        return
    response = lab.acr.call("GetRepoTag", "GET", Tag=_MISSING_TAG)
    action = "requested a tag that does not exist"
    if response.is_success:
        yield from (Unknown(name, f"{action}, and it exists") for name in names)
        return
    if response.status in _MISSING_TAG_STATUS:
        yield Fact("acr_not_exist", _MISSING_TAG_STATUS[response.status], action, str(response))
    else:
        yield Unknown("acr_not_exist", f"{action}, and the status was HTTP {response.status}, neither 200 nor 404")
    yield Fact("acr_tag_not_exist_code", response.code, action, f"Code is {response.code}")


def _personal(lab: Lab) -> Iterator[Finding]:
    """A tag of the probe distinguishes its repository from another one of that name."""
    if lab.personal is None:
        yield Unknown("acr_personal", "the repository is not one of ACR Personal")
        return
    name = lab.tag("one")
    response, entry = lab.personal.tag(name)
    action = "requested the tags from the API of 2016-06-07"
    if not response.is_success:
        yield Fact("acr_personal", "unknown", action, str(response))
    elif entry is not None and entry.text("digest").endswith(lab.repository.digest(name).removeprefix("sha256:")):
        yield Fact("acr_personal", "repository", action, "a tag of the probe is listed with its digest")
    else:
        yield Fact("acr_personal", "namesake", action, "no tag of the probe is listed with its digest")


def _left_out(lab: Lab) -> Iterator[Finding]:
    """The update leaves out the command that the function was created with."""
    created = lab.new_function().create({"image": lab.image("one"), "command": COMMAND})
    if not created.succeeded:
        raise FunctionRejected(f"CreateFunction was {created}")
    updated = lab.deploy("two")
    kept = updated.function is not None and updated.function.container.get("command") == COMMAND
    action, observed = "updated the image without the command", f"the command is {'still there' if kept else 'gone'}"
    yield Fact("update_merge", "merge" if kept else "replace", action, observed)


def _nested(lab: Lab) -> Iterator[Finding]:
    """Two updates of the health check, the second with a part of it; a third removes it again."""
    function, images = lab.function(), (lab.image("one"), lab.image("two"))  # another one each time
    both, part = {"periodSeconds": 9, "failureThreshold": _THRESHOLD}, {"periodSeconds": 9}
    function.deploy(images[0], healthCheckConfig=both, command=COMMAND)
    result = function.deploy(images[1], healthCheckConfig=part)
    container = result.function.container if result.function else {}
    kept = (container.get("healthCheckConfig") or {}).get("failureThreshold") == _THRESHOLD
    function.deploy(images[0], healthCheckConfig={}, command=[])
    action = "updated one of two fields of healthCheckConfig"
    if not result.succeeded:
        yield Unknown("nested_merge", f"{action}, and that was {result}")
    elif container.get("command") != COMMAND:
        yield Unknown("nested_merge", f"{action}: the whole customContainerConfig was replaced")
    else:
        observed = f"the other one is {'still there' if kept else 'gone'}"
        yield Fact("nested_merge", "merge" if kept else "replace", action, observed)


def _digest(lab: Lab) -> Iterator[Finding]:
    digest = lab.repository.digest(lab.tag("one"))
    result = lab.function().deploy(f"{lab.repository.repository}@{digest}")
    action = "sent an image as repository@sha256:…"
    if not result.succeeded:
        yield Fact("digest_input", "rejected", action, str(result))
    else:
        yield _by_digest("digest_input", result, action, {digest: "accepted"})


def _index(lab: Lab) -> Iterator[Finding]:
    index = lab.repository.digest(lab.tag("index"))
    child = lab.repository.child(lab.tag("index"), "linux/amd64")
    result = lab.function().deploy(lab.image("index"))
    action = f"deployed an index {short(index)} whose linux/amd64 child is {short(child)}"
    yield _by_digest("resolved_digest", result, action, {index: "index", child: "child"})


def _moved(lab: Lab) -> Iterator[Finding]:
    """Updates of a function whose tag has moved since it was deployed."""
    lab.deploy("moving")
    function, tag = lab.function(), lab.tag("moving")
    before, after = _move(lab, tag)
    other = function.update({"description": "another description"})
    action = f"moved the tag from {short(before)} to {short(after)} and updated the description"
    yield _by_digest("other_update", other, action, {before: "keep", after: "re-resolve"})

    before = function.get().digest or before
    if before == after:
        _, after = _move(lab, tag)
    same = function.deploy(lab.image("moving"))
    action = f"moved the tag from {short(before)} to {short(after)} and updated to the same image"
    if same.function is None:
        yield Fact("same_image_update", "error", action, str(same))
    else:
        yield _by_digest("same_image_update", same, action, {before: "keep", after: "re-resolve"})


def _move(lab: Lab, tag: str) -> tuple[Digest, Digest]:
    before = lab.repository.digest(tag)
    lab.repository.push(lab.new_image(), tag)
    return before, lab.repository.digest(tag)


def _by_digest(name: str, result: UpdateResult, action: str, answers: Mapping[Digest, str]) -> Finding:
    """The answer that belongs to the digest that runs."""
    digest = result.digest if result.succeeded else None
    if digest is None or digest not in answers:
        return Unknown(name, f"{action}, and that was {result}")
    return Fact(name, answers[digest], action, str(result))


def _failed_pull(lab: Lab) -> Iterator[Finding]:
    """Calls that need a new instance: the function has not been called since its last update."""
    lab.deploy("two")
    function = lab.function()
    if _is_pull_failure(response := function.invoke()):
        yield Unknown("mark_failed", f"not even an image whose tag did not move can be pulled: a call was {response}")
        return
    lab.deploy("breaking")
    _move(lab, lab.tag("breaking"))
    yield _state_after_failed_call(function, function.invoke())


def _state_after_failed_call(function: ProbeFunction, response: ApiResponse) -> Finding:
    action = "moved the tag of a deployed image and called the function"
    if not _is_pull_failure(response):
        got = f"HTTP {response.status} {response.code}".rstrip()
        return Unknown("mark_failed", f"{action}, and that was {got}, not {_PULL_FAILED}")
    failed = function.becomes_failed(_STATE_SECONDS)
    observed = f"its state was {'' if failed else 'not '}Failed within {_STATE_SECONDS:g} s"
    return Fact("mark_failed", failed, action, observed)


def _is_pull_failure(response: ApiResponse) -> bool:
    return response.code == _PULL_FAILED


EXPERIMENTS: Final[Sequence[Experiment]] = (
    Experiment(("acr_not_exist", "acr_tag_not_exist_code"), _missing_tag),
    Experiment(("acr_personal",), _personal),
    Experiment(("update_merge",), _left_out),
    Experiment(("nested_merge",), _nested),
    Experiment(("digest_input",), _digest),
    Experiment(("resolved_digest",), _index),
    Experiment(("other_update", "same_image_update"), _moved),
    Experiment(("mark_failed",), _failed_pull),
)
"""The experiment of `update_merge` creates the function that the later ones use."""
