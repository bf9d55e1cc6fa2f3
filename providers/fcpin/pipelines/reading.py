"""From the tree of a document to a pipeline: a whole one, or the bare list of tasks that documentation shows."""

from collections.abc import Iterator, Sequence
from typing import Final

from fcpin.pipelines.fields import Fields, kind
from fcpin.pipelines.model import (
    DEFAULT_DOCKERFILE,
    After,
    Build,
    Finding,
    MountPoint,
    Pipeline,
    RunnerConfig,
    Task,
    Vpc,
    Warm,
    error,
)

RUNNER: Final = "runnerConfig"
_PLACED: Final = ("cpu", "memory", "diskSize", "timeout", "vpcConfig", "nasConfig", "logConfig", "regionId")
"""What belongs into `runnerConfig`, and does nothing elsewhere."""


def read(tree: object, found: list[Finding]) -> Pipeline:
    """The pipeline of *tree*; what is wrong with its form is added to *found*."""
    if isinstance(tree, Sequence) and not isinstance(tree, str):
        holder = Fields({"": tree}, "", found)
        tasks = tuple(_task(Fields(item, path, found), None) for path, item in holder.items(""))
        return Pipeline("", tasks, is_bare=True)
    top = Fields(tree, "", found).known("kind", "name", "description", "labels", "spec")
    if not isinstance(tree, dict):
        found.append(error("", f"expected a pipeline (kind, name, spec), or a list of tasks; got {kind(tree)}"))
        return Pipeline("", ())
    if (given := top.text("kind", required="write kind: Pipeline")) not in {"", "Pipeline"}:
        found.append(error("kind", f"expected Pipeline, got {given}"))
    spec = top.child("spec").known("context", "templateSpec", "templateName")
    template = spec.child("templateSpec").known("context", "tasks")
    for level in (spec, template):
        _refuse_misplaced(level)
    runner = _runner(template) or _runner(spec)
    tasks = tuple(_task(each, runner) for each in template.children("tasks"))
    if not tasks and not spec.has("templateName"):
        found.append(error("spec.templateSpec.tasks", "has no task; a pipeline needs one"))
    return Pipeline(top.text("name", required="write p-<% .git.shortCommitId %>-<% .currentTimestampMs %>"), tasks)


def _task(fields: Fields, inherited: RunnerConfig | None) -> Task:
    fields.known("name", "context", "taskTemplate", "runAfters")
    data = fields.child("context").child("data")
    data.known("displayName", "enable", "build", "warm", RUNNER, "envVars", "steps")
    if data.has("build") or data.has("warm"):
        _refuse_misplaced(fields)
    return Task(
        path=fields.path,
        name=fields.text("name", required="give the task a name"),
        template=fields.text("taskTemplate", required="write build-image-task to build an image"),
        enable=data.flag("enable"),
        run_afters=tuple(_afters(fields)),
        build=_build(data) if data.has("build") else None,
        warm=_warm(data) if data.has("warm") else None,
        runner=_runner(fields) or inherited,
    )


def _afters(task: Fields) -> Iterator[After]:
    """Both forms: `[only-warm]` and `- name: only-warm`."""
    for index, (path, item) in enumerate(task.items("runAfters")):
        if isinstance(item, str):
            yield After(path, str(item))
        else:
            each = list(task.children("runAfters"))[index]
            yield After(each.at("name"), each.text("name", required="name the task to wait for"))


def _build(data: Fields) -> Build:
    build = data.child("build").known("dockerfile", "image", "context", "cacheDir", "instanceID")
    return Build(
        path=build.path,
        image=build.text("image", required="write host/namespace/name:tag of ACR"),
        dockerfile=build.text("dockerfile", DEFAULT_DOCKERFILE),
        context=build.text("context"),
        cache_dir=build.text("cacheDir"),
        instance_id=build.text("instanceID"),
    )


def _warm(data: Fields) -> Warm:
    warm = data.child("warm").known("images", "cacheDir", "instanceID")
    return Warm(warm.path, warm.texts("images"), warm.text("cacheDir"), warm.text("instanceID"))


def _refuse_misplaced(holder: Fields) -> None:
    for key in _PLACED:
        holder.child("context").child("data").refuse(
            key, f"does nothing here: the default environment has 10 GB and 15 minutes, and no more; put it in {RUNNER}"
        )


def _runner(holder: Fields) -> RunnerConfig | None:
    data = holder.child("context").child("data")
    if not data.has(RUNNER):
        return None
    runner = data.child(RUNNER).known(*_PLACED)
    log = runner.child("logConfig").known("project", "logstore")
    nas = runner.child("nasConfig").known("groupId", "userId", "mountPoints")
    return RunnerConfig(
        path=runner.path,
        region_id=runner.text("regionId", required="name the region that the tasks run in"),
        log=(log.text("project"), log.text("logstore")),
        vpc=_vpc(runner.child("vpcConfig")) if runner.has("vpcConfig") else None,
        mount_points=tuple(_mount_point(each) for each in nas.children("mountPoints")),
        cpu=runner.number("cpu"),
        memory=runner.number("memory"),
        disk_size=runner.number("diskSize"),
        timeout=runner.number("timeout"),
    )


def _vpc(vpc: Fields) -> Vpc:
    vpc.known("vpcId", "vSwitchIds", "securityGroupId")
    return Vpc(
        path=vpc.path,
        vpc_id=vpc.text("vpcId", required="name the VPC"),
        v_switch_ids=vpc.texts("vSwitchIds"),
        security_group_id=vpc.text("securityGroupId", required="name a security group of the VPC"),
    )


def _mount_point(point: Fields) -> MountPoint:
    point.known("enableTLS", "mountDir", "serverAddr")
    return MountPoint(
        path=point.path,
        mount_dir=point.text("mountDir", required="name the folder that it is seen at, such as /mnt/image-cache"),
        server_addr=point.text("serverAddr", required="write <id>.<region>.nas.aliyuncs.com:/<folder>"),
    )
