"""What puts a container function at risk, as plain functions: independent of pulumi-policy."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

PINNED_FUNCTION: Final = "pulumi-python:dynamic/fcpin:PinnedFunction"
FUNCTION: Final = "alicloud:fc/v3Function:V3Function"

Properties = Mapping[str, Any]
"""Of a pin its inputs and, in a stack rule, its outputs too."""


@dataclass(frozen=True)
class Resource:
    """A resource of the stack."""

    type: str
    urn: str
    properties: Properties


@dataclass(frozen=True)
class PinRule:
    """A rule about one PinnedFunction."""

    name: str
    description: str
    mandatory: bool
    violation: Callable[[Properties, datetime], str | None]
    """What is wrong with it at this time, or None."""


@dataclass(frozen=True)
class StackRule:
    """A rule about all resources of a stack."""

    name: str
    description: str
    mandatory: bool
    violations: Callable[[Sequence[Resource]], Iterator[tuple[str, str]]]
    """The URN of every resource that breaks it, and how."""


def moving_tag(pin: Properties, _now: datetime) -> str | None:
    """A function on one tag that is pushed again and again: each push is an outage, unless the pin has its own tag."""
    policy = pin.get("policy")  # one property at a time: in a preview others are unknown, and to read them raises
    digest = policy.get("digest") if isinstance(policy, Mapping) else pin.get("digest")
    if not isinstance(digest, Mapping) or pin.get("protect") == "pin_tag":
        return None
    return (
        f"follows the moving tag {digest.get('tag')}: each push of it is an outage until the next `up`; "
        "push a tag a build and follow its family, or set protect: pin_tag"
    )


def no_digest(pin: Properties, _now: datetime) -> str | None:
    """A pin without a digest: the running image is unknown."""
    if str(pin.get("digest") or "").startswith("sha256:"):
        return None
    return "is pinned to no digest; run `pulumi up` so that it is resolved"


def expired_hold(pin: Properties, now: datetime) -> str | None:
    """A hold whose time is over: it has no effect, and misleads readers of the configuration."""
    hold = pin.get("hold")
    if not isinstance(hold, Mapping):
        return None
    try:
        until = datetime.fromisoformat(str(hold.get("until")))
    except ValueError:
        return None  # refused by the resource itself
    if until.tzinfo is None or until > now:
        return None
    return f"has a hold that ended at {hold.get('until')} ({hold.get('reason')}); remove it or give it a new end"


def mutable_repository(resources: Sequence[Resource]) -> Iterator[tuple[str, str]]:
    """Pins whose repository lets tags move: the precondition of the outage."""
    for pin in (each for each in resources if each.type == PINNED_FUNCTION):
        if pin.properties.get("tag_immutability") is False and pin.properties.get("protect") != "pin_tag":
            yield (
                pin.urn,
                (
                    f"{pin.properties.get('repository')} lets tags move; switch its tag immutability on, or set "
                    "protect: pin_tag"
                ),
            )


def unpinned_function(resources: Sequence[Resource]) -> Iterator[tuple[str, str]]:
    """Container functions of this stack that no PinnedFunction keeps on a current image."""
    pinned = {each.properties.get("function_name") for each in resources if each.type == PINNED_FUNCTION}
    for function in (each for each in resources if each.type == FUNCTION):
        name = function.properties.get("functionName")
        if function.properties.get("customContainerConfig") and name not in pinned:
            yield function.urn, f"{name} runs an image that nothing pins; add PinnedFunction(function_name={name!r}, …)"


PIN_RULES: Final[Sequence[PinRule]] = (
    PinRule("moving-tag", "Functions must not follow a moving tag.", False, moving_tag),
    PinRule("pin-without-digest", "Every pin names a digest.", True, no_digest),
    PinRule("expired-hold", "Holds that are over are removed.", False, expired_hold),
)

STACK_RULES: Final[Sequence[StackRule]] = (
    StackRule("mutable-repository", "Repositories of pinned functions keep their tags.", False, mutable_repository),
    StackRule("unpinned-function", "Every container function is pinned.", False, unpinned_function),
)
