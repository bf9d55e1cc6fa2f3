"""Notifications of the OCI distribution registry (docker-registry): an envelope of events, repeated until taken.

A manifest without a tag (a child of an index, an attestation) is no push of a tag, and moves none.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final

from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.receiver.senders.base import (
    JSON,
    REGISTRY,
    Heard,
    HookRequest,
    Ignored,
    check_age,
    event_id,
    heard,
    unknown_event,
)
from fcpin.receiver.senders.node import Node, read_json, registry_host
from fcpin.receiver.senders.proof import check_proof
from fcpin.receiver.senders.ways import URL, Way
from fcpin.receiver.settings.model import SenderSettings

TAKEN: Final = ("push",)
IGNORED: Final = ("pull", "mount", "delete")
"""`mount` is a layer that another repository has already; the manifest that names it is a push of its own."""
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


@dataclass(frozen=True, slots=True)
class Distribution:
    """An endpoint of a registry's `notifications`."""

    settings: SenderSettings

    ways: ClassVar[Collection[Way]] = URL | {Way.AUTHORIZATION}
    media_types: ClassVar[Collection[str]] = (
        JSON,
        "application/vnd.docker.distribution.events.v1+json",
        "application/vnd.docker.distribution.events.v2+json",
    )
    replay_window: ClassVar[timedelta] = timedelta(days=7)  # it keeps what was not taken for as long as it lives
    insists: ClassVar[bool] = True
    takes: ClassVar[Collection[str]] = TAKEN
    ignores: ClassVar[Collection[str]] = (*IGNORED, UNTAGGED, LAYER)
    summary: ClassVar[str] = "Notifications of the OCI distribution registry."
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
                        "action": {"enum": [*TAKEN, *IGNORED]},
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

    def validate(self, request: HookRequest) -> None:
        check_proof(request, self.settings.secrets, self.ways)

    def parse(self, request: HookRequest) -> tuple[Heard, ...]:
        return heard(read_json(request.body)["events"].items(), lambda event: self._push(event, request))

    def _push(self, event: Node, request: HookRequest) -> PushEvent | Ignored:
        action, target = event["action"].text(), event["target"]
        if action in IGNORED:
            return Ignored(action)
        if action not in TAKEN:
            raise unknown_event(action, (*TAKEN, *IGNORED))
        if target["mediaType"].maybe() not in MANIFESTS:
            return Ignored(LAYER)
        if not target["tag"].maybe():
            return Ignored(UNTAGGED)
        moment = event["timestamp"].moment()
        check_age(moment, request, self.settings.replay_window)
        return PushEvent(
            self.settings.name,
            event_id(event["id"].text()),
            RepositoryHint(target["repository"].repository_path(), _host(event, request)),
            target["tag"].tag(),
            target["digest"].digest(),
            moment,
            request.now,
        )


def _host(event: Node, request: HookRequest) -> str:
    """As the pusher called the registry, unless the URL says how images call it."""
    if named := request.query.get(REGISTRY):
        return registry_host(named, f"?{REGISTRY}")
    asked = Node(event["request"].value or {}, "request")["host"].maybe()
    url = event["target"]["url"].maybe()
    return registry_host(asked or url.partition("://")[2].partition("/")[0], "request.host")
