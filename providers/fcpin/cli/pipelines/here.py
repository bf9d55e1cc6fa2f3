"""fcpin pipeline run, of a pipeline that is built on this machine."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcpin.clock import SystemClock

if TYPE_CHECKING:
    from fcpin.build.builder import Progress
    from fcpin.settings import Settings


def build_here(
    spec: Mapping[str, Any], commit: str, settings: "Settings", folder: Path, deadline: float | None, tell: "Progress"
) -> Iterator[str]:
    """The image of *spec* as the registry has it; the code is looked for from the project's *folder*.

    *deadline*, in seconds, goes before the pipeline's own.
    Raises PipelineError, RegistryError; then nothing is left running.
    """
    from fcpin.build.builder import BuildRequest
    from fcpin.build.making import Maker
    from fcpin.clients import builders, registries
    from fcpin.image import Image
    from fcpin.pipeline.spec import deadline_of, image_of

    clock = SystemClock()
    directory = registries(settings, clock)
    maker = Maker(builders(settings, directory, folder, clock), directory, clock)
    image = Image.parse(image_of(spec, commit))
    made = maker.make(BuildRequest(spec, image, commit, deadline or deadline_of(spec)), tell, again=True)
    yield f"{image}@{made.digest}"
