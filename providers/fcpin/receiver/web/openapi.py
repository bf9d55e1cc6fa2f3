"""The receiver's hooks as an OpenAPI 3.1 document, made from the senders. It names no sender of the configuration."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from fcpin.receiver.senders import KINDS
from fcpin.receiver.senders.proof import SIGNATURE, TOKEN
from fcpin.receiver.settings.model import MAX_BODY

_ERRORS: Final = {
    "400": "It cannot be read, is older than the replay window, or tells of an unknown event.",
    "401": "Unknown sender, or a wrong secret.",
    "404": "No stack has a pin on the repository, or it is not allow-listed.",
    "408": "The body did not arrive in time.",
    "413": f"The body has more than {MAX_BODY} bytes, or too many parts.",
    "415": "It is no JSON.",
    "429": "Too many requests, or too many wrong secrets.",
    "503": "It cannot be kept now; send it again.",
}
_PARAMETERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "name": {
        "description": "Of the sender, in the configuration.",
        "schema": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},
    },
    "secret": {"description": "The sender's.", "schema": {"type": "string", "pattern": "^[A-Za-z0-9._~-]{16,200}$"}},
    "instance": {
        "description": "Of ACR Enterprise, whose triggers do not tell it.",
        "schema": {"type": "string", "pattern": "^cri-[a-z0-9]{1,60}$"},
    },
}


def openapi() -> Mapping[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fcpin receiver",
            "version": version("fcpin"),
            "description": "Tell it of pushes. What it is told is a hint where to look: the registry is always asked.",
        },
        "paths": {
            "/hooks/{name}": _path("name"),
            "/hooks/{name}/{secret}": _path("name", "secret"),
            "/hooks/{name}/{instance}/{secret}": _path("name", "instance", "secret"),
            "/healthz": {"get": _get("Whether the process lives.")},
            "/readyz": {"get": _get("Whether it can take a push.", "503")},
            "/openapi.json": {"get": _get("This document.")},
        },
        "components": {
            "schemas": {
                **{kind: {**sender.schema, "description": sender.summary} for kind, sender in KINDS.items()},
                "Taken": {
                    "type": "object",
                    "required": ["jobs"],
                    "properties": {
                        "jobs": {
                            "description": "The stacks that will be converged.",
                            "type": "array",
                            "items": {"type": "string"},
                        },
                        "refused": {
                            "description": "Events of the request that were not let in.",
                            "type": "array",
                            "items": {"type": "string"},
                        },
                    },
                },
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {"error": {"type": "string"}},
                },
            },
            "securitySchemes": {
                "query": {"type": "apiKey", "in": "query", "name": "secret"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
                "eventbridge": {"type": "apiKey", "in": "header", "name": TOKEN},
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": SIGNATURE,
                    "description": "sha256= and the HMAC-SHA256 of the body in hexadecimal digits.",
                },
            },
        },
    }


def _path(*parameters: str) -> Mapping[str, Any]:
    body = {"schema": {"anyOf": [{"$ref": f"#/components/schemas/{kind}"} for kind in KINDS]}}
    media_types = dict.fromkeys(one for sender in KINDS.values() for one in sender.media_types)
    in_path = "secret" in parameters
    schemes = ("query", "bearer", "basic", "eventbridge", "signature")
    return {
        "parameters": [{"name": name, "in": "path", "required": True, **_PARAMETERS[name]} for name in parameters],
        "post": {
            "summary": "Tell of pushes.",
            "requestBody": {"required": True, "content": dict.fromkeys(media_types, body)},
            "security": [{}] if in_path else [{scheme: []} for scheme in schemes],
            "responses": {
                "202": _answer("Kept, or none of our business.", "Taken"),
                **{status: _answer(sentence, "Error") for status, sentence in _ERRORS.items()},
            },
        },
    }


def _get(summary: str, *errors: str) -> Mapping[str, Any]:
    fine = {"description": summary, "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "summary": summary,
        "responses": {"200": fine, **{status: _answer("Not now.", "Error") for status in errors}},
    }


def _answer(description: str, schema: str) -> Mapping[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}
