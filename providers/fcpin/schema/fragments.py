"""The pieces that schemas are made of."""

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
TAG: Final = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$"
DIGEST: Final = r"^(sha256:)?[0-9a-fA-F]{64}$"
DURATION: Final = r"^([0-9]{1,9}(\.[0-9]{1,9})?[dhms])+$"
PLATFORM: Final = r"^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$"
MOMENT: Final = r"^[0-9]{4}-?[0-9]{2}-?[0-9]{2}[T ].*([Zz]|[+-][0-9:]+)$"


def text(description: str, **more: Any) -> Schema:
    """A text that is not empty."""
    return {"description": description, "type": "string", "pattern": r"\S", **more}


def choice(description: str, *values: str) -> Schema:
    """One of *values*; the first is the default."""
    return {"description": description, "enum": list(values), "default": values[0]}


def flag(description: str) -> Schema:
    """true or false; false is the default."""
    return {"description": description, "type": "boolean", "default": False}


def texts(description: str) -> Schema:
    """A list of texts."""
    return {"description": description, "type": "array", "items": {"type": "string", "minLength": 1}}


def mapping(description: str, fields: Mapping[str, Schema], required: Collection[str] = (), **more: Any) -> Schema:
    """A mapping of these fields and no others."""
    needs = {"required": list(required)} if required else {}
    return {
        "description": description,
        "type": "object",
        "properties": dict(fields),
        "additionalProperties": False,
        **needs,
        **more,
    }
