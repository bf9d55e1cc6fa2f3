"""The file of a stack: `fcpin:functions`, and the other keys that fcpin reads."""

from typing import Any

from fcpin.models import DRAFT, SEALED, Schema, schema_of
from fcpin.pipelines.spec import PipelineEntry
from fcpin.schema.policy import DEPENDENCIES, KEYS
from fcpin.settings import FunctionInputs, StackConfig


def _entry() -> Schema:
    """An entry has the inputs of PinnedFunction; its name is the function's unless `function_name` is set."""
    own = schema_of(FunctionInputs)
    policy: dict[str, Any] = {"properties": dict(KEYS), "dependencies": DEPENDENCIES}
    return {
        **own,
        "description": "A function and its policy.",
        "properties": {**own["properties"], **policy["properties"]},
        "required": ["repository", "policy"],
        "dependencies": policy["dependencies"],
    }


def functions_schema() -> Schema:
    """Of a file of `fcpin:functionFiles`."""
    return {
        "$schema": DRAFT,
        "title": "Functions of a stack for fcpin, in a file of their own",
        "type": ["object", "null"],
        "additionalProperties": {"$ref": "#/definitions/function"},
        "definitions": {"function": _entry(), "sealed": {"type": "string"}},
    }


def stack_schema() -> Schema:
    """Of `stacks/Pulumi.<stack>.yaml`, whose other keys are not checked."""
    config = schema_of(StackConfig)
    del config["additionalProperties"]
    for key, name in (("fcpin:functions", "function"), ("fcpin:pipelines", "pipeline")):
        config["properties"][key]["additionalProperties"] = {"$ref": f"#/definitions/{name}"}
    definitions = {
        "function": _entry(),
        "pipeline": {"description": "An image pipeline.", **schema_of(PipelineEntry)},
        "sealed": SEALED,
    }
    return {
        "$schema": DRAFT,
        "title": "Configuration of a stack for fcpin",
        "type": "object",
        "properties": {"config": config},
        "definitions": definitions,
    }
