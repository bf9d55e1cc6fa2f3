"""Webhooks of Harbor, in its default payload format."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from fcpin.image import is_tag
from receiver.push import Place, Push
from receiver.senders.base import (
    JSON,
    REGISTRY,
    Heard,
    HookRequest,
    check_age,
    event_id,
    heard,
    unknown_event,
)
from receiver.senders.node import Node, malformed, read_json, registry_host
from receiver.senders.proof import check_proof
from receiver.senders.ways import URL, Way
from receiver.settings.model import SenderSettings

TAKEN: Final = ("PUSH_ARTIFACT",)
IGNORED: Final = (
    "PULL_ARTIFACT",
    "DELETE_ARTIFACT",
    "SCANNING_COMPLETED",
    "SCANNING_FAILED",
    "SCANNING_STOPPED",
    "QUOTA_EXCEED",
    "QUOTA_WARNING",
    "REPLICATION",
    "TAG_RETENTION",
)


@dataclass(frozen=True, slots=True)
class Harbor:
    """A webhook policy of a project."""

    settings: SenderSettings

    ways: ClassVar[Collection[Way]] = URL | {Way.AUTHORIZATION}
    media_types: ClassVar[Collection[str]] = (JSON,)
    replay_window: ClassVar[timedelta] = timedelta(days=1)
    insists: ClassVar[bool] = False
    summary: ClassVar[str] = "Webhooks of Harbor, in its default payload format."
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["type", "occur_at", "event_data"],
        "properties": {
            "type": {"enum": [*TAKEN, *IGNORED]},
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
                },
            },
        },
    }

    def validate(self, request: HookRequest) -> None:
        check_proof(request, self.settings.secrets, self.ways)

    def parse(self, request: HookRequest) -> tuple[Heard, ...]:
        body = read_json(request.body)
        if body["specversion"].value is not None:
            raise malformed("CloudEvents of Harbor are not read; choose the payload format Default in the webhook")
        kind = body["type"].text()
        if kind in IGNORED:
            return ()
        if kind not in TAKEN:
            raise unknown_event(kind, (*TAKEN, *IGNORED))
        moment = _moment(body["occur_at"])
        check_age(moment, request, self.settings.replay_window)
        data = body["event_data"]
        path = data["repository"]["repo_full_name"].repository_path()
        return heard(data["resources"].items(), lambda resource: self._push(resource, path, moment, request))

    def _push(self, resource: Node, path: str, moment: datetime, request: HookRequest) -> Push | None:
        tag = resource["tag"].maybe()
        if not is_tag(tag):  # pushed by its digest, which Harbor then gives as the tag
            return None
        digest = resource["digest"].digest()
        place = Place(path, _host(resource, request))
        event = event_id(place, tag, digest, moment)
        return Push(self.settings.name, event, place, tag, digest, moment, request.now)


def _moment(node: Node) -> datetime:
    if isinstance(node.value, bool) or not isinstance(node.value, int):
        raise malformed(f"{node.path}: expected seconds since 1970")
    try:
        return datetime.fromtimestamp(node.value, UTC)
    except (ValueError, OverflowError, OSError):
        raise malformed(f"{node.path}: expected seconds since 1970") from None


def _host(resource: Node, request: HookRequest) -> str:
    if named := request.query.get(REGISTRY):
        return registry_host(named, f"?{REGISTRY}")
    return registry_host(resource["resource_url"].maybe().partition("/")[0], "resource_url")
