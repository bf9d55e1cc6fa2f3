"""From a request to an image that is certainly there: its digest is the registry's, never a guess."""

from dataclasses import dataclass, field
from typing import Final

from fcpin.build.builder import Builder, BuildRequest, Built, Progress
from fcpin.clock import Clock
from fcpin.errors import BuildMismatch, BuildTimedOut, RepositoryNotFound, TagNotFound
from fcpin.image import Digest, Image
from fcpin.lookup import ATTESTED, digest_of
from fcpin.policy.tag_names import ACCELERATED, original
from fcpin.registry.registries import Registries
from fcpin.single_flight import SingleFlight

_PAUSE: Final = 2.0
"""Seconds between two looks for an accelerated image."""


@dataclass(frozen=True, slots=True)
class Made:
    """An image in its registry."""

    digest: Digest
    name: str
    """Of the run that built it; empty when it was there already."""
    log_location: str


@dataclass(frozen=True, slots=True)
class Maker:
    """Has images built, and reads them back."""

    builder: Builder
    registries: Registries
    clock: Clock
    _flights: SingleFlight[tuple[Image, bool], Made] = field(default_factory=SingleFlight, repr=False)

    def make(self, request: BuildRequest, progress: Progress, *, again: bool) -> Made:
        """The image of *request*: the one that is there, unless it is to be built *again*; else a new one.

        Who asks for an image that is being built waits for it: two builds of a tag would take it from one another.
        Raises PipelineError, BuildMismatch, RegistryError.
        """
        make = self._build if again else self._take_or_build
        return self._flights.get((request.image, again), lambda: make(request, progress))

    def _take_or_build(self, request: BuildRequest, progress: Progress) -> Made:
        there = self.find(request.image)
        if there is None:
            return self._build(request, progress)
        self._refuse_attested(request.image, there)
        progress(f"{request.image} is there already: {there}; nothing is built")
        return Made(there, "", "")

    def _build(self, request: BuildRequest, progress: Progress) -> Made:
        started = self.clock.monotonic()
        try:
            built = self.builder.build(request, progress)
        except BuildTimedOut as error:
            raise BuildTimedOut(f"{error}{self.stuck(request.image)}") from None
        left = request.deadline - (self.clock.monotonic() - started)
        return Made(self.read_back(request.image, built, left), built.name, built.log_location)

    def find(self, image: Image) -> Digest | None:
        """What the tag of *image* points at now; None when there is no such tag. Raises RegistryError."""
        try:
            return digest_of(self.registries.open(image.repository).resolve(image.tag or ""), image.repository)
        except (TagNotFound, RepositoryNotFound):  # the first push may make the repository
            return None

    def _forget(self, image: Image) -> None:
        self.registries.open(image.repository).forget(image.tag or "")

    def read_back(self, image: Image, built: Built, seconds: float) -> Digest:
        """What the registry has after a build. Waits for an accelerated image. Raises BuildMismatch, RegistryError."""
        self._forget(image)
        digest = self._await(image, seconds)
        if digest is None:
            where = f"; see its log: {built.log_location}" if built.log_location else ""
            later = f" {max(seconds, 0):.0f} s later" if _is_accelerated(image) else ""
            raise BuildMismatch(
                f"{built.name} succeeded, but {image} is not in the registry{later}{self.stuck(image)}{where}"
            )
        reported = built.reported
        if _is_accelerated(image):  # who names only what it has pushed says nothing of the conversion
            pushed = self.find(_original(image))
            _compare(_original(image), pushed, built.name, reported)
            reported -= {pushed}
        _compare(image, digest, built.name, reported)
        self._refuse_attested(image, digest)
        return digest

    def _refuse_attested(self, image: Image, digest: Digest) -> None:
        """Raises BuildMismatch."""
        if self.registries.open(image.repository).manifest(digest).is_attested:
            raise BuildMismatch(f"{image} {ATTESTED}")

    def _await(self, image: Image, seconds: float) -> Digest | None:
        """An accelerated image is made by ACR after the push, so it is waited for."""
        until = self.clock.monotonic() + seconds
        digest = self.find(image)
        while digest is None and _is_accelerated(image) and (left := until - self.clock.monotonic()) > 0:
            self.clock.sleep(min(_PAUSE, left))
            digest = self.find(image)
        return digest

    def stuck(self, image: Image) -> str:
        """What is to be said when an accelerated image is missing and its original is there."""
        if not _is_accelerated(image):
            return ""
        self._forget(image)
        pushed = _original(image)
        if self.find(pushed) is None or self.find(image) is not None:
            return ""
        return f"; {pushed} was pushed, but ACR has not converted it: is acceleration on for the repository?"


def _compare(image: Image, digest: Digest | None, name: str, reported: frozenset[Digest | None]) -> None:
    """Raises BuildMismatch when the build *name* reported digests, and not this one."""
    if digest is not None and reported and digest not in reported:
        raise BuildMismatch(
            f"{image} is {digest}, but {name} reported {', '.join(sorted(filter(None, reported)))}: somebody else "
            "pushed it meanwhile; nothing was deployed; build another commit, or set rebuild: always"
        )


def _is_accelerated(image: Image) -> bool:
    return image.tag is not None and image.tag.endswith(ACCELERATED)


def _original(image: Image) -> Image:
    """What ACR makes the accelerated *image* of."""
    return Image(image.repository, original(image.tag or ""))
