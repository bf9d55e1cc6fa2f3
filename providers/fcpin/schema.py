"""JSON schemas of what users write (draft 7): editors complete a file and mark its mistakes."""

from fcpin.models import DRAFT, SEALED, Schema, schema_of
from fcpin.pipelines.spec import PipelineEntry
from fcpin.policy.policy import Policy
from fcpin.settings import FunctionInputs, StackConfig


def function_schema() -> Schema:
    """Of one entry of `fcpin:functions`: the inputs of PinnedFunction, of which `function_name` has a default."""
    own, policy = schema_of(FunctionInputs), schema_of(Policy)
    return {
        **own,
        **{key: value for key, value in policy.items() if key not in own},
        "description": "A function and its policy.",
        "properties": {**own["properties"], **policy["properties"]},
        "required": ["repository", "policy"],
    }


def functions_schema() -> Schema:
    """Of a file of `fcpin:functionFiles`."""
    return {
        "$schema": DRAFT,
        "title": "Functions of a stack for fcpin, in a file of their own",
        "type": ["object", "null"],
        "additionalProperties": {"$ref": "#/definitions/function"},
        "definitions": {"function": function_schema(), "sealed": {"type": "string"}},
    }


def stack_schema() -> Schema:
    """Of `stacks/Pulumi.<stack>.yaml`, whose other keys are not checked."""
    config = schema_of(StackConfig)
    del config["additionalProperties"]
    for key, name in (("fcpin:functions", "function"), ("fcpin:pipelines", "pipeline")):
        config["properties"][key]["additionalProperties"] = {"$ref": f"#/definitions/{name}"}
    pipeline = {"description": "An image pipeline.", **schema_of(PipelineEntry)}
    return {
        "$schema": DRAFT,
        "title": "Configuration of a stack for fcpin",
        "type": "object",
        "properties": {"config": config},
        "definitions": {"function": function_schema(), "pipeline": pipeline, "sealed": SEALED},
    }
