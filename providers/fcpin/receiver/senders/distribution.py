"""Notifications of the OCI distribution registry (docker-registry): an envelope of events, repeated until accepted.

A manifest without a tag (a child of an index, an attestation) moves no tag.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Final

from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.receiver.senders.json_fields import JsonField, read_json
from fcpin.receiver.senders.sender import (
    JSON,
    HookRequest,
    Ignored,
    ParsedEvent,
    Sender,
    event_id,
    host_of,
    parse_each,
    unknown_event,
)

PUSH: Final = "push"
IGNORED: Final = {"pull": "", "mount": "of a layer", "delete": ""}
"""`mount` is a layer that another repository already has; the manifest that names it is a push of its own."""
UNTAGGED: Final = "push without a tag"
LAYER: Final = "push of a layer"
MANIFESTS: Final = (
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


class Distribution(Sender):
    """An endpoint in a registry's `notifications`."""

    kind = "distribution"
    summary = "notifications of docker-registry"
    accepted = "`push` of a manifest by a tag"
    ignored_events: ClassVar[Mapping[str, str]] = {UNTAGGED: "a child of an index", LAYER: "", **IGNORED}
    media_types = (
        JSON,
        "application/vnd.docker.distribution.events.v1+json",
        "application/vnd.docker.distribution.events.v2+json",
    )
    default_replay_window = timedelta(days=7)  # it keeps what was not accepted for as long as it runs
    retries_forever = True
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["events"],
        "properties": {
            "events": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "action", "target"],
                    "properties": {
                        "id": {"type": "string"},
                        "timestamp": {"type": "string", "format": "date-time"},
                        "action": {"enum": [PUSH, *IGNORED]},
                        "target": {
                            "type": "object",
                            "properties": {
                                "mediaType": {"type": "string", "examples": list(MANIFESTS)},
                                "digest": {"type": "string"},
                                "repository": {"type": "string"},
                                "tag": {"type": "string"},
                            },
                        },
                        "request": {"type": "object", "properties": {"host": {"type": "string"}}},
                    },
                },
            }
        },
    }

    def parse(self, request: HookRequest) -> tuple[ParsedEvent, ...]:
        return parse_each(read_json(request.body)["events"].items(), lambda event: self._push(event, request))

    def _push(self, event: JsonField, request: HookRequest) -> PushEvent | Ignored:
        action, target = event["action"].text(), event["target"]
        if action in IGNORED:
            return Ignored(action)
        if action != PUSH:
            raise unknown_event(action, (PUSH, *IGNORED))
        if target["mediaType"].optional_text() not in MANIFESTS:
            return Ignored(LAYER)
        if not target["tag"].optional_text():
            return Ignored(UNTAGGED)
        moment = event["timestamp"].moment()
        self.check_age(moment, request)
        return PushEvent(
            self.name,
            event_id(event["id"].text()),
            RepositoryHint(target["repository"].repository_path(), host_of(request, _host(event), "request.host")),
            target["tag"].tag(),
            target["digest"].digest(),
            moment,
            request.now,
        )


def _host(event: JsonField) -> str:
    """Return the host as the pusher called the registry."""
    host = JsonField(event["request"].value or {}, "request")["host"].optional_text()
    url = event["target"]["url"].optional_text()
    return host or url.partition("://")[2].partition("/")[0]
