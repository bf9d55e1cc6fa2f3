"""`fcpin pipeline`: image-build pipelines, as files and in stack configuration."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from fcpin.cli.group import WRONG_INPUT, interruptible
from fcpin.cli.options import Count, Decorator, StackOptions, gathered, stack_options
from fcpin.clock import Clock, SystemClock
from fcpin.errors import BuildTimedOut, InvalidInput, Problem, one_line, unknown_key

if TYPE_CHECKING:
    from fcpin.pipelines.builder import Progress
    from fcpin.pipelines.checks import Checked
    from fcpin.pipelines.document import DocumentFile
    from fcpin.pipelines.model import Pipeline
    from fcpin.pipelines.spec import PipelineEntry
    from fcpin.settings import Settings
    from fcpin.stack import Stack

_EXTRA_SECONDS: Final = 600
"""For queues and conversion, in addition to the time-outs of the tasks."""


class Variables(NamedTuple):
    """Values for the variables of a document."""

    commit: str | None
    app_name: str
    env_name: str


@click.group()
def command() -> None:
    """Check, render and run image-build pipelines.

    Pipelines are YAML documents as Serverless Devs accepts them, or fcpin:pipelines of a stack.
    """


_stack_options = stack_options("A stack: its fcpin:pipelines, its credentials and endpoints.")
_file = click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
_name = click.option("--name", metavar="NAME", help="One of the stack's pipelines (default: all, or the only one).")


def _variables(function: Any) -> Any:
    options: list[Decorator] = [
        click.option("--commit", metavar="COMMIT", help="The value of {commit} and <% .git.shortCommitId %>."),
        click.option("--app-name", metavar="NAME", default="", help="The value of <% .appName %>."),
        click.option("--env-name", metavar="NAME", default="", help="The value of <% .envName %>."),
    ]
    return gathered("variables", Variables, Variables._fields, options)(function)


@command.command()
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@_stack_options
@_name
def validate(files: Sequence[Path], stack: StackOptions, name: str | None) -> int:
    """Check pipelines against every documented limit.

    FILE is a pipeline document (YAML). Prints every finding on a line with its place. Exit status: 0 everything can
    run, 2 something is wrong.
    """
    _require_source(bool(files), stack, name)
    if files:
        return max(map(_validate_file, files))
    from fcpin.pipelines.spec import KEY

    pipelines = _pipelines_of(stack.read(), name)
    for key, entry in pipelines.items():
        for warning in () if entry.is_local else entry.check().warnings:
            place = f"{KEY}.{key}.{warning.path}".removesuffix(".")
            sys.stdout.write(f"{one_line(f'warning: {place}: {warning.reason}')}\n")
    sys.stdout.write(f"{KEY}: valid: {one_line(', '.join(pipelines))}\n")
    return 0


def _validate_file(file: Path) -> int:
    from fcpin.pipelines.checks import check
    from fcpin.pipelines.document import DocumentFile

    document = DocumentFile.read(file)
    checked = check(document.tree)
    sys.stdout.writelines(f"{line}\n" for line in _findings(document, checked))
    counts = Counter(each.severity for each in checked.findings)
    errors = counts["error"] + len(document.syntax_problems)
    parts = [_counted(errors, "error"), _counted(counts["warning"], "warning")]
    sys.stdout.write(f"{file}: {', '.join(filter(None, parts)) or 'valid'}\n")
    return WRONG_INPUT if errors else 0


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""


@command.command()
@_file
@_stack_options
@_name
@_variables
def render(file: Path | None, stack: StackOptions, name: str | None, variables: Variables) -> None:
    """Print the document that would be submitted to Serverless Devs.

    FILE is a pipeline document (YAML); without it the pipelines of the stack are rendered. Variables are replaced by
    their values; comments, order and unknown fields stay. Of a stack without --commit: a document for every commit,
    as the application centre fills it in.
    """
    _require_source(bool(file), stack, name)
    if file:
        sys.stdout.write(_filled(file, variables)[1].text())
    else:
        sys.stdout.write("---\n".join(_render_stack(stack.read(), name, variables.commit)))


def _filled(file: Path, variables: Variables) -> "tuple[DocumentFile, DocumentFile]":
    """The valid document of *file*, and the same with its variables filled in. Prints its warnings.

    Raises InvalidInput.
    """
    from fcpin.pipelines.checks import check
    from fcpin.pipelines.document import DocumentFile
    from fcpin.pipelines.variables import commit_problem, rendered, values

    document = DocumentFile.read(file)
    checked = check(document.tree)
    _require_runnable(document, checked)
    if variables.commit is not None and (problem := commit_problem("--commit", variables.commit)):
        raise InvalidInput(problem)
    sys.stderr.writelines(f"{line}\n" for line in _findings(document, checked))
    given = values(
        variables.commit or "", SystemClock().now(), app_name=variables.app_name, env_name=variables.env_name
    )
    return document, replace(document, tree=rendered(document.tree, given))


def _render_stack(stack: "Stack", name: str | None, commit: str | None) -> Iterator[str]:
    from fcpin.pipelines.document import to_text
    from fcpin.pipelines.spec import KEY

    for key, entry in _pipelines_of(stack, name, commit).items():
        if entry.is_local:
            reason = "is built on this machine by buildah; only pipelines of Serverless Devs have a document"
            raise InvalidInput(Problem(f"{KEY}.{key}.builder", reason))
        tree = entry.document_at(commit, SystemClock().now()) if commit else entry.document_template()
        yield f"# {KEY}.{key}\n{to_text(tree)}"


@command.command()
@_file
@_stack_options
@_name
@_variables
@click.option(
    "--deadline",
    metavar="SECONDS",
    type=Count(min=1),
    help=f"For the whole run (default: the time-outs of its tasks and {_EXTRA_SECONDS}).",
)
def run(file: Path | None, stack: StackOptions, name: str | None, variables: Variables, deadline: int | None) -> None:
    """Run a pipeline, and print the images that it has pushed.

    FILE is a pipeline document (YAML). Ctrl-C cancels the pipeline. An image of the stack's that exists is not built
    again, unless rebuild: always. Standard output has one line for each image, as it is in the registry:
    host/namespace/name:tag@sha256:…. Exit status: 0 done, 1 it failed, 2 something is wrong, 130 cancelled.
    """
    from fcpin.settings import Settings

    _require_source(bool(file), stack)
    read = stack.read() if stack.stack else None

    def report(line: str) -> None:
        sys.stderr.write(f"{one_line(line)}\n")
        sys.stderr.flush()

    with interruptible():
        if read and not file:
            entry, commit = _entry(read, name, variables.commit)
            images = _build(entry, commit, read.settings, stack.cwd, deadline, report)
        else:
            settings = read.settings if read else Settings.read(lambda _: None)
            document = _of_file(file or Path(), name, variables, SystemClock())
            images = _submit(document, settings, deadline, report)
        for image in images:
            sys.stdout.write(f"{image}\n")
            sys.stdout.flush()


def _build(
    entry: "PipelineEntry", commit: str, settings: "Settings", folder: Path, deadline: int | None, report: "Progress"
) -> Iterator[str]:
    """The image of *entry* as it is in the registry. buildah finds the code from the project's *folder*.

    *deadline*, in seconds, replaces the pipeline's own. An image that exists is taken, unless `rebuild`.
    Raises PipelineError, RegistryError; then nothing is left running.
    """
    from fcpin.clients import builders, registries_of
    from fcpin.image import Image
    from fcpin.pipelines.builder import BuildRequest
    from fcpin.pipelines.image_builds import ImageBuilds

    clock = SystemClock()
    registries = registries_of(settings, clock)
    builds = ImageBuilds(builders(settings, registries, folder, clock), registries, clock)
    image = Image.parse(entry.image_at(commit))
    request = BuildRequest(entry, image, commit, deadline or entry.deadline_seconds)
    built = builds.ensure_image(request, report, rebuild=entry.is_rebuilt)
    yield f"{image}@{built.digest}"
    if built.log_location:
        report(f"log: {built.log_location}")


def _submit(
    document: Mapping[str, Any], settings: "Settings", seconds: int | None, report: "Progress"
) -> Iterator[str]:
    """Every image as it is in the registry, when the pipeline has succeeded."""
    from fcpin.clients import devs_builder, registries_of
    from fcpin.image import Image
    from fcpin.pipelines.builder import BuildReport
    from fcpin.pipelines.checks import check
    from fcpin.pipelines.image_builds import ImageBuilds

    clock, pipeline = SystemClock(), check(document, is_template=False).pipeline
    builder = devs_builder(settings, clock)
    builds = ImageBuilds(builder, registries_of(settings, clock), clock)
    deadline, begun = float(seconds or _default_deadline(pipeline)), clock.monotonic()
    images = [Image.parse(pushed.image) for pushed in pipeline.pushed]
    try:
        finished = builder.run(document, deadline, report)
    except BuildTimedOut as error:
        raise BuildTimedOut(f"{error}{''.join(map(builds.missing_conversion, images))}") from None
    built = BuildReport(finished.pipeline.name, str(finished.log or ""), finished.reported)
    for image in images:
        yield f"{image}@{builds.read_back(image, built, deadline - (clock.monotonic() - begun))}"
    if not images:
        report("no task that builds is enabled: nothing was pushed")
    if built.log_location:
        report(f"log: {built.log_location}")


def _default_deadline(pipeline: "Pipeline") -> float:
    """The tasks run one after another."""
    from fcpin.pipelines.environments import DEFAULT_SECONDS

    timeouts = [
        (step.environment and step.environment.config and step.environment.config.timeout) or DEFAULT_SECONDS
        for step in pipeline.steps
        if step.is_enabled
    ]
    return sum(timeouts) + _EXTRA_SECONDS


def _of_file(file: Path, name: str | None, variables: Variables, clock: Clock) -> Mapping[str, Any]:
    from fcpin.pipelines.document import to_wire
    from fcpin.pipelines.variables import has_variables

    _refuse_name(name)
    written, document = _filled(file, variables)
    if problems := list(_not_ready(document)):
        raise InvalidInput(*problems)
    wire = to_wire(document.tree)
    if not has_variables(written.tree["name"]):  # the names of pipelines are unique for ever
        wire["name"] = f"{wire['name']}-{int(clock.now().timestamp() * 1000)}"
    return wire


def _not_ready(document: "DocumentFile") -> Iterator[Problem]:
    """Findings that are only warnings unless the document runs."""
    from fcpin.pipelines.checks import check, is_masked

    pipeline = check(document.tree, is_template=False).pipeline
    if pipeline.is_bare:
        yield Problem(str(document.file.path), "is a list of tasks; put it under spec.templateSpec.tasks of a pipeline")
    for path, image in pipeline.pushed:
        if is_masked(image):
            yield Problem(document.file.place(path), f"{path}: {image} is masked with ***; write the real name")


def _entry(stack: "Stack", name: str | None, commit: str | None) -> "tuple[PipelineEntry, str]":
    """The one pipeline of the stack that *name* selects, and the commit. Raises InvalidInput."""
    if not commit:
        raise InvalidInput(Problem("--commit", "is required, to know what to build"))
    pipelines = _pipelines_of(stack, name, commit)
    if len(pipelines) > 1:
        raise InvalidInput(Problem("--name", f"is required, one of {', '.join(pipelines)}"))
    (entry,) = pipelines.values()
    return entry, commit


def _pipelines_of(stack: "Stack", name: str | None, commit: str | None = None) -> "Mapping[str, PipelineEntry]":
    """The valid pipelines of *stack*, or the one called *name*. Raises InvalidInput."""
    from fcpin.pipelines.spec import KEY, pipelines_in, read_all

    pipelines = pipelines_in(stack.config)
    if not pipelines:
        raise InvalidInput(Problem(KEY, "is not set; name the pipelines there, as docs/pipelines.md shows"))
    if name is not None and name not in pipelines:
        raise InvalidInput(Problem("--name", f"{name}: {unknown_key(name, pipelines)}".replace("key", "pipeline")))
    chosen = pipelines if name is None else {name: pipelines[name]}
    return read_all(chosen, commit)


def _require_source(has_file: bool, stack: StackOptions, name: str | None = None) -> None:
    """Raises InvalidInput unless there is a file or a stack, and a name only for a stack's pipelines."""
    if has_file:
        _refuse_name(name)
    elif not stack.stack:
        raise InvalidInput(Problem("FILE", "is required, or --stack and its fcpin:pipelines"))


def _refuse_name(name: str | None) -> None:
    """For a file."""
    if name:
        raise InvalidInput(Problem("--name", "selects one of a stack's pipelines; remove it, or FILE"))


def _findings(document: "DocumentFile", checked: "Checked") -> Iterator[str]:
    """Every finding in the form of a compiler: `pipeline.yaml:27: error: …`."""
    for problem in document.syntax_problems:
        yield one_line(f"{problem.path}: error: {problem.reason}")
    for each in checked.findings:
        what = f"{each.path}: {each.reason}" if each.path else each.reason
        yield one_line(f"{document.file.place(each.path)}: {each.severity}: {what}")


def _require_runnable(document: "DocumentFile", checked: "Checked") -> None:
    """Raises InvalidInput with every problem and its place."""
    problems = [*document.syntax_problems]
    for each in checked.problems:
        what = f"{each.path}: {each.reason}" if each.path else each.reason
        problems.append(Problem(document.file.place(each.path), what))
    if problems:
        raise InvalidInput(*problems)
