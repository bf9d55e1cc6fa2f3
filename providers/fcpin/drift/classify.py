"""Decide which kind of drift it is. Pure; the first rule that applies decides, and an outage comes before all else.

1. No function, or one that may not be invoked: nothing runs.
2. The image that runs is gone, or its tag is gone or points elsewhere: new instances fail to start.
3. The last update failed, or the function did.
4. Another image runs than the one that was deployed. Not judged while an update is under way: it may be the reason.
5. It is locked: the next deployment will be refused.
6. What could not be asked may be any of these.
7. What passes by itself, or with the next `up`: an update under way, an idle function, a newer tag.
"""

from fcpin.drift.kind import Drift, Kind
from fcpin.drift.registered import CannotTell, Registered
from fcpin.fc.model import Function
from fcpin.fc.readiness import Verdict, judge
from fcpin.image import Image, short

_NO_NEW_INSTANCES = "new instances cannot start"


def classify(
    deployed: Image | None,
    function: Function | None,
    registered: Registered | CannotTell,
    newer: str | CannotTell = "",
) -> Drift:
    """The drift of *function*, which is None when Function Compute has none of that name.

    *deployed*: tag and digest that the last deployment left, None where nobody knows.
    *newer*: what the policy would deploy instead, in words; empty when that is what runs, or was not asked.
    """
    if function is None:
        return Drift(Kind.FUNCTION_MISSING, "the function was deleted")
    return (
        _disabled(function)
        or _unstartable(registered)
        or _failed(function)
        or _replaced(deployed, function, registered)
        or _locked(function)
        or _untold(registered)
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


def _unstartable(registered: Registered | CannotTell) -> Drift | None:
    if isinstance(registered, CannotTell):
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
    if judge(function) is not Verdict.FAILED:
        return None
    reason = f" ({function.reason})" if function.reason else ""
    if function.state == "Failed":
        return Drift(Kind.UPDATE_FAILED, f"the function failed{reason}: it cannot be invoked")
    return Drift(Kind.UPDATE_FAILED, f"the last update failed{reason}: the old image keeps serving")


def _replaced(deployed: Image | None, function: Function, registered: Registered | CannotTell) -> Drift | None:
    if deployed is None or judge(function) is Verdict.WAIT:
        return None
    named = str(Image(deployed.repository, deployed.tag))
    if function.image != named:
        return Drift(Kind.OUT_OF_BAND_IMAGE, f"runs {function.image or 'no image'}, deployed was {named}")
    if isinstance(registered, CannotTell) or registered.is_deployed:
        return None
    runs, wanted = (short(one.digest) if one.digest else "no digest" for one in (registered.image, deployed))
    return Drift(Kind.OUT_OF_BAND_IMAGE, f"runs {runs} by {deployed.tag}, deployed was {wanted}")


def _untold(answer: object) -> Drift | None:
    return Drift(Kind.UNKNOWN, answer.sentence, answer.detail) if isinstance(answer, CannotTell) else None


def _passing(function: Function) -> Drift | None:
    if judge(function) is Verdict.WAIT:
        return Drift(Kind.UPDATE_IN_PROGRESS, "Function Compute is still preparing its image")
    if function.state == "Inactive":
        return Drift(Kind.FUNCTION_INACTIVE, "idle for long: the next call fails once, and wakes it")
    return None


def _outdated(newer: str | CannotTell) -> Drift:
    if not newer:
        return Drift(Kind.OK)
    return _untold(newer) or Drift(Kind.NEWER_TAG, str(newer))
