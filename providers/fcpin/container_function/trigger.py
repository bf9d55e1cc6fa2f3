"""What calls a function: its triggers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_alicloud as alicloud

from fcpin.container_function.scope import Scope


@dataclass(frozen=True, kw_only=True)
class TriggerArgs:
    """One trigger; its name is the key that it stands under."""

    type: pulumi.Input[str]
    """`http`, `timer`, `oss`, `log`, `mns_topic`, `eventbridge`, `tablestore`, `cdn_events`"""
    config: Mapping[str, Any] | None = None
    """FC's `triggerConfig` of that type, in FC's own words: `{"authType": "anonymous", "methods": ["GET"]}`."""
    qualifier: pulumi.Input[str] = "LATEST"
    """The version or alias that is called. A published version keeps its image: it is not pinned here."""
    description: pulumi.Input[str] | None = None
    source_arn: pulumi.Input[str] | None = None
    """Of the source of events, where there is one."""
    invocation_role: pulumi.Input[str] | None = None
    """ARN of the role that the source of events calls with."""


def trigger_for(scope: Scope, name: str, wanted: TriggerArgs, after: pulumi.Resource) -> alicloud.fc.V3Trigger:
    """Nothing is called before *after* is done."""
    return alicloud.fc.V3Trigger(
        f"{scope.name}-{name}",
        function_name=scope.function_name,
        trigger_name=name,
        trigger_type=wanted.type,
        trigger_config=None if wanted.config is None else pulumi.Output.json_dumps(wanted.config),
        qualifier=wanted.qualifier,
        description=wanted.description,
        source_arn=wanted.source_arn,
        invocation_role=wanted.invocation_role,
        opts=scope.options([after]),
    )
