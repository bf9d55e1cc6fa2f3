"""Every documented limit of pipelines, checked before anything runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fcpin.errors import Problem
from fcpin.pipeline import environment, images, order, runner
from fcpin.pipeline.finding import Finding, error, warning
from fcpin.pipeline.model import BUILD_TEMPLATE, TEMPLATES, Pipeline, Task
from fcpin.pipeline.reading import read
from fcpin.pipeline.variables import has_variables, unknown_variables


@dataclass(frozen=True, slots=True)
class Examined:
    """A pipeline, and what is to be said of it."""

    pipeline: Pipeline
    findings: Sequence[Finding]

    @property
    def problems(self) -> Sequence[Problem]:
        """What keeps it from running."""
        return tuple(Problem(each.path, each.reason) for each in self.findings if each.severity == "error")

    @property
    def warnings(self) -> Sequence[Problem]:
        """What will surprise somebody."""
        return tuple(Problem(each.path, each.reason) for each in self.findings if each.severity == "warning")


def examine(tree: object, *, is_template: bool = True) -> Examined:
    """Read and judge the *tree* of a document: mappings, lists and scalars, as YAML or the API has them.

    *is_template*: whether it will be filled in for every run, so that what has no variable is the same in all of them.
    """
    found: list[Finding] = []
    pipeline = read(tree, found)
    found += (error(problem.path, problem.reason) for problem in unknown_variables(tree))
    found += _name(pipeline, is_template=is_template)
    found += order.judge(pipeline.tasks)
    for config in dict.fromkeys(task.runner for task in pipeline.tasks if task.runner):
        found += runner.judge(config)
    for task in pipeline.tasks:
        found += _task(task, is_template=is_template, is_bare=pipeline.is_bare)
    return Examined(pipeline, tuple(dict.fromkeys(found)))


def _name(pipeline: Pipeline, *, is_template: bool) -> Iterator[Finding]:
    name = pipeline.name
    if any(character.isspace() or character == "/" for character in name if not has_variables(name)):
        yield error("name", f"{name!r}: a name has no blanks and no '/'")
    if is_template and name and not has_variables(name):
        yield warning(
            "name",
            f"names are unique in an account, so {name} can be submitted once; "
            "write p-<% .git.shortCommitId %>-<% .currentTimestampMs %>",
        )
    if pipeline.is_bare:
        yield warning("", "is a list of tasks; to run it, put it under spec.templateSpec.tasks of a pipeline")


def _task(task: Task, *, is_template: bool, is_bare: bool) -> Iterator[Finding]:
    if not task.enable:
        yield warning(f"{task.path}.context.data.enable", f"{task.name or 'the task'} is off; write enable: true")
    if task.template and task.template not in TEMPLATES:
        yield warning(f"{task.path}.taskTemplate", f"{task.template} is no template that fcpin knows; left to the API")
    if task.template == BUILD_TEMPLATE and task.build is None and task.warm is None:
        yield error(f"{task.path}.context.data", "has neither build nor warm; the task would do nothing")
    if task.warm is not None and not task.warm.images:
        yield error(f"{task.warm.path}.images", "is missing; name the base images to cache")
    if task.build is not None:
        yield from images.judge(task.build, is_template=is_template)
    yield from environment.judge(task, is_bare=is_bare)
    yield from runner.judge_use(task)
