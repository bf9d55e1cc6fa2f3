"""Where a function's logs go: a log project and store, given or made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pulumi
import pulumi_alicloud as alicloud

from fcpin.container_function.scope import Scope

LogConfig: TypeAlias = pulumi.Input[Mapping[str, Any]]
"""`log_config` of pulumi-alicloud's V3Function, which names a project and a store that exist."""


@dataclass(frozen=True, kw_only=True)
class LogArgs:
    """A log store to be made, with an index over the text, in a project that is made or exists."""

    project: pulumi.Input[str]
    """Its name; that of a new one must be free in the whole region."""
    create_project: bool = True
    logstore: pulumi.Input[str] | None = None
    """The function's name where it is not given."""
    retention_days: pulumi.Input[int] = 30
    enable_request_metrics: pulumi.Input[bool] = True
    enable_instance_metrics: pulumi.Input[bool] = True


@dataclass(frozen=True, slots=True)
class LogInUse:
    """Where the function is to log."""

    config: LogConfig | None
    ready: Sequence[pulumi.Resource] = ()
    """To wait for: before it nothing that is logged can be found."""


def log_for(scope: Scope, wanted: LogConfig | LogArgs | None) -> LogInUse:
    """The given place, or the one that is made."""
    if not isinstance(wanted, LogArgs):
        return LogInUse(wanted)
    project = wanted.project
    if wanted.create_project:
        made = alicloud.log.Project(scope.name, project_name=project, tags=scope.tags, opts=scope.options())
        project = made.project_name
    store = alicloud.log.Store(
        scope.name,
        project_name=project,
        logstore_name=scope.function_name if wanted.logstore is None else wanted.logstore,
        retention_period=wanted.retention_days,
        opts=scope.options(),
    )
    index = alicloud.log.StoreIndex(
        scope.name,
        project=project,
        logstore=store.logstore_name,
        full_text={"case_sensitive": False, "token": ", '\";=()[]{}?@&<>/:\n\t\r"},
        opts=scope.options(),
    )
    config = {
        "project": project,
        "logstore": store.logstore_name,
        "enable_request_metrics": wanted.enable_request_metrics,
        "enable_instance_metrics": wanted.enable_instance_metrics,
    }
    return LogInUse(config, (index,))
