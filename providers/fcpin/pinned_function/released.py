"""The pin tags that a function has left: told in its outputs with the time, and removed after a grace period."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fcpin.clock import Clock
from fcpin.errors import FcpinError, InvalidImage
from fcpin.image import Image, Repository
from fcpin.pinned_function.deployer import Deployed
from fcpin.pinned_function.engine_log import Log
from fcpin.pinned_function.inputs import Current, PinArgs
from fcpin.policy.times import iso, parse_moment
from fcpin.protection.sweep import Sweeper, only_region

_MOST: Final = 100
"""Older ones are forgotten; `fcpin prune` finds them."""


@dataclass(frozen=True, slots=True)
class Released:
    """Keeps the list, image reference to time, and removes what is due. Never a reason for a deployment to fail."""

    sweeper: Sweeper
    clock: Clock
    log: Log

    def after(self, args: PinArgs, result: Deployed, before: Any) -> dict[str, str]:
        """The list after a deployment; *before* is the one in the state."""
        now = self.clock.now()
        released = _read(before)
        if result.left is not None and _is_ours_alone(result):
            released[result.left] = now
        released = {image: since for image, since in released.items() if str(image) != result.function.image}
        due = [image for image, since in released.items() if now - since >= args.policy.protection.grace]
        gone = self._sweep(args, due) if due else frozenset[Image]()
        left = sorted(((since, str(image)) for image, since in released.items() if image not in gone), reverse=True)
        return {image: iso(since) for since, image in left[:_MOST]}

    def abandon(self, repository: Repository, properties: Mapping[str, Any]) -> None:
        """Say what a deleted function leaves behind: nobody is there any more to wait for the grace to end."""
        current = Current.from_properties(properties)
        if properties.get("released_pins") or (current is not None and current.protected):
            self.log("info", f"pin tags stay in {repository}; `fcpin prune` removes those that nothing runs")

    def _sweep(self, args: PinArgs, due: list[Image]) -> set[Image] | frozenset[Image]:
        try:
            gone = self.sweeper.sweep(due, args.profile)
        except FcpinError as error:
            self.log("warning", f"{args.function_name}: no unused pin tag was removed: {error}")
            return frozenset()
        for image in sorted(map(str, gone)):
            self.log("info", f"{args.function_name}: removed {image}, which no function and no version runs any more")
        return gone


def _is_ours_alone(result: Deployed) -> bool:
    """Whether it can be known who runs the tag: a login of its own lets a function pull from anywhere."""
    known = result.left is not None and only_region(result.left.repository) is not None
    return known and not result.function.container.get("registryConfig")


def _read(before: Any) -> dict[Image, datetime]:
    """A list as the state holds it. What is not one of ours is left out."""
    found: dict[Image, datetime] = {}
    for image, since in before.items() if isinstance(before, Mapping) else ():
        try:
            found[Image.parse(image)] = parse_moment(since)
        except (InvalidImage, ValueError, TypeError):
            continue
    return found
