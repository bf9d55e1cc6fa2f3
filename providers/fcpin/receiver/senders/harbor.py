"""Webhooks of Harbor, in its default payload format.

Source of the shapes: goharbor/harbor, src/pkg/notifier/model and src/controller/event (2.14). `CREATE_TAG` is an event
there, and the shape of its webhook is the one that goharbor/harbor#22979 proposes: that of PUSH_ARTIFACT.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, Final

from fcpin.image import Digest, is_tag
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.receiver.senders.json_fields import JsonField, malformed, read_json, repository_path
from fcpin.receiver.senders.sender import (
    HookRequest,
    Ignored,
    ParsedEvent,
    Sender,
    event_id,
    host_of,
    parse_each,
    unknown_event,
)

REPLICATED: Final = "REPLICATION"
ACCEPTED: Final = ("PUSH_ARTIFACT", "CREATE_TAG", REPLICATED)
IGNORED: Final = (
    "PULL_ARTIFACT",
    "DELETE_ARTIFACT",
    "DELETE_REPOSITORY",
    "DELETE_TAG",
    "ARTIFACT_LABELED",
    "SCANNING_COMPLETED",
    "SCANNING_FAILED",
    "SCANNING_STOPPED",
    "QUOTA_EXCEED",
    "QUOTA_WARNING",
    "TAG_RETENTION",
    "CREATE_PROJECT",
    "DELETE_PROJECT",
    "CREATE_ROBOT",
    "DELETE_ROBOT",
    "UPLOAD_CHART",
    "DOWNLOAD_CHART",
    "DELETE_CHART",
)
UNTAGGED: Final = "push without a tag"
UNREPLICATED: Final = "failed replication"
PROXY_CACHE: Final = "harbor#proxy-cache-service"
"""The operator of pushes into a proxy-cache project: by digest only, and the tag is set without an event."""
_SUCCESS: Final = ("success", "succeed")
_ITEMS: Final = re.compile(r"(?P<name>[^ :]+)(?::\[?(?P<tags>[^ \[\]]+)\]?)?(?: \[.*\])?")
"""`name_tag` of a replicated artifact: `app [2 item(s) in total]`, in old versions `app:main-12` or `app:[a,b]`."""


_RESOURCE: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "registry_name": {"type": "string"},
        "endpoint": {"type": "string"},
        "namespace": {"type": "string"},
    },
}


class Harbor(Sender):
    """A webhook policy of a project."""

    kind = "harbor"
    summary = "webhooks of Harbor in its default payload format"
    accepted = "`PUSH_ARTIFACT`, `CREATE_TAG`, a successful `REPLICATION`"
    ignored_events: ClassVar[Mapping[str, str]] = {
        UNTAGGED: "unless a proxy cache pushed it",
        UNREPLICATED: "",
        **dict.fromkeys(IGNORED, ""),
    }
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["type", "occur_at", "event_data"],
        "properties": {
            "type": {"enum": [*ACCEPTED, *IGNORED]},
            "occur_at": {"type": "integer", "description": "Seconds since 1970."},
            "event_data": {
                "type": "object",
                "properties": {
                    "repository": {"type": "object", "properties": {"repo_full_name": {"type": "string"}}},
                    "resources": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {
                                "digest": {"type": "string"},
                                "tag": {"type": "string"},
                                "resource_url": {"type": "string"},
                            },
                        },
                    },
                    "replication": {
                        "type": "object",
                        "properties": {
                            "job_status": {"type": "string", "examples": ["Success"]},
                            "src_resource": _RESOURCE,
                            "dest_resource": _RESOURCE,
                            "successful_artifact": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "properties": {
                                        "name_tag": {"type": "string", "examples": ["app [1 item(s) in total]"]},
                                        "references": {"type": "array", "items": {"type": "string"}},
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    }

    def parse(self, request: HookRequest) -> tuple[ParsedEvent, ...]:
        body = read_json(request.body)
        if body["specversion"].value is not None:
            raise malformed("CloudEvents of Harbor are not supported; set the payload format of the webhook to Default")
        kind = body["type"].text()
        if kind in IGNORED:
            return (Ignored(kind),)
        if kind not in ACCEPTED:
            raise unknown_event(kind, (*ACCEPTED, *IGNORED))
        moment = _moment(body["occur_at"])
        self.check_age(moment, request)
        data = body["event_data"]
        if kind == REPLICATED:
            return self._replicated(data["replication"], moment, request)
        path = data["repository"]["repo_full_name"].repository_path()
        is_cached = body["operator"].optional_text() == PROXY_CACHE
        return parse_each(
            data["resources"].items(),
            lambda resource: self._pushed(resource, path, moment, request, is_cached=is_cached),
        )

    def _pushed(
        self, resource: JsonField, path: str, moment: datetime, request: HookRequest, *, is_cached: bool
    ) -> PushEvent | Ignored:
        tag = resource["tag"].optional_text()
        if not is_tag(tag):  # pushed by its digest, which Harbor then reports as the tag
            if not is_cached:
                return Ignored(UNTAGGED)
            tag = ""
        host = host_of(request, resource["resource_url"].optional_text().partition("/")[0], "resource_url")
        return self._push(RepositoryHint(path, host), tag or None, resource["digest"].digest(), moment, request)

    def _replicated(self, replication: JsonField, moment: datetime, request: HookRequest) -> tuple[ParsedEvent, ...]:
        """Return a push for each tag that was replicated; one without a tag if the event names none.

        An event without `successful_artifact` reports a job that failed, was stopped or has not ended.
        """
        artifacts = replication["successful_artifact"]
        if replication["job_status"].text().lower() not in _SUCCESS or not artifacts.value:
            return (Ignored(UNREPLICATED),)
        namespace, endpoint = _namespace(replication), replication["dest_resource"]["endpoint"]
        url = endpoint.optional_text()
        host = host_of(request, (url.partition("://")[2] or url).partition("/")[0], endpoint.path)
        found: list[ParsedEvent] = []
        for artifact in artifacts.items():
            name, references = _artifact(artifact)
            place = RepositoryHint(repository_path(f"{namespace}/{name}".lstrip("/"), artifact.path), host)
            found += parse_each(references, partial(self._reference, place=place, moment=moment, request=request))
        return tuple(found)

    def _reference(
        self, reference: JsonField, *, place: RepositoryHint, moment: datetime, request: HookRequest
    ) -> PushEvent:
        text = reference.optional_text()
        if not text or is_tag(text):
            return self._push(place, text or None, None, moment, request)
        return self._push(place, None, reference.digest(), moment, request)

    def _push(
        self, place: RepositoryHint, tag: str | None, digest: Digest | None, moment: datetime, request: HookRequest
    ) -> PushEvent:
        event = event_id(place, tag, digest, moment)
        return PushEvent(self.name, event, place, tag, digest, moment, request.now)


def _namespace(replication: JsonField) -> str:
    """Return that of the destination.

    Harbor writes it into the entry of the local registry, the one without a `registry_name`.
    """
    source, destination = replication["src_resource"], replication["dest_resource"]
    is_pushed = source.value is not None and not source["registry_name"].optional_text()
    return (source["namespace"].optional_text() if is_pushed else "") or destination["namespace"].optional_text()


def _artifact(artifact: JsonField) -> tuple[str, list[JsonField]]:
    """Return the name of a replicated artifact, and its tags and digests; one empty reference if it has none."""
    name_tag = artifact["name_tag"]
    match = _ITEMS.fullmatch(name_tag.text())
    if match is None:
        raise malformed(f"{name_tag.path}: expected a name and a tag or the number of items")
    named = [JsonField(tag, name_tag.path) for tag in (match["tags"] or "").split(",")]
    references = [] if artifact["references"].value is None else list(artifact["references"].items())
    return match["name"], [one for one in references if one.value] or named


def _moment(field: JsonField) -> datetime:
    if isinstance(field.value, bool) or not isinstance(field.value, int):
        raise malformed(f"{field.path}: expected seconds since 1970")
    try:
        return datetime.fromtimestamp(field.value, UTC)
    except (ValueError, OverflowError, OSError):
        raise malformed(f"{field.path}: expected seconds since 1970") from None
