"""An entry of `fcpin:pipelines`, which ImagePipeline takes too, and the document of Serverless Devs for it.

image: registry.cn-hangzhou.aliyuncs.com/shop/app:{commit}
dockerfile: code/Dockerfile
warm: {images: [...], cache_dir: /mnt/cache}
runner: {region_id: cn-hangzhou, vpc_config: {...}, nas_config: {...}, cpu: 8, memory: 32768, timeout: 1800}
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from fcpin.errors import InvalidSettings, Problem
from fcpin.fc.shape import NAS_CONFIG, VPC_CONFIG, WITHOUT_GPU, Flag, ListOf, Number, Record, Text, TextMap
from fcpin.json_reader import read_json
from fcpin.pipelines.checks import Checked, check
from fcpin.pipelines.environments import DEFAULT_SECONDS
from fcpin.pipelines.model import BUILD_TEMPLATE, Finding
from fcpin.pipelines.variables import (
    NAME_TEMPLATE,
    SHORT,
    SHORT_COMMIT,
    commit_problem,
    has_commit,
    has_variables,
    unique_name,
    with_commit,
)

KEY: Final = "fcpin:pipelines"

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
_DEVS_ONLY: Final = ("cache_dir", "instance_id", "warm", "runner", "labels", "description", "app_name", "env_name")
"""Keys that only pipelines of Serverless Devs have."""
_QUEUE_AND_CONVERSION: Final = 600
"""Seconds for the queue, and for the conversion to an accelerated image."""
_WORDS: Final = re.compile(r"runnerConfig|vpcConfig|nasConfig|mountPoints|diskSize")
_DATA: Final = "context.data"
_TEMPLATE: Final = f"spec.templateSpec.{_DATA}"


def image_of(spec: Mapping[str, Any], commit: str) -> str:
    """Return the image of *spec* at *commit*. Raises InvalidInput."""
    return with_commit(spec["image"], commit)


def document(spec: Mapping[str, Any], *, name: str, image: str, commit: str = "") -> dict[str, Any]:
    """Return the document of a valid *spec*: the pipeline *name*, which pushes *image*.

    *commit*: the commit to build; without one the document is a template, and the application fills it in.
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


def document_template(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of *spec* for every commit. Raises InvalidInput if its image has more than seven digits."""
    digits = "0" * SHORT
    return document(spec, name=NAME_TEMPLATE, image=image_of(spec, digits).replace(digits, f"<% .{SHORT_COMMIT} %>"))


def document_at(spec: Mapping[str, Any], commit: str, now: datetime) -> dict[str, Any]:
    """Return the document of *spec* for one run. Raises InvalidInput."""
    return document(spec, name=unique_name(commit, now), image=image_of(spec, commit), commit=commit)


def pipelines_in(config: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """Return the entries of `fcpin:pipelines` by name; *config* has objects as JSON text, as engines pass them.

    Raises InvalidSettings if it is not a mapping; `require_all` checks the entries.
    """
    try:
        found = read_json(config.get(KEY, "{}"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidSettings(Problem(KEY, "expected a mapping with one entry for each pipeline, by name"))
    return found


def require_all(pipelines: Mapping[str, object], commit: str | None = None) -> None:
    """Raises InvalidSettings with all problems of all *pipelines*."""
    if wrong := [each for name, spec in pipelines.items() for each in problems(f"{KEY}.{name}", spec, commit=commit)]:
        raise InvalidSettings(*dict.fromkeys(wrong))


def problems(path: str, spec: object, *, commit: str | None = None) -> Iterator[Problem]:
    """Return all problems of *spec*, which is at *path*; with *commit*, also whether its image can contain it."""
    wrong = list(PIPELINE.problems(path, spec))
    if isinstance(spec, Mapping) and "image" not in spec:
        wrong.append(
            Problem(_below(path, "image"), "is required, such as registry.cn-hangzhou.aliyuncs.com/shop/app:{commit}")
        )
    if not wrong and isinstance(spec, Mapping):
        wrong += _of_deadline(spec, path)
        wrong += _of_image(spec["image"], path, commit)
        wrong += _of_builder(spec, path)
    yield from dict.fromkeys(wrong)


def is_local(spec: Mapping[str, Any]) -> bool:
    """Whether buildah builds it on this machine."""
    return spec.get("builder") == "buildah"


def checked(spec: Mapping[str, Any], path: str = "") -> Checked:
    """Check the document of *spec*, whose form is valid; return findings with the paths of *spec*."""
    image = spec["image"] if has_variables(spec["image"]) else with_commit(spec["image"], "0" * 64)
    found = check(document(spec, name="p", image=image), is_template=False)
    shown = [each for each in found.findings if each.severity == "error" or not each.path.endswith(".enable")]
    moved = tuple(
        Finding(each.severity, _below(path, _path_in_spec(each.path, spec)), _reason_for_spec(each.reason))
        for each in shown
    )
    return Checked(found.pipeline, moved)


def require(spec: object, path: str, commit: str | None = None) -> None:
    """Raises InvalidSettings with all problems of *spec*."""
    if wrong := list(problems(path, spec, commit=commit)):
        raise InvalidSettings(*wrong)


def is_rebuilt(spec: Mapping[str, Any]) -> bool:
    """Whether its image is built even if it exists."""
    return spec.get("rebuild") == "always"


def deadline_of(spec: Mapping[str, Any]) -> float:
    """Return the seconds to wait for the image: those of *spec*, else those of its tasks, queue and conversion."""
    tasks = 2 if spec.get("warm", {}).get("separate") else 1
    longest = spec.get("runner", {}).get("timeout", DEFAULT_SECONDS)
    return float(spec.get("deadline", tasks * longest + _QUEUE_AND_CONVERSION))


def _of_deadline(spec: Mapping[str, Any], path: str) -> Iterator[Problem]:
    longest = DEFAULT_SECONDS + _QUEUE_AND_CONVERSION
    if "runner" not in spec and not is_local(spec) and spec.get("deadline", 0) > longest:
        yield Problem(
            _below(path, "deadline"),
            f"the default environment ends a build after {DEFAULT_SECONDS} s, so expected at most {longest}; "
            "for longer builds use the dedicated environment: set runner with a timeout",
        )


def _of_builder(spec: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if not is_local(spec):
        if "source" in spec:
            yield Problem(_below(path, "source"), "is for builder: buildah only; remove it")
        yield from checked(spec, path).problems
        return
    for key in _DEVS_ONLY:
        if key in spec:
            yield Problem(_below(path, key), "is for pipelines of Serverless Devs only; remove it, or builder: buildah")


def _of_image(image: str, path: str, commit: str | None) -> Iterator[Problem]:
    where = _below(path, "image")
    if has_variables(image):
        yield Problem(where, "<% … %> is for documents only; write {commit}")
    elif not has_commit(image):
        yield Problem(
            where, "does not contain the commit, so every build would move its tag; write :{commit}, or :main-{commit}"
        )
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


def _reason_for_spec(reason: str) -> str:
    """Return *reason*, which is about a document, with the keys of `fcpin:pipelines`."""
    return _WORDS.sub(lambda word: "runner" if word[0] == "runnerConfig" else _snake(word[0]), reason)


def _path_in_spec(path: str, spec: Mapping[str, Any]) -> str:
    """Return `cache_dir` for `spec.templateSpec.tasks[0].context.data.build.cacheDir`, and so on."""
    if path.startswith(f"{_TEMPLATE}.runnerConfig"):
        return _snake(path.replace(f"{_TEMPLATE}.runnerConfig", "runner", 1))
    inside = path.partition(f".{_DATA}.")[2]
    part, _, field = inside.partition(".")
    if (part, field) == ("build", "cacheDir") and "cache_dir" not in spec:
        return "warm.cache_dir"  # the source of the value
    if part == "build":
        return next((own for own, wire in _BUILD_FIELDS.items() if wire == field), "")
    if part == "warm":
        return "instance_id" if field == "instanceID" else _snake(inside)
    return ""


def _snake(path: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in path)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path and key else path or key
