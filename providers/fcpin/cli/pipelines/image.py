"""fcpin pipeline run, of one of the stack's pipelines: its image, built by whoever its `builder` is."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcpin.clock import SystemClock

if TYPE_CHECKING:
    from fcpin.build.builder import Progress
    from fcpin.settings import Settings


def built(
    spec: Mapping[str, Any], commit: str, settings: "Settings", folder: Path, deadline: float | None, tell: "Progress"
) -> Iterator[str]:
    """The image of *spec* as the registry has it; buildah looks for the code from the project's *folder*.

    *deadline*, in seconds, goes before the pipeline's own. An image that is there already is taken, as `rebuild` says.
    Raises PipelineError, RegistryError; then nothing is left running.
    """
    from fcpin.build.builder import BuildRequest
    from fcpin.build.making import Maker
    from fcpin.clients import builders, registries_of
    from fcpin.image import Image
    from fcpin.pipeline.spec import deadline_of, image_of, is_rebuilt

    clock = SystemClock()
    registries = registries_of(settings, clock)
    maker = Maker(builders(settings, registries, folder, clock), registries, clock)
    image = Image.parse(image_of(spec, commit))
    request = BuildRequest(spec, image, commit, deadline or deadline_of(spec))
    made = maker.make(request, tell, again=is_rebuilt(spec))
    yield f"{image}@{made.digest}"
    if made.log_location:
        tell(f"the log: {made.log_location}")
