"""The hooks as an OpenAPI 3.1 document, made from the senders. It names no sender of the configuration."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from fcpin.receiver.errors import Reason
from fcpin.receiver.senders import SENDERS
from fcpin.receiver.senders.authentication import SecretLocation

_JSON: Final = "application/json"
_OF_THE_PAGE: Final = {Reason.LOGGED_OUT, Reason.FORGED}
_PARAMETERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "name": {
        "description": "Of the sender, in the configuration.",
        "schema": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},
    },
    "secret": {
        "description": "Of the sender.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._~-]{16,200}$"},
    },
    "instance": {
        "description": "Of ACR Enterprise, whose triggers do not name it.",
        "schema": {"type": "string", "pattern": "^cri-[a-z0-9]{1,60}$"},
    },
}
_SECURITY_SCHEMES: Final = {
    name: scheme for location in SecretLocation for name, scheme in location.facts.schemes.items()
}


def openapi() -> Mapping[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fcpin receiver",
            "version": version("fcpin"),
            "description": "Receives events of registries. An event is a hint: the registry is always read again.",
        },
        "paths": {
            "/hooks/{name}": _hook("name"),
            "/hooks/{name}/{secret}": _hook("name", "secret"),
            "/hooks/{name}/{instance}/{secret}": _hook("name", "instance", "secret"),
            "/healthz": {"get": _get("Whether the process is alive.")},
            "/readyz": {"get": _get("Whether it can store an event.", "503")},
            "/openapi.json": {"get": _get("This document.")},
        },
        "components": {
            "schemas": {
                **{kind: {**sender.schema, "description": sender.summary} for kind, sender in SENDERS.items()},
                "HookResult": _object(
                    ["jobs"],
                    jobs=_texts("The stacks that will converge."),
                    rejected=_texts("Events of the request that were rejected."),
                ),
                "Error": _object(["error"], error={"type": "string"}),
            },
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


def _hook(*parameters: str) -> Mapping[str, Any]:
    body = {"schema": {"anyOf": [{"$ref": f"#/components/schemas/{kind}"} for kind in SENDERS]}}
    media_types = dict.fromkeys(one for sender in SENDERS.values() for one in sender.media_types)
    in_path = "secret" in parameters
    return {
        "parameters": [{"name": name, "in": "path", "required": True, **_PARAMETERS[name]} for name in parameters],
        "post": {
            "summary": "Report pushes.",
            "requestBody": {"required": True, "content": dict.fromkeys(media_types, body)},
            "security": [{}] if in_path else [{scheme: []} for scheme in _SECURITY_SCHEMES],
            "responses": {"202": _response("Stored, or no pin is affected.", "HookResult"), **_errors()},
        },
    }


def _errors() -> Mapping[str, Any]:
    """The responses of the reasons, by status."""
    found: dict[str, list[str]] = {}
    for reason in set(Reason) - _OF_THE_PAGE:
        found.setdefault(str(reason.statuses[0]), []).append(reason.description)
    return {status: _response("; ".join(sorted(texts)), "Error") for status, texts in sorted(found.items())}


def _get(summary: str, *errors: str) -> Mapping[str, Any]:
    success = {"description": summary, "content": {_JSON: {"schema": {"type": "object"}}}}
    failures = {status: _response("Temporarily unavailable.", "Error") for status in errors}
    return {"summary": summary, "responses": {"200": success, **failures}}


def _response(description: str, schema: str) -> Mapping[str, Any]:
    return {"description": description, "content": {_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def _object(required: list[str], **properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


def _texts(description: str) -> Mapping[str, Any]:
    return {"description": description, "type": "array", "items": {"type": "string"}}
