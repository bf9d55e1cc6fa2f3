"""Remove pin tags that nothing runs any more, and never another tag.

Only of ACR Enterprise: Function Compute pulls its images in their own region and account alone, so that the functions
of that region are all who can run one. Of another registry nobody knows who pulls from it.
https://www.alibabacloud.com/help/en/functioncompute/fc/user-guide/custom-container (Image access)
"""

import threading
from collections.abc import Iterable
from typing import Final

from fcpin.clients import ClientFor
from fcpin.clock import Clock
from fcpin.errors import TagNotFound
from fcpin.fc.uses import Use, uses
from fcpin.image import Image, Repository, acr_host
from fcpin.policy.protect import is_pin_tag
from fcpin.protection.pin_tags import PinTags
from fcpin.protection.prune import is_ours
from fcpin.protection.usage import Usage
from fcpin.registry.directory import RegistryDirectory

_FRESH: Final = 30.0
"""Seconds for which what the functions of a region run is not asked again."""


def only_region(repository: Repository) -> str | None:
    """The region whose functions are all who can run the images of *repository*; None where nobody knows."""
    acr = acr_host(repository.host)
    return acr.region if acr and acr.edition == "enterprise" else None


class Sweeper:
    """Removes pin tags for all resources of one plugin process. Thread-safe."""

    def __init__(
        self,
        directory: RegistryDirectory,
        pin_tags: PinTags,
        client_for: ClientFor,
        clock: Clock,
    ) -> None:
        self._directory, self._pin_tags, self._client_for, self._clock = directory, pin_tags, client_for, clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], tuple[float, list[Use]]] = {}

    def sweep(self, images: Iterable[Image], profile: str = "") -> set[Image]:
        """Remove those of *images* that nothing runs; those that are gone now. *profile* is whose account they are in.

        Raises FunctionError and RegistryError, and then may have removed some.
        """
        with self._lock:
            return {image for image in images if self._is_gone(image, profile)}

    def _is_gone(self, image: Image, profile: str) -> bool:
        region = only_region(image.repository)
        if region is None or image.tag is None or not is_pin_tag(image.tag):
            return False
        if self._pin_tags.is_wanted(image.repository, image.tag):
            return False
        usage = Usage.of(image.repository, self._uses(region, profile))
        try:
            record = self._directory.resolve(image.repository, image.tag)
        except TagNotFound:
            return True
        if not is_ours(record) or usage.of_tag(record):
            return False
        self._directory.delete_tag(image.repository, image.tag)
        return True

    def _uses(self, region: str, profile: str) -> list[Use]:
        now = self._clock.monotonic()
        asked, found = self._seen.get((region, profile), (-_FRESH, []))
        if now - asked >= _FRESH:
            found = uses(self._client_for(region, profile))
            self._seen[region, profile] = now, found
        return found
