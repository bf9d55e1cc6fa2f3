"""fcpin pipeline run: submit a pipeline, show its progress, and print what it has pushed."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from fcpin.cli.command import Streams
from fcpin.cli.ending import ending_in_order
from fcpin.cli.options import positive
from fcpin.cli.output import printable
from fcpin.cli.pipelines.render import filled
from fcpin.cli.pipelines.source import add_source, add_values, pipelines_of
from fcpin.cli.stacks import read_stack
from fcpin.clock import Clock, SystemClock
from fcpin.errors import BuildTimedOut, InvalidInput, Problem

if TYPE_CHECKING:
    from fcpin.build.builder import Progress
    from fcpin.pipeline.document import Document
    from fcpin.pipeline.model import Pipeline
    from fcpin.settings import Settings
    from fcpin.stack import Stack

DESCRIPTION: Final = (
    "Ctrl-C cancels the pipeline. An image of the stack's that is there already is not built again, "
    "unless rebuild: always. Standard output has one line for each image, as it is in the registry: "
    "host/namespace/name:tag@sha256:…. Exit status: 0 done, 1 it failed, 2 something is wrong, 130 cancelled."
)
_BESIDE_THE_TASKS: Final = 600


def run(given: Namespace, streams: Streams) -> int:
    """0. Raises InvalidInput, StackError, PipelineError, RegistryError; then no pipeline is left running."""
    from fcpin.cli.pipelines.image import built
    from fcpin.settings import Settings

    if not given.file and not given.stack:
        raise InvalidInput(Problem("FILE", "is required, or --stack and what fcpin:pipelines says there"))
    stack = read_stack(given) if given.stack else None
    spec = _spec(given, stack) if stack and not given.file else None

    def tell(line: str) -> None:
        print(printable(line), file=streams.stderr, flush=True)

    with ending_in_order():
        if stack and spec:
            images = built(spec, given.commit, stack.settings, given.cwd, given.deadline, tell)
        else:
            settings = stack.settings if stack else Settings.read(lambda _: None)
            images = _submitted(given, _of_file(given, streams, SystemClock()), settings, tell)
        for image in images:
            print(image, file=streams.stdout, flush=True)
    return 0


def _submitted(given: Namespace, document: Mapping[str, Any], settings: "Settings", tell: "Progress") -> Iterator[str]:
    """Every image as the registry has it, once the pipeline has succeeded."""
    from fcpin.build.builder import Built
    from fcpin.build.making import Maker
    from fcpin.clients import pipeline_builder, registries_of
    from fcpin.image import Image
    from fcpin.pipeline.validate import examine

    clock, pipeline = SystemClock(), examine(document, is_template=False).pipeline
    builder = pipeline_builder(settings, clock)
    maker = Maker(builder, registries_of(settings, clock), clock)
    deadline, began = float(given.deadline or _deadline(pipeline)), clock.monotonic()
    images = [Image.parse(build.image) for build in pipeline.builds]
    try:
        finished = builder.run(document, deadline, tell)
    except BuildTimedOut as error:
        raise BuildTimedOut(f"{error}{''.join(map(maker.stuck, images))}") from None
    built = Built(finished.pipeline.name, str(finished.log or ""), finished.reported)
    for image in images:
        yield f"{image}@{maker.read_back(image, built, deadline - (clock.monotonic() - began))}"
    if not images:
        tell("no task that builds is on: nothing was pushed")
    if built.log_location:
        tell(f"the log: {built.log_location}")


def _of_file(given: Namespace, streams: Streams, clock: Clock) -> Mapping[str, Any]:
    from fcpin.pipeline.variables import has_variables
    from fcpin.pipeline.wire import to_wire

    if given.name:
        raise InvalidInput(Problem("--name", "is for a stack's pipelines; drop it, or FILE"))
    written, document = filled(given, streams)
    if wrong := list(_not_ready(document)):
        raise InvalidInput(*wrong)
    wire = to_wire(document.tree)
    if not has_variables(written.tree["name"]):  # it could be submitted once
        wire["name"] = f"{wire['name']}-{int(clock.now().timestamp() * 1000)}"
    return wire


def _not_ready(document: "Document") -> Iterator[Problem]:
    """What is only a warning until it is to be run."""
    from fcpin.pipeline.images import is_masked
    from fcpin.pipeline.validate import examine

    pipeline = examine(document.tree, is_template=False).pipeline
    if pipeline.is_bare:
        yield Problem(document.name, "is a list of tasks; put it under spec.templateSpec.tasks of a pipeline")
    for build in pipeline.builds:
        if is_masked(build.image):
            path = f"{build.path}.image"
            yield Problem(document.place(path), f"{path}: {build.image} is masked with ***; write the real name")


def _spec(given: Namespace, stack: "Stack") -> Mapping[str, Any]:
    """The one pipeline of the stack that is meant."""
    if not given.commit:
        raise InvalidInput(Problem("--commit", "is required, to know what to build"))
    pipelines = pipelines_of(stack, given.name, given.commit)
    if len(pipelines) > 1:
        raise InvalidInput(Problem("--name", f"is required, one of {', '.join(pipelines)}"))
    (spec,) = pipelines.values()
    return spec


def _deadline(pipeline: "Pipeline") -> float:
    """The time that all tasks may take one after the other, and some for queues and conversion."""
    from fcpin.pipeline.environment import DEFAULT_SECONDS

    timeouts = [(task.runner and task.runner.timeout) or DEFAULT_SECONDS for task in pipeline.tasks if task.enable]
    return sum(timeouts) + _BESIDE_THE_TASKS


def add_options(parser: ArgumentParser) -> None:
    """Of `fcpin pipeline run`."""
    add_source(parser)
    add_values(parser)
    parser.add_argument(
        "--deadline", type=positive, metavar="SECONDS", help="for the whole (default: its tasks' time-outs and 600)"
    )
