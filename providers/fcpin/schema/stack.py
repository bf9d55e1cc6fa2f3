"""The file of a stack: `fcpin:functions`, and the other keys that fcpin reads."""

from collections.abc import Mapping
from typing import Any, Final

from fcpin.fc.runtime_config import RuntimeConfig
from fcpin.models import SEALED, schema_of
from fcpin.pipelines.spec import PipelineEntry
from fcpin.policy.policy import Policy
from fcpin.schema.fragments import DRAFT, Schema, flag, mapping, text

_POLICY: Final = schema_of(Policy)

FUNCTION_KEYS: Final[Mapping[str, Schema]] = {
    "function_name": text(
        "Name of the function; the entry's own unless given.", pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
    ),
    "region": text("Region of the function; alicloud:region unless given."),
    "profile": text("Profile of the Alibaba Cloud CLI, for a function in another account."),
    "repository": text(
        "Registry host and path, without a tag, as FC is to pull it.", pattern=r"^[^/@\s]+(/[a-z0-9._-]+)+$"
    ),
    "config": {
        **schema_of(RuntimeConfig),
        "description": "Runtime settings: the function is created with them. Without them it is adopted.",
    },
    "adopt": flag("Take over a function that exists, although there is a config."),
    "deadline": {
        "description": "Seconds that FC may take to make a change so.",
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 86400,
        "default": 600,
    },
}
"""What may stand in an entry beside the policy dictionary."""

REGISTRY_KEYS: Final[Mapping[str, Schema]] = {
    "endpoint": text("Where to ask it instead of the host itself: https://HOST[:PORT].", pattern="^https?://"),
    "username": {"$ref": "#/definitions/text", "description": "As whom to ask; with a password."},
    "password": {"$ref": "#/definitions/text", "description": "Set it with --secret."},
    "instance_id": text(
        "Of an ACR Enterprise instance; looked up by the host's name unless given.", pattern=r"^cri-[a-z0-9]+$"
    ),
    "profile": text("Profile of the Alibaba Cloud CLI, for a registry in another account."),
    "push_times": {
        "description": "Whether ACR Personal's API is called for push times; true is the default.",
        "enum": [True, False, "true", "false"],
    },
}

_ENDPOINT: Final = text("https://HOST[:PORT]; {region} stands for the region that is asked.", pattern="^https?://")
_SECRET: Final = {"$ref": "#/definitions/text"}

CONFIG_KEYS: Final[Mapping[str, Schema]] = {
    "fcpin:functions": {
        "description": "One entry a function, by its name.",
        "type": "object",
        "additionalProperties": {"$ref": "#/definitions/function"},
    },
    "fcpin:functionFiles": {
        "description": "Files with more entries of fcpin:functions, relative to Pulumi.yaml: [functions/*.yaml].",
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "minItems": 1,
    },
    "fcpin:pipelines": {
        "description": "One entry an image-build pipeline, by its name.",
        "type": "object",
        "additionalProperties": {"$ref": "#/definitions/pipeline"},
    },
    "alicloud:region": text("Region of the functions."),
    "fcpin:region": text("The same, where the two must differ."),
    "fcpin:endpoints": mapping("Where the APIs are.", {"fc": _ENDPOINT, "cr": _ENDPOINT, "devs": _ENDPOINT}),
    "fcpin:registries": {
        "description": "Where registries are, by the host that images name, and as whom to ask.",
        "type": "object",
        "additionalProperties": mapping("One registry.", REGISTRY_KEYS),
    },
    "fcpin:minAgeBypass": {
        "description": "Whether every min_age is left out; for one run rather set FCPIN_MIN_AGE_BYPASS=1.",
        "enum": [False, True, "false", "true"],
    },
    "alicloud:accessKey": {**_SECRET, "description": "An access key, instead of the default chain of credentials."},
    "alicloud:secretKey": {**_SECRET, "description": "Its secret. Set it with --secret."},
    "alicloud:securityToken": {**_SECRET, "description": "Its token, where there is one. Set it with --secret."},
}


_FUNCTION: Final = mapping(
    "What a function is pinned to.",
    {**FUNCTION_KEYS, **_POLICY["properties"]},
    ["repository", "policy"],
    dependencies=_POLICY["dependencies"],
)


def functions_schema() -> Schema:
    """Of a file of `fcpin:functionFiles`."""
    return {
        "$schema": DRAFT,
        "title": "Functions of a stack for fcpin, in a file of their own",
        "type": ["object", "null"],
        "additionalProperties": {"$ref": "#/definitions/function"},
        "definitions": {"function": _FUNCTION, "text": {"type": "string"}, "sealed": {"type": "string"}},
    }


def stack_schema() -> Schema:
    """Of `stacks/Pulumi.<stack>.yaml`. What others read of it is left to them."""
    definitions: Mapping[str, Any] = {
        "function": _FUNCTION,
        "pipeline": {"description": "An image pipeline.", **schema_of(PipelineEntry)},
        "sealed": SEALED,
        "text": {
            "anyOf": [
                {"type": "string"},
                mapping(
                    "A secret, as pulumi config set --secret writes it.", {"secure": {"type": "string"}}, ["secure"]
                ),
            ]
        },
    }
    return {
        "$schema": DRAFT,
        "title": "Configuration of a stack for fcpin",
        "type": "object",
        "properties": {"config": {"type": "object", "properties": dict(CONFIG_KEYS)}},
        "definitions": definitions,
    }
