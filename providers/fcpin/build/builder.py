"""The seam to builders: whoever can build an image of a commit and push it is one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fcpin.image import Digest, Image

Progress = Callable[[str], None]
"""Takes one line for the user."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What is to be built, and pushed where."""

    spec: Mapping[str, Any]
    """As in `fcpin:pipelines`, valid."""
    image: Image
    """Repository and tag."""
    commit: str
    deadline: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a builder says that it has pushed. The registry is asked whether it is so."""

    name: str
    """Of the run: the pipeline's."""
    log_location: str
    """Where its log is; empty where nobody tells."""
    reported: frozenset[Digest]
    """Digests that it names; none where it names none."""


class Builder(Protocol):
    """Builds one image at a time."""

    def build(self, request: BuildRequest, progress: Progress) -> Built:
        """Build and push, and tell of it. Raises PipelineError, RegistryError; then nothing is left running."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The builder that each request names, `devs` where it names none."""

    builders: Mapping[str, Builder]

    def build(self, request: BuildRequest, progress: Progress) -> Built:
        return self.builders[request.spec.get("builder", "devs")].build(request, progress)
