"""An entry of `fcpin:pipelines`, which ImagePipeline takes too: its model, and the document of Serverless Devs for it.

image: registry.cn-hangzhou.aliyuncs.com/shop/app:{commit}
dockerfile: code/Dockerfile
warm: {images: [...], cache_dir: /mnt/cache}
runner: {region_id: cn-hangzhou, vpc_config: {...}, nas_config: {...}, cpu: 8, memory: 32768, timeout: 1800}
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from fcpin.errors import InvalidSettings, Problem
from fcpin.fc.runtime_config import Cpu, DiskSize, MemorySize, NasConfig, Timeout, VpcConfig, model_to_wire
from fcpin.json_reader import read_json
from fcpin.models import Model, PlainText, about, fields_of, read_or_note
from fcpin.pipelines.checks import Checked, check
from fcpin.pipelines.environments import DEFAULT_SECONDS
from fcpin.pipelines.model import BUILD_TEMPLATE, RUNNER, Finding
from fcpin.pipelines.variables import (
    NAME_TEMPLATE,
    PLACEHOLDER,
    SHORT,
    SHORT_COMMIT,
    commit_problem,
    has_commit,
    has_variables,
    unique_name,
    with_commit,
)

KEY: Final = "fcpin:pipelines"
_EXAMPLE: Final = "registry.cn-hangzhou.aliyuncs.com/shop/app:{commit}"


class RunnerLog(Model):
    project: PlainText | None = None
    logstore: PlainText | None = None


class Runner(Model):
    """The dedicated environment; in a document `runnerConfig`."""

    region_id: Annotated[PlainText | None, about("Region of the function that runs the tasks.")] = None
    log_config: Annotated[RunnerLog | None, about("Where SLS keeps the log of the build.")] = None
    vpc_config: Annotated[VpcConfig | None, about("Its network; required for ACR Enterprise and NAS.")] = None
    nas_config: Annotated[NasConfig | None, about("File systems of NAS, for caches.")] = None
    cpu: Annotated[Cpu | None, about("vCPU.")] = None
    memory: Annotated[MemorySize | None, about("MB.")] = None
    disk_size: Annotated[DiskSize | None, about("MB: 512 or 10240.")] = None
    timeout: Annotated[Timeout | None, about("Seconds.")] = None


class WarmUp(Model):
    """Base images to cache before the build."""

    images: Annotated[tuple[PlainText, ...] | None, about("Base images.")] = None
    cache_dir: Annotated[PlainText | None, about("The folder of NAS for them.")] = None
    separate: Annotated[bool, about("Whether they are a task of their own, before the build.")] = False


class PipelineEntry(Model):
    """One image pipeline."""

    image: Annotated[
        str,
        about(
            "What is pushed, with the commit in its tag: `{commit}` is its first seven digits, `{commit:40}` the "
            "first 40.",
            example=_EXAMPLE,
            schema={"pattern": PLACEHOLDER},
        ),
    ]
    builder: Annotated[
        Literal["devs", "buildah"],
        about("A pipeline of Serverless Devs, or [buildah](#without-serverless-devs) where the stack is deployed."),
    ] = "devs"
    source: Annotated[
        PlainText | None,
        about(
            "For `buildah`: a folder in the code repository, relative to the program's.",
            default="the program's folder",
        ),
    ] = None
    dockerfile: Annotated[
        PlainText | None,
        about(
            "Path in the code repository; the default of `buildah` is `./Containerfile`, else `./Dockerfile`.",
            default="`./Dockerfile`",
        ),
    ] = None
    context: Annotated[PlainText | None, about("The folder to build.", default="the Dockerfile's folder")] = None
    warm: Annotated[WarmUp | None, about("Base images to pull to a cache before the build.")] = None
    cache_dir: Annotated[PlainText | None, about("The folder of NAS with base images.", default="`warm.cache_dir`")] = (
        None
    )
    runner: Annotated[
        Runner | None,
        about("The dedicated environment: a function of your account.", default="the default environment"),
    ] = None
    instance_id: Annotated[PlainText | None, about("Id of the ACR Enterprise instance: `cri-…`.")] = None
    labels: Annotated[dict[str, PlainText] | None, about("Labels of the pipelines.")] = None
    description: Annotated[PlainText | None, about("Description of the pipelines.")] = None
    app_name: Annotated[PlainText | None, about("The application in Serverless Devs whose code is built.")] = None
    env_name: Annotated[PlainText | None, about("Its environment.")] = None
    rebuild: Annotated[
        Literal["when-missing", "always"], about("`always` builds the image even if its tag exists.")
    ] = "when-missing"
    deadline: Annotated[
        Annotated[float, Meta(ge=1, le=86400)] | None,
        about(
            "Seconds to wait for the image; with `warm.separate` the default is twice the time of the environment and "
            "600, for `buildah` 1500.",
            default="the time of the environment and 600",
        ),
    ] = None

    @property
    def is_local(self) -> bool:
        """Whether buildah builds it on this machine."""
        return self.builder == "buildah"

    @property
    def is_rebuilt(self) -> bool:
        """Whether its image is built even if it exists."""
        return self.rebuild == "always"

    @property
    def deadline_seconds(self) -> float:
        tasks = 2 if self.warm and self.warm.separate else 1
        longest = (self.runner and self.runner.timeout) or DEFAULT_SECONDS
        return self.deadline or float(tasks * longest + _QUEUE_AND_CONVERSION)

    def image_at(self, commit: str) -> str:
        """Raises InvalidInput if *commit* has too few digits."""
        return with_commit(self.image, commit)

    def document(self, name: str, image: str, commit: str = "") -> dict[str, Any]:
        """Return the document of a valid entry: the pipeline *name*, which pushes *image*.

        *commit*: the commit to build; without one the document is a template, and the application fills it in.
        """
        context: dict[str, Any] = _present(appName=self.app_name, envName=self.env_name)
        context |= {"webhookCodeContext": {"commitID": commit}} if commit else {}
        runner = {RUNNER: model_to_wire(Runner, msgspec.to_builtins(self.runner))} if self.runner else {}
        return {
            "kind": "Pipeline",
            "name": name,
            "description": self.description or "built by fcpin",
            "labels": dict(self.labels or {}),
            "spec": {
                **({"context": {"data": context}} if context else {}),
                "templateSpec": {"context": {"data": runner}, "tasks": list(self._tasks(image))},
            },
        }

    def document_template(self) -> dict[str, Any]:
        """Return the document for every commit. Raises InvalidInput if the image has more than seven digits."""
        digits = "0" * SHORT
        image = self.image_at(digits).replace(digits, f"<% .{SHORT_COMMIT} %>")
        return self.document(NAME_TEMPLATE, image)

    def document_at(self, commit: str, now: datetime) -> dict[str, Any]:
        """Return the document for one run. Raises InvalidInput."""
        return self.document(unique_name(commit, now), self.image_at(commit), commit)

    def check(self) -> Checked:
        """Check the document; return findings with the keys of the entry."""
        image = self.image if has_variables(self.image) else with_commit(self.image, "0" * 64)
        found = check(self.document("p", image), is_template=False)
        findings = tuple(
            Finding(each.severity, self._path_of(each.path), _reason_of(each.reason))
            for each in found.findings
            if each.severity == "error" or not each.path.endswith(".enable")
        )
        return Checked(found.pipeline, findings)

    def _tasks(self, image: str) -> Iterator[dict[str, Any]]:
        build = _present(
            image=image,
            dockerfile=self.dockerfile,
            context=self.context,
            cacheDir=self.cache_dir,
            instanceID=self.instance_id,
        )
        if self.warm is None:
            yield _task("build", {"build": build})
            return
        images = None if self.warm.images is None else list(self.warm.images)
        warm = _present(images=images, cacheDir=self.warm.cache_dir, instanceID=self.instance_id)
        build = {"cacheDir": self.warm.cache_dir or "", **build}
        if self.warm.separate:
            yield _task("warm", {"warm": warm})
            yield _task("build", {"build": build}, after="warm")
        else:
            yield _task("build", {"warm": warm, "build": build})

    def _path_of(self, path: str) -> str:
        """Return `cache_dir` for `spec.templateSpec.tasks[0].context.data.build.cacheDir`, and so on."""
        if path.startswith(f"{_TEMPLATE}.{RUNNER}"):
            return _snake(path.replace(f"{_TEMPLATE}.{RUNNER}", "runner", 1))
        inside = path.partition(f".{_DATA}.")[2]
        part, _, field = inside.partition(".")
        if (part, field) == ("build", "cacheDir") and self.cache_dir is None:
            return "warm.cache_dir"  # the source of the value
        if field == "instanceID":
            return "instance_id"
        if part == "build":
            return _snake(field)
        return _snake(inside) if part == "warm" else ""


KEYS: Final = tuple(fields_of(PipelineEntry))
_DEVS_ONLY: Final = ("cache_dir", "instance_id", "warm", "runner", "labels", "description", "app_name", "env_name")
_QUEUE_AND_CONVERSION: Final = 600
"""Seconds for the queue, and for the conversion to an accelerated image."""
_DOCUMENT_KEYS: Final = re.compile(r"runnerConfig|vpcConfig|nasConfig|mountPoints|diskSize")
_DATA: Final = "context.data"
_TEMPLATE: Final = f"spec.templateSpec.{_DATA}"


def pipelines_in(config: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the entries of `fcpin:pipelines` by name; *config* has objects as JSON text, as engines pass them.

    Raises InvalidSettings if it is not a mapping; `read_all` reads the entries.
    """
    try:
        found = read_json(config.get(KEY, "{}"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidSettings(Problem(KEY, "expected a mapping with one entry for each pipeline, by name"))
    return found


def read_all(pipelines: Mapping[str, object], commit: str | None = None) -> Mapping[str, PipelineEntry]:
    """Raises InvalidSettings with all problems of all *pipelines*."""
    problems: list[Problem] = []
    found = {name: read_entry(entry, f"{KEY}.{name}", problems, commit) for name, entry in pipelines.items()}
    if problems:
        raise InvalidSettings(*dict.fromkeys(problems))
    return {name: entry for name, entry in found.items() if entry}


def read_entry(value: object, path: str, problems: list[Problem], commit: str | None = None) -> PipelineEntry | None:
    """Read the entry at *path*; add every problem to *problems*, and return None then.

    *commit*: also check that the image can contain this one.
    """
    found: list[Problem] = []
    entry = read_or_note(PipelineEntry, value, path, found)
    if entry is not None:
        own = [*_deadline_problems(entry), *_image_problems(entry), *_builder_problems(entry)]
        found += (Problem(_below(path, each.path), each.reason) for each in dict.fromkeys(own))
        if commit is not None and not own and (wrong := commit_problem("commit", commit)):
            found.append(wrong)
    problems += found
    return None if found else entry


def _deadline_problems(entry: PipelineEntry) -> Iterator[Problem]:
    longest = DEFAULT_SECONDS + _QUEUE_AND_CONVERSION
    if entry.runner is None and not entry.is_local and (entry.deadline or 0) > longest:
        yield Problem(
            "deadline",
            f"the default environment ends a build after {DEFAULT_SECONDS} s, so expected at most {longest}; "
            "for longer builds use the dedicated environment: set runner with a timeout",
        )


def _image_problems(entry: PipelineEntry) -> Iterator[Problem]:
    if has_variables(entry.image):
        yield Problem("image", "<% … %> is for documents only; write {commit}")
    elif not has_commit(entry.image):
        yield Problem(
            "image",
            "does not contain the commit, so every build would move its tag; write :{commit}, or :main-{commit}",
        )


def _builder_problems(entry: PipelineEntry) -> Iterator[Problem]:
    if not entry.is_local:
        if entry.source is not None:
            yield Problem("source", "is for builder: buildah only; remove it")
        yield from entry.check().problems
        return
    for key in _DEVS_ONLY:
        if getattr(entry, key):
            yield Problem(key, "is for pipelines of Serverless Devs only; remove it, or builder: buildah")


def _task(name: str, data: Mapping[str, Any], after: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "taskTemplate": BUILD_TEMPLATE,
        "context": {"data": {"enable": True, **data}},
        "runAfters": [{"name": after}] if after else [],
    }


def _present(**values: str | Sequence[str] | None) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _reason_of(reason: str) -> str:
    """Return *reason*, which is about a document, with the keys of an entry."""
    return _DOCUMENT_KEYS.sub(lambda key: "runner" if key[0] == RUNNER else _snake(key[0]), reason)


def _snake(path: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in path)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path and key else path or key
