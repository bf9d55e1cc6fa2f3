"""Schemas of the runtime settings, from the shapes that check them."""

import math

from fcpin.fc.shape import Flag, ListOf, Number, Record, Secret, Shape, Text, TextMap
from fcpin.schema.fragments import Schema


def schema_of(shape: Shape) -> Schema:
    """What values of *shape* look like. Raises TypeError for a shape that is new here."""
    match shape:
        case Secret():
            return {"$ref": "#/definitions/text", "description": "Set it with --secret."}
        case Text(choices):
            return {"enum": list(choices)} if choices else {"$ref": "#/definitions/text"}
        case Number(least, greatest, step):
            limits = {"minimum": least, **({} if greatest == math.inf else {"maximum": greatest})}
            # A step below one is left to fcpin: in floating point 0.35 is no multiple of 0.05.
            return {"type": "number", **limits} if step < 1 else {"type": "number", **limits, "multipleOf": step}
        case Flag():
            return {"type": "boolean"}
        case ListOf(item):
            return {"type": "array", "items": schema_of(item)}
        case TextMap():
            return {"type": "object", "additionalProperties": {"$ref": "#/definitions/text"}}
        case Record(fields):
            properties = {name: schema_of(field) for name, field in fields.items()}
            together = {"dependencies": {name: [each for each in fields if each != name] for name in fields}}
            form = {"type": "object", "properties": properties, "additionalProperties": False}
            return form | (together if shape.together else {})
    raise TypeError(f"no schema for {type(shape).__name__}")
