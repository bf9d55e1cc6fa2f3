"""Ensure that an image exists: build it if it is missing, and read its digest back from the registry."""

from dataclasses import dataclass, field
from typing import Final

from fcpin.clock import Clock
from fcpin.errors import BuildMismatch, BuildTimedOut, RepositoryNotFound, TagNotFound
from fcpin.image import ACCELERATED, Digest, Image, original
from fcpin.pipelines.builder import Builder, BuildReport, BuildRequest, Progress
from fcpin.registry.registries import ATTESTED, Registries, digest_of
from fcpin.single_flight import SingleFlight

_PAUSE: Final = 2.0
"""Seconds between two requests for an accelerated image."""


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image in its registry."""

    digest: Digest
    run: str
    """Name of the run that built it; empty if the image existed before."""
    log_location: str


@dataclass(frozen=True, slots=True)
class ImageBuilds:
    """Builds images that are missing. Thread-safe: one build for each image at a time."""

    builder: Builder
    registries: Registries
    clock: Clock
    _flights: SingleFlight[tuple[Image, bool], BuiltImage] = field(default_factory=SingleFlight, repr=False)

    def ensure_image(self, request: BuildRequest, progress: Progress, *, rebuild: bool) -> BuiltImage:
        """Return the image of *request*; build it if it is missing, or in any case if *rebuild*.

        A second caller for the same image waits for the first build, because a second push would move the tag.
        Raises PipelineError, BuildMismatch, RegistryError.
        """
        ensure = self._build if rebuild else self._find_or_build
        return self._flights.get((request.image, rebuild), lambda: ensure(request, progress))

    def find(self, image: Image) -> Digest | None:
        """Return the digest of the image's tag; None if the tag does not exist. Raises RegistryError."""
        try:
            return digest_of(self.registries.open(image.repository).resolve(image.tag or ""), image.repository)
        except (TagNotFound, RepositoryNotFound):  # the first push may create the repository
            return None

    def read_back(self, image: Image, report: BuildReport, seconds: float) -> Digest:
        """Return the digest in the registry after a build; wait *seconds* for an accelerated image.

        Raises BuildMismatch, RegistryError.
        """
        self._forget(image)
        digest = self._await(image, seconds)
        if digest is None:
            where = f"; see its log: {report.log_location}" if report.log_location else ""
            later = f" {max(seconds, 0):.0f} s later" if _is_accelerated(image) else ""
            raise BuildMismatch(
                f"{report.run} succeeded, but {image} is not in the registry{later}"
                f"{self.missing_conversion(image)}{where}"
            )
        reported = report.digests
        if _is_accelerated(image):  # a builder that reports its push only does not know the converted digest
            pushed = self.find(_original(image))
            _require_reported(_original(image), pushed, report.run, reported)
            reported -= {pushed}
        _require_reported(image, digest, report.run, reported)
        self._refuse_attested(image, digest)
        return digest

    def missing_conversion(self, image: Image) -> str:
        """Return the addition to an error message if the original of an accelerated *image* exists and it does not."""
        if not _is_accelerated(image):
            return ""
        self._forget(image)
        pushed = _original(image)
        if self.find(pushed) is None or self.find(image) is not None:
            return ""
        return f"; {pushed} was pushed, but ACR has not converted it: is acceleration on for the repository?"

    def _find_or_build(self, request: BuildRequest, progress: Progress) -> BuiltImage:
        found = self.find(request.image)
        if found is None:
            return self._build(request, progress)
        self._refuse_attested(request.image, found)
        progress(f"{request.image} exists: {found}; nothing is built")
        return BuiltImage(found, "", "")

    def _build(self, request: BuildRequest, progress: Progress) -> BuiltImage:
        started = self.clock.monotonic()
        try:
            report = self.builder.build(request, progress)
        except BuildTimedOut as error:
            raise BuildTimedOut(f"{error}{self.missing_conversion(request.image)}") from None
        left = request.deadline - (self.clock.monotonic() - started)
        return BuiltImage(self.read_back(request.image, report, left), report.run, report.log_location)

    def _forget(self, image: Image) -> None:
        self.registries.open(image.repository).forget(image.tag or "")

    def _refuse_attested(self, image: Image, digest: Digest) -> None:
        """Raises BuildMismatch."""
        if self.registries.open(image.repository).manifest(digest).is_attested:
            raise BuildMismatch(f"{image} {ATTESTED}")

    def _await(self, image: Image, seconds: float) -> Digest | None:
        """Wait for an accelerated image: ACR creates it after the push."""
        until = self.clock.monotonic() + seconds
        digest = self.find(image)
        while digest is None and _is_accelerated(image) and (left := until - self.clock.monotonic()) > 0:
            self.clock.sleep(min(_PAUSE, left))
            digest = self.find(image)
        return digest


def _require_reported(image: Image, digest: Digest | None, run: str, reported: frozenset[Digest | None]) -> None:
    """Raises BuildMismatch if the build *run* reported digests, and *digest* is not one of them."""
    if digest is not None and reported and digest not in reported:
        raise BuildMismatch(
            f"{image} is {digest}, but {run} reported {', '.join(sorted(filter(None, reported)))}: another push moved "
            "the tag meanwhile; nothing was deployed; build another commit, or set rebuild: always"
        )


def _is_accelerated(image: Image) -> bool:
    return image.tag is not None and image.tag.endswith(ACCELERATED)


def _original(image: Image) -> Image:
    """Return the image that ACR converts to the accelerated *image*."""
    return Image(image.repository, original(image.tag or ""))
