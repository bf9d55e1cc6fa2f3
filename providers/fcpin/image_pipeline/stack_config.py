"""The pipelines that a stack's configuration names: `fcpin:pipelines`."""

from collections.abc import Mapping
from typing import Any

import pulumi

from fcpin.json_reader import InvalidJson, read_json


def configured_pipelines() -> Mapping[str, Mapping[str, Any]]:
    """One entry a pipeline, by its resource's name. What is in an entry is for check to judge.

    Raises pulumi.RunError, which the user sees as one line.
    """
    where = f"fcpin:pipelines in Pulumi.{pulumi.get_stack()}.yaml"
    text = pulumi.Config("fcpin").get("pipelines")
    try:
        pipelines = None if text is None else read_json(text)
    except InvalidJson as error:
        raise pulumi.RunError(f"{where}: {error}") from None
    if not isinstance(pipelines, Mapping) or not all(isinstance(entry, Mapping) for entry in pipelines.values()):
        raise pulumi.RunError(f"{where}: expected one entry a pipeline, by name, as docs/pipelines.md shows")
    return pipelines
