"""An image pipeline in a user's words, as stack configuration and ImagePipeline have it, and the document it becomes.

image: registry.cn-hangzhou.aliyuncs.com/shop/app:{commit}
dockerfile: code/Dockerfile
warm: {images: [...], cache_dir: /mnt/cache}
runner: {region_id: cn-hangzhou, vpc_config: {...}, nas_config: {...}, cpu: 8, memory: 32768, timeout: 1800}
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fcpin.errors import InvalidSettings, Problem
from fcpin.fc.shape import NAS_CONFIG, VPC_CONFIG, WITHOUT_GPU, Flag, ListOf, Number, Record, Text, TextMap
from fcpin.pipeline.environment import DEFAULT_SECONDS
from fcpin.pipeline.finding import Finding
from fcpin.pipeline.model import BUILD_TEMPLATE
from fcpin.pipeline.validate import Examined, examine
from fcpin.pipeline.variables import commit_problem, has_commit, has_variables, with_commit

RUNNER: Final = Record(
    {
        "region_id": Text(),
        "log_config": Record({"project": Text(), "logstore": Text()}),
        "vpc_config": VPC_CONFIG,
        "nas_config": NAS_CONFIG,
        "cpu": WITHOUT_GPU["cpu"],
        "memory": WITHOUT_GPU["memory_size"],
        "disk_size": WITHOUT_GPU["disk_size"],
        "timeout": Number(1, 86400),
    }
)
"""The dedicated environment; on the wire `runnerConfig`."""

WARM: Final = Record({"images": ListOf(Text()), "cache_dir": Text(), "separate": Flag()})
"""Base images to cache. `separate` gives them a task of their own, before the build's."""

PIPELINE: Final = Record(
    {
        "image": Text(),
        "builder": Text(("devs", "buildah")),
        "source": Text(),
        "dockerfile": Text(),
        "context": Text(),
        "cache_dir": Text(),
        "instance_id": Text(),
        "warm": WARM,
        "runner": RUNNER,
        "labels": TextMap(),
        "description": Text(),
        "app_name": Text(),
        "env_name": Text(),
        "rebuild": Text(("when-missing", "always")),
        "deadline": Number(1, 86400),
    }
)
"""One image pipeline."""

_BUILD_FIELDS: Final = {
    "image": "image",
    "dockerfile": "dockerfile",
    "context": "context",
    "cache_dir": "cacheDir",
    "instance_id": "instanceID",
}
_OF_DEVS: Final = ("cache_dir", "instance_id", "warm", "runner", "labels", "description", "app_name", "env_name")
"""What only a pipeline of Serverless Devs has."""
_BESIDE_THE_BUILD: Final = 600
"""Seconds for waiting in a queue, and for the conversion to an accelerated image."""
_WORDS: Final = re.compile(r"runnerConfig|vpcConfig|nasConfig|mountPoints|diskSize")
_DATA: Final = "context.data"
_TEMPLATE: Final = f"spec.templateSpec.{_DATA}"


def image_of(spec: Mapping[str, Any], commit: str) -> str:
    """The image of *spec* at *commit*. Raises InvalidInput."""
    return with_commit(spec["image"], commit)


def document(spec: Mapping[str, Any], *, name: str, image: str, commit: str = "") -> dict[str, Any]:
    """What the API gets for a *spec* without problems: the pipeline *name*, which pushes *image*.

    *commit* is what is built; without one whoever fills the document in says so.
    """
    context: dict[str, Any] = {
        wire: spec[key] for key, wire in (("app_name", "appName"), ("env_name", "envName")) if key in spec
    }
    context |= {"webhookCodeContext": {"commitID": commit}} if commit else {}
    runner = {"runnerConfig": RUNNER.to_wire(spec["runner"])} if "runner" in spec else {}
    return {
        "kind": "Pipeline",
        "name": name,
        "description": spec.get("description", "built by fcpin"),
        "labels": dict(spec.get("labels", {})),
        "spec": {
            **({"context": {"data": context}} if context else {}),
            "templateSpec": {"context": {"data": runner}, "tasks": list(_tasks(spec, image))},
        },
    }


def problems(path: str, spec: object, *, commit: str | None = None) -> Iterator[Problem]:
    """What is wrong with *spec*, which stands at *path*; with *commit*, also whether its image can name that one."""
    wrong = list(PIPELINE.problems(path, spec))
    if isinstance(spec, Mapping) and "image" not in spec:
        wrong.append(
            Problem(_below(path, "image"), "is missing; such as registry.cn-hangzhou.aliyuncs.com/shop/app:{commit}")
        )
    if not wrong and isinstance(spec, Mapping):
        wrong += _of_deadline(spec, path)
        wrong += _of_image(spec["image"], path, commit)
        wrong += _of_builder(spec, path)
    yield from dict.fromkeys(wrong)


def is_local(spec: Mapping[str, Any]) -> bool:
    """Whether it is built on this machine, and not by a pipeline."""
    return spec.get("builder") == "buildah"


def examined(spec: Mapping[str, Any], path: str = "") -> Examined:
    """The judgement of *spec*, whose form is right, with the user's property paths."""
    stood_in = spec["image"] if has_variables(spec["image"]) else with_commit(spec["image"], "0" * 64)
    found = examine(document(spec, name="p", image=stood_in), is_template=False)
    told = [each for each in found.findings if each.severity == "error" or not each.path.endswith(".enable")]
    moved = tuple(
        Finding(each.severity, _below(path, _own_path(each.path, spec)), _own_words(each.reason)) for each in told
    )
    return Examined(found.pipeline, moved)


def require(spec: object, path: str, commit: str | None = None) -> None:
    """Raises InvalidSettings with everything that is wrong with *spec*."""
    if wrong := list(problems(path, spec, commit=commit)):
        raise InvalidSettings(*wrong)


def is_rebuilt(spec: Mapping[str, Any]) -> bool:
    """Whether its image is built although it is there."""
    return spec.get("rebuild") == "always"


def deadline_of(spec: Mapping[str, Any]) -> float:
    """Seconds that are waited for the image: what *spec* says, else for its tasks, and for conversion and queues."""
    tasks = 2 if spec.get("warm", {}).get("separate") else 1
    longest = spec.get("runner", {}).get("timeout", DEFAULT_SECONDS)
    return float(spec.get("deadline", tasks * longest + _BESIDE_THE_BUILD))


def _of_deadline(spec: Mapping[str, Any], path: str) -> Iterator[Problem]:
    longest = DEFAULT_SECONDS + _BESIDE_THE_BUILD
    if "runner" not in spec and not is_local(spec) and spec.get("deadline", 0) > longest:
        yield Problem(
            _below(path, "deadline"),
            f"the default environment ends a build after {DEFAULT_SECONDS} s, so more than {longest} is waiting for "
            "nothing; use the dedicated environment: give runner with a timeout",
        )


def _of_builder(spec: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if not is_local(spec):
        if "source" in spec:
            yield Problem(_below(path, "source"), "is for builder: buildah; Serverless Devs knows its code itself")
        yield from examined(spec, path).problems
        return
    for key in _OF_DEVS:
        if key in spec:
            yield Problem(_below(path, key), "is for pipelines of Serverless Devs; drop it, or builder: buildah")


def _of_image(image: str, path: str, commit: str | None) -> Iterator[Problem]:
    where = _below(path, "image")
    if has_variables(image):
        yield Problem(where, "<% … %> is for documents; write {commit}")
    elif not has_commit(image):
        yield Problem(where, "names no commit, so every build would move its tag; write :{commit}, or :main-{commit}")
    elif commit is not None and (wrong := commit_problem("commit", commit)):
        yield wrong


def _tasks(spec: Mapping[str, Any], image: str) -> Iterator[dict[str, Any]]:
    build = {wire: spec[key] for key, wire in _BUILD_FIELDS.items() if key in spec} | {"image": image}
    warm = spec.get("warm")
    if warm is None:
        yield _task("build", {"build": build})
        return
    cache = {key: warm[own] for own, key in (("images", "images"), ("cache_dir", "cacheDir")) if own in warm}
    cache |= {"instanceID": spec["instance_id"]} if "instance_id" in spec else {}
    build = {"cacheDir": cache.get("cacheDir", ""), **build}
    if warm.get("separate"):
        yield _task("warm", {"warm": cache})
        yield _task("build", {"build": build}, after="warm")
    else:
        yield _task("build", {"warm": cache, "build": build})


def _task(name: str, data: Mapping[str, Any], after: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "taskTemplate": BUILD_TEMPLATE,
        "context": {"data": {"enable": True, **data}},
        "runAfters": [{"name": after}] if after else [],
    }


def _own_words(reason: str) -> str:
    """What is said of a document, for somebody who has not written one."""
    return _WORDS.sub(lambda word: "runner" if word[0] == "runnerConfig" else _snake(word[0]), reason)


def _own_path(path: str, spec: Mapping[str, Any]) -> str:
    """`spec.templateSpec.tasks[0].context.data.build.cacheDir` is `cache_dir` to the user."""
    if path.startswith(f"{_TEMPLATE}.runnerConfig"):
        return _snake(path.replace(f"{_TEMPLATE}.runnerConfig", "runner", 1))
    inside = path.partition(f".{_DATA}.")[2]
    part, _, field = inside.partition(".")
    if (part, field) == ("build", "cacheDir") and "cache_dir" not in spec:
        return "warm.cache_dir"  # where the build has it from
    if part == "build":
        return next((own for own, wire in _BUILD_FIELDS.items() if wire == field), "")
    if part == "warm":
        return "instance_id" if field == "instanceID" else _snake(inside)
    return ""


def _snake(path: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in path)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path and key else path or key
