"""Property bags of the resource: what a deployed function looks like as outputs, and a live one as inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from fcpin.drift import CannotTell, Drift, Kind, Registered
from fcpin.fc import runtime_config
from fcpin.fc.model import Function
from fcpin.fc.readiness import Verdict, judge
from fcpin.image import Repository
from fcpin.pinned_function.deployer import Deployed
from fcpin.pinned_function.inputs import DEFAULT_DEADLINE, Pin, deployed_image
from fcpin.pinned_function.keys import DEPLOYED, DRIFT, INPUTS, OUTPUTS
from fcpin.policy import DEFAULT_PLATFORM
from fcpin.policy.tag_names import is_pin_tag

_LASTING: Final = frozenset(
    {
        Kind.FUNCTION_DISABLED,
        Kind.MOVED_TAG,
        Kind.DELETED_TAG,
        Kind.DELETED_DIGEST,
        Kind.FUNCTION_LOCKED,
        Kind.FUNCTION_INACTIVE,
        Kind.UNKNOWN,
    }
)
"""The kinds that stay while the pin stays: there is nothing to send."""
_HEALED_BY_PIN_TAG: Final = frozenset({Kind.MOVED_TAG, Kind.DELETED_TAG})
"""Those of them that an `up` sets right, or says how, where the tag that runs is ours."""

CREATED: Final = "created"
ADOPTED: Final = "adopted"


@dataclass(frozen=True, slots=True)
class Stored:
    """What of a stored bag leads to its function. No more of it is judged: an old state can always be destroyed."""

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


def wanted_drift(olds: Mapping[str, Any], pin: Pin) -> str:
    """What `drift` is once *pin* is deployed: `ok`, or what a refresh told where deploying *pin* heals nothing."""
    told = str(olds.get(DRIFT) or Kind.OK)
    lasting = _LASTING - _HEALED_BY_PIN_TAG if pin.protected else _LASTING
    lasts = Pin.from_properties(olds) == pin and told.partition(":")[0] in lasting
    return told if lasts else str(Kind.OK)


def deployed(
    inputs: Mapping[str, Any],
    result: Deployed,
    selection: str,
    previous_image: str = "",
) -> dict[str, Any]:
    """The outputs after create or update. *previous_image* is what the state said so far."""
    outputs = {
        **inputs_of(inputs),
        **_told(result.function),
        "previous_image": result.previous_image or previous_image,
        DEPLOYED: f"{result.function.image}@{inputs['digest']}",
        "ownership": CREATED if result.created else ADOPTED,
        "selection": selection,
    }
    if result.exposed_seconds is not None:
        outputs["exposed_seconds"] = result.exposed_seconds
    return outputs


def live(
    properties: Mapping[str, Any], function: Function, registered: Registered | CannotTell, drift: Drift
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Outputs and inputs that describe *function* as it is now. Equal to the stored ones when nothing drifted.

    A function whose last update failed, or is still under way, does not run the image that it names, so its digest is
    empty here: the next `up` makes sure of the pin, whatever it is.
    """
    inputs = inputs_of(properties)
    pin = Pin.from_properties(properties)
    inputs["image"] = function.image
    if function.tag is None or not is_pin_tag(function.tag):  # a pin tag stands for the tag that it was made of
        inputs["tag"] = function.tag or ""
    if judge(function) is not Verdict.READY:
        inputs["digest"] = ""
    elif pin is None or not _runs(pin, properties, function, registered):
        inputs["digest"] = function.digest or ""
    if inputs.get("config") is not None:
        inputs["config"] = runtime_config.live(inputs["config"], function)
    inputs[DRIFT] = str(drift)
    kept = {key: properties[key] for key in OUTPUTS if key in properties}
    return {**kept, **inputs, **_told(function)}, inputs


def _runs(pin: Pin, properties: Mapping[str, Any], function: Function, registered: Registered | CannotTell) -> bool:
    if pin.digest == function.digest:
        return True
    deployed = deployed_image(properties)
    is_deployed = isinstance(registered, Registered) and registered.is_deployed
    return is_deployed and deployed is not None and deployed.digest == pin.digest


def _told(function: Function) -> dict[str, Any]:
    return {
        "resolved_image_uri": function.resolved_image_uri,
        "function_arn": function.arn,
        "function_id": function.id,
        "state": function.state,
        "last_update_status": function.last_update_status,
        "last_modified_time": function.last_modified_time,
    }
