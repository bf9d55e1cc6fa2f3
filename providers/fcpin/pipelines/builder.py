"""What a builder is: it builds an image of a commit and pushes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fcpin.image import Digest, Image

if TYPE_CHECKING:
    from fcpin.pipelines.spec import PipelineEntry

Progress = Callable[[str], None]
"""Takes one line of progress for the user."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """An image to build, and where to push it."""

    entry: "PipelineEntry"
    image: Image
    """Repository and tag."""
    commit: str
    deadline: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a builder reports after its push. The digest is read from the registry afterwards."""

    run: str
    """Name of the pipeline, or `buildah`."""
    log_location: str
    """Empty if the builder does not return one."""
    digests: frozenset[Digest]
    """Digests that the builder reported; often none."""


class Builder(Protocol):
    """Builds one image at a time."""

    def build(self, request: BuildRequest, progress: Progress) -> BuildReport:
        """Build and push. Raises PipelineError or RegistryError; nothing is left running in either case."""


@dataclass(frozen=True, slots=True)
class BuilderByName:
    """Passes each request to the builder that it names."""

    builders: Mapping[str, Builder]

    def build(self, request: BuildRequest, progress: Progress) -> BuildReport:
        return self.builders[request.entry.builder].build(request, progress)
