"""A function that FC has failed since its deployment, although its pin stays: found in a preview, without a refresh.

FC puts a function into the state Failed when its tag is overwritten, and moving the tag back does not end that. The
pin is what it was, so nothing that check and diff compare has changed. GetFunction would show it, but costs a request a
function. It is only sent where the registry cannot rule a move out: the tag was pushed after the function was modified
last, or the registry does not return push times (ADR 23).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fcpin.clients import ClientFor
from fcpin.drift import Drift, RegisteredImage, classify
from fcpin.errors import FunctionNotFound
from fcpin.image import Image, Pin
from fcpin.pinned_function.inputs import PinArgs
from fcpin.pinned_function.properties import deployed_image
from fcpin.pinned_function.resolver import Resolver


@dataclass(frozen=True, slots=True)
class Health:
    """Asks FC about functions whose tag may have been elsewhere since their deployment."""

    client_for: ClientFor
    resolver: Resolver

    def failure(self, outputs: Mapping[str, Any], args: PinArgs, pin: Pin) -> Drift | None:
        """What an `up` has to heal although the pin stays; None for nothing. *outputs*: those in the state.

        Raises FunctionError when the function cannot be read.
        """
        if not self._may_have_moved(args, outputs.get("last_modified_time")):
            return None
        try:
            function = self.client_for(args.region, args.profile).get(args.function_name)
        except FunctionNotFound:
            return classify(None, None, _found(args, pin, runs=False))
        same = self.resolver.same_image(args.repository, args.policy.platform)
        registered = _found(args, pin, runs=same(pin.digest, function.digest))
        drift = classify(deployed_image(outputs), function, registered)
        return drift if drift.kind.facts.healed_by_up else None

    def _may_have_moved(self, args: PinArgs, modified: object) -> bool:
        resolved = self.resolver.resolved(args)
        if resolved is None or not resolved.selected:
            return False
        since = _moment(modified)
        return resolved.pushed is None or since is None or resolved.pushed.replace(microsecond=0) > since


def _found(args: PinArgs, pin: Pin, *, runs: bool) -> RegisteredImage:
    """As the listing of this run has it: the tag is there, and has the pin's digest."""
    image = Image.parse(f"{pin.image(args.repository)}@{pin.digest}")
    return RegisteredImage(image, pin.digest, tag_is_same=runs, is_there=True, is_deployed=runs)


def _moment(text: object) -> datetime | None:
    """A time as FC writes it, to the second; None for what is none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
