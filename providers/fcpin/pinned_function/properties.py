"""Property bags of the resource: what a deployed function looks like as outputs, and a live one as inputs."""

from collections.abc import Mapping
from typing import Any, Final

from fcpin.drift import Drift, Kind, RegisteredImage, Unknown
from fcpin.fc import runtime_config
from fcpin.fc.model import Function
from fcpin.fc.readiness import Readiness
from fcpin.image import is_pin_tag
from fcpin.pin import Pin
from fcpin.pinned_function.deployer import Deployed
from fcpin.pinned_function.keys import DEPLOYED, DRIFT, OUTPUTS
from fcpin.pinned_function.state import deployed_image, inputs_of, pin_of

CREATED: Final = "created"
ADOPTED: Final = "adopted"


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
