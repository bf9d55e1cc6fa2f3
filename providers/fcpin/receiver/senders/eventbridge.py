"""Events of ACR Enterprise through EventBridge: CloudEvents 1.0, structured, binary or several at once."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from fcpin.receiver.errors import Reason, Rejected
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.receiver.senders.authentication import IN_URL, SecretLocation
from fcpin.receiver.senders.json_fields import JsonField, malformed, read_json, repository_path
from fcpin.receiver.senders.sender import (
    JSON,
    HookRequest,
    Ignored,
    ParsedEvent,
    Sender,
    event_id,
    parse_each,
    unknown_event,
)

SOURCE: Final = "acs.cr"
PUSHED: Final = "cr:Artifact:PushCompleted"
BUILT: Final = "cr:Artifact:BuildCompleted"
SCANNED: Final = "cr:Artifact:ScanCompleted"
SYNCHRONIZED: Final = "cr:Artifact:SynchronizationCompleted"
ACCEPTED: Final = (PUSHED, BUILT, SCANNED, SYNCHRONIZED)
IGNORED: Final = (
    "cr:Artifact:SigningCompleted",
    "cr:Artifact:DeliveryChainCompleted",
    "cr:ActionTrail:AliyunServiceEvent",
    "cr:ActionTrail:ApiCall",
    "cr:ActionTrail:ConsoleOperation",
    "cr:ActionTrail:ConsoleSignin",
    "cr:ActionTrail:ConsoleSignout",
)
FAILED_BUILD: Final = "failed build"
_ATTRIBUTES: Final = ("id", "source", "specversion", "type", "time")
_TEXT: Final = {"type": "string"}
_EVENT: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["id", "source", "specversion", "type", "data"],
    "properties": {
        "id": _TEXT,
        "source": {"const": SOURCE},
        "specversion": {"const": "1.0"},
        "type": {"enum": [*ACCEPTED, *IGNORED]},
        "time": {"type": "string", "format": "date-time"},
        "data": {
            "type": "object",
            "properties": {
                "InstanceId": _TEXT,
                "InstanceName": _TEXT,
                "RegionId": _TEXT,
                "RepoNamespaceName": _TEXT,
                "RepoName": _TEXT,
                "Tag": _TEXT,
                "Digest": _TEXT,
                "BuildStatus": _TEXT,
            },
        },
    },
}


class EventBridge(Sender):
    """An HTTP target of a rule."""

    kind = "eventbridge"
    summary = "CloudEvents 1.0 of ACR Enterprise"
    accepted = ", ".join(f"`{name}`" for name in ACCEPTED)
    ignored_events: ClassVar[Mapping[str, str]] = {FAILED_BUILD: "", **dict.fromkeys(IGNORED, "")}
    secret_locations: ClassVar[frozenset[SecretLocation]] = IN_URL | {
        SecretLocation.EVENTBRIDGE,
        SecretLocation.AUTHORIZATION,
    }
    media_types = (JSON, "application/cloudevents+json", "application/cloudevents-batch+json")
    schema: ClassVar[Mapping[str, Any]] = {"anyOf": [_EVENT, {"type": "array", "items": _EVENT}]}

    def parse(self, request: HookRequest) -> tuple[ParsedEvent, ...]:
        return parse_each(_events(request), lambda event: self._push(event, request))

    def _push(self, event: JsonField, request: HookRequest) -> PushEvent | Ignored:
        if event["specversion"].text() != "1.0":
            raise malformed("specversion: expected CloudEvents 1.0")
        source, kind = event["source"].text(), event["type"].text()
        if source != SOURCE:
            raise Rejected(Reason.UNKNOWN_EVENT, f"unknown source {source[:80]!r}; expected {SOURCE}")
        if kind in IGNORED:
            return Ignored(kind)
        if kind not in ACCEPTED:
            raise unknown_event(kind, (*ACCEPTED, *IGNORED))
        data, moment = event["data"], event["time"].moment()
        if kind == BUILT and data["BuildStatus"].text() != "SUCCESS":
            return Ignored(FAILED_BUILD)
        self.check_age(moment, request)
        place, tag = _target(data) if kind == SYNCHRONIZED else (_place(data), data["Tag"])
        return PushEvent(
            self.name,
            event_id(source, event["id"].text()),
            place,
            tag.tag() if tag.optional_text() else None,
            data["Digest"].digest(),
            None if kind == SCANNED else moment,
            request.now,
        )


def _place(data: JsonField) -> RepositoryHint:
    return RepositoryHint(
        _path(data["RepoNamespaceName"], data["RepoName"]),
        region=data["RegionId"].optional_text(),
        instance=data["InstanceName"].optional_text() or data["InstanceId"].optional_text(),
    )


def _target(data: JsonField) -> tuple[RepositoryHint, JsonField]:
    """Return where an image was synchronized to, and its tag there.

    The data of this event is not documented. CreateRepoSyncTask names the target by `Target…`; without these fields the
    repository of the other events may be that of the source or of the target, so its region and instance are left open.
    """
    namespace = _first(data, "TargetNamespaceName", "TargetNamespace", "TargetRepoNamespaceName", "RepoNamespaceName")
    return (
        RepositoryHint(
            _path(namespace, _first(data, "TargetRepoName", "RepoName")),
            region=data["TargetRegionId"].optional_text(),
            instance=_first(data, "TargetInstanceName", "TargetInstanceId").optional_text(),
        ),
        _first(data, "TargetTag", "Tag"),
    )


def _first(data: JsonField, *keys: str) -> JsonField:
    """Return the first of *keys* that has a value, else the last one."""
    return next((data[key] for key in keys if data[key].value), data[keys[-1]])


def _path(namespace: JsonField, name: JsonField) -> str:
    return repository_path(f"{namespace.text()}/{name.text()}".lower(), name.path)


def _events(request: HookRequest) -> Iterator[JsonField]:
    """Yield a structured event, a list of them, or one whose attributes are headers and whose data is the body."""
    body = read_json(request.body)
    if "ce-type" in request.headers:
        attributes = {name: request.headers.get(f"ce-{name}") for name in _ATTRIBUTES}
        return iter([JsonField({**attributes, "data": body.value})])
    return body.items() if isinstance(body.value, list) else iter([body])
