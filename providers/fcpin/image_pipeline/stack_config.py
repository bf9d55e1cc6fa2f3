"""The pipelines that a stack's configuration names: `fcpin:pipelines`."""

from collections.abc import Mapping
from typing import Any

import pulumi


def configured_pipelines() -> Mapping[str, Mapping[str, Any]]:
    """One entry a pipeline, by its resource's name. What is in an entry is for check to judge.

    Raises pulumi.RunError, which the user sees as one line.
    """
    where = f"fcpin:pipelines in Pulumi.{pulumi.get_stack()}.yaml"
    pipelines = pulumi.Config("fcpin").get_object("pipelines")
    if not isinstance(pipelines, Mapping) or not all(isinstance(entry, Mapping) for entry in pipelines.values()):
        raise pulumi.RunError(f"{where}: expected one entry a pipeline, by name, as docs/pipelines.md shows")
    return pipelines
