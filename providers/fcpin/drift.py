"""How a function differs from what the last deployment left: which kind of drift, and in one line why.

`registered_image` asks the registry about the image that a function runs: one request, more only when something is
wrong. `classify` is pure.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from fcpin.errors import InvalidImage, RegistryError, TagNotFound
from fcpin.fc.model import Function
from fcpin.fc.readiness import Readiness
from fcpin.image import Digest, Image, short
from fcpin.registry.base import ReadableRepository
from fcpin.registry.registries import Registries, same_image

_NORMAL: Final = "NORMAL"
_DEFAULT_TAG: Final = "latest"
_NO_NEW_INSTANCES: Final = "new instances cannot start"
_OUTAGE: Final = "cannot start new instances"
_REPLACED: Final = "not as deployed"
_PASSING: Final = "updating or idle"


@dataclass(frozen=True, slots=True)
class KindFacts:
    """Everything that depends on the kind alone. A kind is entered here, and as a row of docs/drift.md."""

    exit_code: int
    """0 no drift, 10 an `up` or some time corrects it, 20 broken or about to break, 30 unknown."""
    summary: str = ""
    """Follows a count of functions in the receiver's headline; kinds with the same summary are counted together."""
    lasts: bool = False
    """Deploying the same pin again does not end it, so a preview does not show it as a change."""
    healed_by_pin_tag: bool = False
    """With `protect: pin_tag`, deploying the same pin ends it."""
    healed_by_up: bool = False
    """A preview that finds it with an unchanged pin shows an update: that ends it, or fails with the way out."""
    since_push: bool = False
    """It began when the tag was pushed last, where the registry returns that time."""
    starts_job: bool = False
    """The receiver's drift scan starts a job for it: an event was missed."""
    is_notified: bool = True
    """The receiver sends a notification; not for what passes by itself."""


class Kind(StrEnum):
    """What is wrong with a function, worst first. `classify` returns each; tests/drift holds that."""

    FUNCTION_MISSING = "function-missing", KindFacts(20, _OUTAGE, healed_by_up=True)
    FUNCTION_DISABLED = "function-disabled", KindFacts(20, _OUTAGE, lasts=True)
    DELETED_DIGEST = "deleted-digest", KindFacts(20, _OUTAGE, lasts=True)
    DELETED_TAG = "deleted-tag", KindFacts(20, _OUTAGE, lasts=True, healed_by_pin_tag=True)
    MOVED_TAG = (
        "moved-tag",
        KindFacts(20, _OUTAGE, lasts=True, healed_by_pin_tag=True, healed_by_up=True, since_push=True, starts_job=True),
    )
    UPDATE_FAILED = "update-failed", KindFacts(20, _REPLACED, healed_by_up=True)
    OUT_OF_BAND_IMAGE = "out-of-band-image", KindFacts(20, _REPLACED, healed_by_up=True)
    FUNCTION_LOCKED = "function-locked", KindFacts(20, "locked", lasts=True)
    UNKNOWN = "unknown", KindFacts(30, "could not be checked", lasts=True, is_notified=False)
    UPDATE_IN_PROGRESS = "update-in-progress", KindFacts(10, _PASSING, is_notified=False)
    FUNCTION_INACTIVE = "function-inactive", KindFacts(10, _PASSING, lasts=True, is_notified=False)
    NEWER_TAG = "newer-tag", KindFacts(10, "with a newer image")
    OK = "ok", KindFacts(0, is_notified=False)

    facts: KindFacts

    def __new__(cls, value: str, facts: KindFacts = KindFacts(20)) -> Self:
        kind = str.__new__(cls, value)
        kind._value_, kind.facts = value, facts
        return kind

    @property
    def exit_code(self) -> int:
        return self.facts.exit_code


@dataclass(frozen=True, slots=True)
class Drift:
    """One kind, and why. Equal facts give an equal sentence: it is stored, and compared by the next refresh."""

    kind: Kind
    sentence: str = ""
    """Empty for `ok`."""
    detail: str = ""
    """The answer of a service, with what differs from one call to the next."""

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}" if self.sentence else str(self.kind)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that could not be found out."""

    sentence: str
    """What could not be read; equal every time."""
    detail: str = ""
    """The error of the service."""


@dataclass(frozen=True, slots=True)
class RegisteredImage:
    """The image that a function runs, as its registry knows it."""

    image: Image
    """Tag and digest that the function runs."""
    points_at: Digest | None
    """The digest of that tag now; None when the tag is gone or being deleted."""
    tag_is_same: bool
    """Whether that is the image that runs. An index and its child count as equal."""
    is_there: bool
    """Whether the digest that runs is still there. Only read when its tag is gone."""
    is_deployed: bool
    """Whether that digest is the one that the last deployment left. Only read while its tag is there."""
    pushed: datetime | None = None
    """When the tag was pushed last; None where the registry does not return push times."""


def classify(
    deployed: Image | None,
    function: Function | None,
    registered: RegisteredImage | Unknown,
    newer: str | Unknown = "",
) -> Drift:
    """The drift of *function*, which is None when Function Compute has none of that name.

    The first rule that applies decides, and an outage comes before all else:
    1. No function, or one that may not be invoked: nothing runs.
    2. The image that runs is gone, or its tag is gone or points elsewhere: new instances fail to start.
    3. The last update failed, or the function did.
    4. Another image runs than the one that was deployed. Not judged while an update is under way: that may be why.
    5. It is locked: the next deployment will be refused.
    6. What could not be read may be any of these.
    7. What passes by itself, or with the next `up`: an update under way, an idle function, a newer tag.

    *deployed*: tag and digest that the last deployment left, None where that is not known.
    *newer*: what the policy would deploy instead, in words; empty when that is what runs, or was not checked.
    """
    if function is None:
        return Drift(Kind.FUNCTION_MISSING, "the function was deleted")
    return (
        _disabled(function)
        or _unstartable(registered)
        or _failed(function)
        or _replaced(deployed, function, registered)
        or _locked(function)
        or _unknown(registered)
        or _passing(function)
        or _outdated(newer)
    )


def _disabled(function: Function) -> Drift | None:
    if not function.disabled:
        return None
    return Drift(Kind.FUNCTION_DISABLED, f"it cannot be invoked, Function Compute disabled it: {function.disabled}")


def _locked(function: Function) -> Drift | None:
    if function.lock is None or not function.lock.holds_function:
        return None
    return Drift(Kind.FUNCTION_LOCKED, f"{function.lock}: it can be neither updated nor deleted")


def _unstartable(registered: RegisteredImage | Unknown) -> Drift | None:
    if isinstance(registered, Unknown):
        return None
    image, points_at = registered.image, registered.points_at
    runs = short(image.digest) if image.digest else "no digest"
    if not registered.is_there:
        return Drift(Kind.DELETED_DIGEST, f"{runs} of {image.repository} is gone: {_NO_NEW_INSTANCES}")
    if image.tag is None or registered.tag_is_same:
        return None
    if points_at is None:
        return Drift(Kind.DELETED_TAG, f"{image.tag} of {image.repository} is gone: {_NO_NEW_INSTANCES}")
    return Drift(Kind.MOVED_TAG, f"{image.tag} moved from {runs} to {short(points_at)}: {_NO_NEW_INSTANCES}")


def _failed(function: Function) -> Drift | None:
    if Readiness.of(function) is not Readiness.FAILED:
        return None
    reason = f" ({function.reason})" if function.reason else ""
    if function.state == "Failed":
        return Drift(Kind.UPDATE_FAILED, f"the function failed{reason}: it cannot be invoked")
    return Drift(Kind.UPDATE_FAILED, f"the last update failed{reason}: the old image keeps serving")


def _replaced(deployed: Image | None, function: Function, registered: RegisteredImage | Unknown) -> Drift | None:
    if deployed is None or Readiness.of(function) is Readiness.PENDING:
        return None
    named = str(Image(deployed.repository, deployed.tag))
    if function.image != named:
        return Drift(Kind.OUT_OF_BAND_IMAGE, f"runs {function.image or 'no image'}, deployed was {named}")
    if isinstance(registered, Unknown) or registered.is_deployed:
        return None
    runs, wanted = (short(one.digest) if one.digest else "no digest" for one in (registered.image, deployed))
    return Drift(Kind.OUT_OF_BAND_IMAGE, f"runs {runs} by {deployed.tag}, deployed was {wanted}")


def _unknown(answer: object) -> Drift | None:
    return Drift(Kind.UNKNOWN, answer.sentence, answer.detail) if isinstance(answer, Unknown) else None


def _passing(function: Function) -> Drift | None:
    if Readiness.of(function) is Readiness.PENDING:
        return Drift(Kind.UPDATE_IN_PROGRESS, "Function Compute is still preparing its image")
    if function.state == "Inactive":
        return Drift(Kind.FUNCTION_INACTIVE, "idle for long: the next call fails once, and wakes it")
    return None


def _outdated(newer: str | Unknown) -> Drift:
    if not newer:
        return Drift(Kind.OK)
    return _unknown(newer) or Drift(Kind.NEWER_TAG, str(newer))


def registered_image(
    registries: Registries, function: Function, deployed: Image | None, platform: str
) -> RegisteredImage | Unknown:
    """The image that *function* runs, as its registry knows it; *deployed* is the one that it should run."""
    live = live_image(function)
    if live is None or live.digest is None:
        return Unknown(f"Function Compute resolved no digest for {function.image or 'it, which has no image'}")
    try:
        return _registered(registries.open(live.repository), live, live.digest, deployed, platform)
    except RegistryError as error:
        return Unknown(f"{live.repository} cannot be read ({type(error).__name__})", str(error))


def live_image(function: Function) -> Image | None:
    """Tag and digest that *function* runs, as far as they are known; None if its image is not a valid reference."""
    try:
        image = Image.parse(function.image)
    except InvalidImage:
        return None
    tag = image.tag if image.tag or image.digest else _DEFAULT_TAG
    return Image(image.repository, tag, function.digest or image.digest)


def image_in_use(function: Function) -> Image | None:
    """`live_image`, or what Function Compute resolved where the function's own reference is not valid."""
    if live := live_image(function):
        return live
    try:
        return Image.parse(function.resolved_image_uri)
    except InvalidImage:
        return None


def _registered(
    repository: ReadableRepository, live: Image, digest: Digest, deployed: Image | None, platform: str
) -> RegisteredImage:
    same = same_image(repository, platform)
    try:
        record = repository.resolve(live.tag) if live.tag else None
    except TagNotFound:
        record = None
    points_at = record.digest if record and record.status == _NORMAL else None
    if record is None or points_at is None:
        return RegisteredImage(live, None, tag_is_same=False, is_there=_is_there(repository, digest), is_deployed=True)
    noted = deployed.digest if deployed else None
    is_deployed = noted is None or same(noted, digest)
    # What was deployed is what the tag was then: no manifest need be read to compare it with what the tag is now.
    tag_is_same = points_at == noted if noted is not None and is_deployed else same(points_at, digest)
    return RegisteredImage(
        live, points_at, tag_is_same=tag_is_same, is_there=True, is_deployed=is_deployed, pushed=record.pushed
    )


def _is_there(repository: ReadableRepository, digest: Digest) -> bool:
    """Only a definite answer makes an image gone."""
    try:
        repository.manifest(digest)
    except TagNotFound:
        return False
    except RegistryError:
        return True
    return True
