"""Property bags of the resource: read from a state, also of an older version; made of a deployed or a live function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from fcpin.drift import Drift, Kind, RegisteredImage, Unknown
from fcpin.errors import InvalidInput
from fcpin.fc import runtime_config
from fcpin.fc.model import Function
from fcpin.fc.readiness import Readiness
from fcpin.image import Digest, Image, Pin, Repository, is_pin_tag, parse_digest
from fcpin.pinned_function.keys import DEPLOYED, DRIFT, INPUTS, ORDERED_BY, OUTPUTS
from fcpin.policy import DEFAULT_PLATFORM
from fcpin.settings import DEFAULT_DEADLINE

Severity = Literal["info", "warning"]
Log = Callable[[Severity, str], None]
"""Writes a line among the diagnostics of the run."""

CREATED: Final = "created"
ADOPTED: Final = "adopted"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A function that runs its pin."""

    function: Function
    created: bool
    """Whether fcpin made the function, and so is to delete it one day."""
    previous_image: str = ""
    """`image@digest` that ran before; empty when nothing had to change."""
    exposed_seconds: float | None = None
    """From the push that moved the function's tag until the function ran the new digest; None when none had moved."""


@dataclass(frozen=True, slots=True)
class Current:
    """The tag that a function was deployed by, and the digest that it runs."""

    tag: str
    digest: Digest | None
    """None after a refresh that found no digest of the pin (properties.live)."""
    protected: bool = False
    """Whether it was deployed by a pin tag."""
    ordered_by: str = ""
    """What the order compared when it chose the tag; empty in states of older versions."""

    @classmethod
    def of(cls, properties: Mapping[str, Any], repository: Repository | None = None) -> Self | None:
        """None before the first deployment, and when what is deployed is not of *repository*: no tag of it is older."""
        tag, digest, image = (properties.get(key) for key in ("tag", "digest", "image"))
        if not isinstance(tag, str) or not tag:
            return None
        if repository is not None and not _is_of(repository, image):
            return None
        return cls(
            tag,
            parse_digest(digest) if isinstance(digest, str) and digest else None,
            isinstance(image, str) and is_pin_tag(image.rpartition(":")[2]),
            str(properties.get(ORDERED_BY) or ""),
        )

    @property
    def pin(self) -> Pin | None:
        """The pin; None while there is no digest."""
        return Pin(self.tag, self.digest, self.protected, self.ordered_by) if self.digest else None


def pin_of(properties: Mapping[str, Any]) -> Pin | None:
    """The pin in a property bag; None where there is none yet."""
    current = Current.of(properties)
    return current.pin if current else None


def deployed_image(properties: Mapping[str, Any]) -> Image | None:
    """Tag and digest that the last deployment left, whatever a refresh has found since; None where there are none.

    A state that is older than this output has them in `image` and `digest`.
    """
    image = properties.get(DEPLOYED) or f"{properties.get('image') or ''}@{properties.get('digest') or ''}"
    try:
        return Image.parse(str(image))
    except InvalidInput:
        return None


@dataclass(frozen=True, slots=True)
class Stored:
    """What of a stored bag leads to its function. The rest is not checked: an old state can always be destroyed."""

    region: str
    profile: str
    function_name: str
    repository: Repository
    platform: str
    deadline: float

    @classmethod
    def read(cls, properties: Mapping[str, Any], default_region: str) -> Self:
        """Raises InvalidInput when the state was edited beyond recognition."""
        deadline = properties.get("deadline")
        return cls(
            region=str(properties.get("region") or default_region),
            profile=str(properties.get("profile") or ""),
            function_name=str(properties.get("function_name") or ""),
            repository=Repository.parse(str(properties.get("repository"))),
            platform=str(properties.get("platform") or DEFAULT_PLATFORM),
            deadline=deadline if isinstance(deadline, float) and deadline > 0 else DEFAULT_DEADLINE,
        )


def inputs_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs in a bag that may hold outputs and Pulumi's own keys too."""
    return {key: properties[key] for key in INPUTS if key in properties}


def _is_of(repository: Repository, image: object) -> bool:
    try:
        return image is None or Image.parse(str(image)).repository.is_same(repository)
    except InvalidInput:
        return False


def wanted_drift(olds: Mapping[str, Any], pin: Pin) -> str:
    """`drift` once *pin* is deployed: `ok`, or what a refresh found if deploying *pin* does not end it."""
    found = str(olds.get(DRIFT) or Kind.OK)
    name = found.partition(":")[0]
    if pin_of(olds) != pin or name not in set(Kind):
        return str(Kind.OK)
    facts = Kind(name).facts
    lasts = facts.lasts and not (pin.protected and facts.healed_by_pin_tag)
    return found if lasts else str(Kind.OK)


def deployed(
    inputs: Mapping[str, Any],
    result: Deployed,
    selection: str,
    previous_image: str = "",
) -> dict[str, Any]:
    """The outputs after create or update. *previous_image*: the one in the state so far."""
    outputs = {
        **inputs_of(inputs),
        **_reported(result.function),
        "previous_image": result.previous_image or previous_image,
        DEPLOYED: f"{result.function.image}@{inputs['digest']}",
        "ownership": CREATED if result.created else ADOPTED,
        "selection": selection,
    }
    if result.exposed_seconds is not None:
        outputs["exposed_seconds"] = result.exposed_seconds
    return outputs


def live(
    properties: Mapping[str, Any], function: Function, registered: RegisteredImage | Unknown, drift: Drift
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Outputs and inputs that describe *function* as it is now. Equal to the stored ones when nothing drifted.

    A function whose last update failed, or is still under way, does not run the image that it names, so its digest is
    empty here: the next `up` deploys the pin, whatever it is.
    """
    inputs = inputs_of(properties)
    pin = pin_of(properties)
    inputs["image"] = function.image
    if function.tag is None or not is_pin_tag(function.tag):  # a pin tag stands for the tag that it was made of
        inputs["tag"] = function.tag or ""
    if Readiness.of(function) is not Readiness.READY:
        inputs["digest"] = ""
    elif pin is None or not _runs(pin, properties, function, registered):
        inputs["digest"] = function.digest or ""
    if inputs.get("config") is not None:
        inputs["config"] = runtime_config.live(inputs["config"], function)
    inputs[DRIFT] = str(drift)
    kept = {key: properties[key] for key in OUTPUTS if key in properties}
    return {**kept, **inputs, **_reported(function)}, inputs


def _runs(pin: Pin, properties: Mapping[str, Any], function: Function, registered: RegisteredImage | Unknown) -> bool:
    if pin.digest == function.digest:
        return True
    deployed = deployed_image(properties)
    is_deployed = isinstance(registered, RegisteredImage) and registered.is_deployed
    return is_deployed and deployed is not None and deployed.digest == pin.digest


def _reported(function: Function) -> dict[str, Any]:
    return {
        "resolved_image_uri": function.resolved_image_uri,
        "function_arn": function.arn,
        "function_id": function.id,
        "state": function.state,
        "last_update_status": function.last_update_status,
        "last_modified_time": function.last_modified_time,
    }
