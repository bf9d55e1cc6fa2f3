"""Check a pipeline document against every documented limit, before anything runs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Final

from fcpin.acr_hosts import AcrHost, acr_host
from fcpin.errors import InvalidImage, Problem, unknown_key
from fcpin.image import ACCELERATED, Image
from fcpin.pipelines import environments
from fcpin.pipelines.model import (
    BUILD_TEMPLATE,
    TEMPLATES,
    Finding,
    Pipeline,
    Step,
    error,
    host_of,
    read,
    warning,
)
from fcpin.pipelines.variables import NAME_TEMPLATE, has_variables, stand_in, unknown_variables

_MASK: Final = re.compile(r"\*{3}")


@dataclass(frozen=True, slots=True)
class Checked:
    """A pipeline and the findings about it."""

    pipeline: Pipeline
    findings: Sequence[Finding]

    @property
    def problems(self) -> Sequence[Problem]:
        """The errors."""
        return tuple(Problem(each.path, each.reason) for each in self.findings if each.severity == "error")

    @property
    def warnings(self) -> Sequence[Problem]:
        return tuple(Problem(each.path, each.reason) for each in self.findings if each.severity == "warning")


def check(tree: object, *, is_template: bool = True) -> Checked:
    """Read and check the *tree* of a document: mappings, lists and scalars, as YAML or the API has them.

    *is_template*: whether the document is filled in for every run, so that a text without a variable is the same in
    all runs.
    """
    found: list[Finding] = []
    pipeline = read(tree, found)
    found += (error(problem.path, problem.reason) for problem in unknown_variables(tree))
    found += _check_name(pipeline, is_template=is_template)
    if pipeline.is_complete:
        found += _check_order(pipeline.steps)
    for environment in dict.fromkeys(step.environment for step in pipeline.steps if step.environment):
        found += environments.check_environment(environment)
    for step in pipeline.steps:
        found += _check_step(step, is_template=is_template, is_bare=pipeline.is_bare)
    return Checked(pipeline, tuple(dict.fromkeys(found)))


def is_masked(text: str) -> bool:
    """Whether *text* contains `***`, with which documentation hides names."""
    return _MASK.search(text) is not None


def _check_name(pipeline: Pipeline, *, is_template: bool) -> Iterator[Finding]:
    name = pipeline.name
    if not has_variables(name) and any(character.isspace() or character == "/" for character in name):
        yield error("name", f"{name!r} contains a blank or '/'; remove it")
    if is_template and name and not has_variables(name):
        yield warning(
            "name", f"names are unique in an account, so {name} can be submitted once only; write {NAME_TEMPLATE}"
        )
    if pipeline.is_bare:
        yield warning("", "is a list of tasks; to run it, put it under spec.templateSpec.tasks of a pipeline")


def _check_step(step: Step, *, is_template: bool, is_bare: bool) -> Iterator[Finding]:
    build, warm, template = step.task.data.build, step.task.data.warm, step.task.task_template
    if not step.is_enabled:
        yield warning(f"{step.data_path}.enable", f"{step.name} is disabled; write enable: true to run it")
    if template not in TEMPLATES:
        yield warning(
            f"{step.path}.taskTemplate",
            f"{template} is not a template that fcpin knows ({', '.join(TEMPLATES)}); only the API checks it",
        )
    if template == BUILD_TEMPLATE and build is None and warm is None:
        yield error(step.data_path, "has neither build nor warm, so the task does nothing; add one")
    if warm is not None and not warm.images:
        yield error(f"{step.data_path}.warm.images", "is required; list the base images to cache")
    if build is not None:
        yield from _check_image(build.image, f"{step.data_path}.build.image", is_template=is_template)
    yield from environments.check_step(step, is_bare=is_bare)


def _check_image(written: str, path: str, *, is_template: bool) -> Iterator[Finding]:
    try:
        image = Image.parse(_MASK.sub("x", stand_in(written)))
    except InvalidImage as wrong:
        yield from (error(path, problem.reason) for problem in wrong.problems)
        return
    host = host_of(written)
    if host is None:
        yield error(
            path,
            f"{image.repository.host} is not ACR, and pipelines push to ACR only; "
            "write registry.<region>.aliyuncs.com/namespace/name:tag",
        )
        return
    if is_masked(written):
        yield warning(path, f"{written} is masked with ***; write the real name before you run it")
    if image.digest is not None:
        yield error(path, "contains a digest, which is known after the build only; write a tag")
    yield from _check_tag(path, written, image, is_template=is_template)
    yield from _check_host(path, written.partition("/")[0], host, image)


def _check_tag(path: str, written: str, image: Image, *, is_template: bool) -> Iterator[Finding]:
    if image.tag is None:
        yield error(path, "has no tag; write :<% .git.shortCommitId %>, a tag for each commit")
    elif is_template and not has_variables(written):
        yield warning(
            path,
            f"every run moves the tag {image.tag}, and on Function Compute a moved tag is an outage; "
            "write :<% .git.shortCommitId %>, a tag for each commit",
        )


def _check_host(path: str, written: str, host: AcrHost, image: Image) -> Iterator[Finding]:
    if host.edition == "enterprise" and acr_host(written) is None:
        right = written.replace(f".{host.region}.", f".{host.region}.cr.")
        yield warning(path, f"hosts of ACR Enterprise end in .cr.aliyuncs.com; write {right}")
    if host.edition == "personal" and image.tag is not None and image.tag.endswith(ACCELERATED):
        yield error(path, f"{ACCELERATED} images exist in ACR Enterprise only; remove the ending")


def _check_order(steps: Sequence[Step]) -> Iterator[Finding]:
    """Duplicate names, tasks that do not exist, cycles, and tasks that wait for a disabled one."""
    by_name: dict[str, Step] = {}
    for step in steps:
        if step.name in by_name:
            yield error(f"{step.path}.name", f"{step.name} is the name of two tasks; rename one")
        else:
            by_name[step.name] = step
    for step in steps:
        yield from _check_run_afters(step, by_name)
    yield from _check_cycle(by_name)


def _check_run_afters(step: Step, by_name: Mapping[str, Step]) -> Iterator[Finding]:
    others = [name for name in by_name if name != step.name]
    for path, after in step.run_afters:
        if after == step.name:
            yield error(path, f"{step.name} waits for itself")
        elif after not in by_name:
            yield error(path, f"the task {after} does not exist; {_instead(after, others)}")
        elif step.is_enabled and not by_name[after].is_enabled:
            yield warning(path, f"{after} is disabled, so {step.name} does not wait")


def _instead(name: str, others: Sequence[str]) -> str:
    if len(others) == 1:
        return f"write {others[0]}"
    return unknown_key(name, others).partition("; ")[2] if others else "write []"


def _check_cycle(by_name: Mapping[str, Step]) -> Iterator[Finding]:
    graph = {
        name: {after for _, after in step.run_afters if after in by_name and after != name}
        for name, step in by_name.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        names = list(reversed(cycle.args[1]))
        yield error(f"{by_name[names[0]].path}.runAfters", f"the tasks wait for each other: {' -> '.join(names)}")
