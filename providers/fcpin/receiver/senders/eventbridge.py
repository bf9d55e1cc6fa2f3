"""Events of ACR Enterprise through EventBridge: CloudEvents 1.0, structured, binary or several at once."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final

from fcpin.receiver.errors import Rejected
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.receiver.senders.base import JSON, Heard, HookRequest, Ignored, check_age, event_id, heard, unknown_event
from fcpin.receiver.senders.node import Node, malformed, read_json, repository_path
from fcpin.receiver.senders.proof import check_proof
from fcpin.receiver.senders.ways import URL, Way
from fcpin.receiver.settings.model import SenderSettings

SOURCE: Final = "acs.cr"
PUSHED: Final = "cr:Artifact:PushCompleted"
BUILT: Final = "cr:Artifact:BuildCompleted"
SCANNED: Final = "cr:Artifact:ScanCompleted"
SYNCHRONIZED: Final = "cr:Artifact:SynchronizationCompleted"
TAKEN: Final = (PUSHED, BUILT, SCANNED, SYNCHRONIZED)
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
        "type": {"enum": [*TAKEN, *IGNORED]},
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


@dataclass(frozen=True, slots=True)
class EventBridge:
    """An HTTP target of a rule."""

    settings: SenderSettings

    ways: ClassVar[Collection[Way]] = URL | {Way.AUTHORIZATION, Way.TOKEN}
    media_types: ClassVar[Collection[str]] = (
        JSON,
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
    )
    replay_window: ClassVar[timedelta] = timedelta(days=1)  # as long as EventBridge tries again
    insists: ClassVar[bool] = False
    takes: ClassVar[Collection[str]] = TAKEN
    ignores: ClassVar[Collection[str]] = (*IGNORED, FAILED_BUILD)
    summary: ClassVar[str] = "CloudEvents 1.0 of ACR Enterprise, as EventBridge sends them."
    schema: ClassVar[Mapping[str, Any]] = {"anyOf": [_EVENT, {"type": "array", "items": _EVENT}]}

    def validate(self, request: HookRequest) -> None:
        check_proof(request, self.settings.secrets, self.ways)

    def parse(self, request: HookRequest) -> tuple[Heard, ...]:
        return heard(_events(request), lambda event: self._push(event, request))

    def _push(self, event: Node, request: HookRequest) -> PushEvent | Ignored:
        if event["specversion"].text() != "1.0":
            raise malformed("specversion: expected CloudEvents 1.0")
        source, kind = event["source"].text(), event["type"].text()
        if source != SOURCE:
            raise Rejected(400, "unknown_event", f"unknown source {source[:80]!r}; expected {SOURCE}")
        if kind in IGNORED:
            return Ignored(kind)
        if kind not in TAKEN:
            raise unknown_event(kind, (*TAKEN, *IGNORED))
        data, moment = event["data"], event["time"].moment()
        if kind == BUILT and data["BuildStatus"].text() != "SUCCESS":
            return Ignored(FAILED_BUILD)
        check_age(moment, request, self.settings.replay_window)
        place, tag = _target(data) if kind == SYNCHRONIZED else (_place(data), data["Tag"])
        return PushEvent(
            self.settings.name,
            event_id(source, event["id"].text()),
            place,
            tag.tag() if tag.maybe() else None,
            data["Digest"].digest(),
            None if kind == SCANNED else moment,
            request.now,
        )


def _place(data: Node) -> RepositoryHint:
    return RepositoryHint(
        _path(data["RepoNamespaceName"], data["RepoName"]),
        region=data["RegionId"].maybe(),
        instance=data["InstanceName"].maybe() or data["InstanceId"].maybe(),
    )


def _target(data: Node) -> tuple[RepositoryHint, Node]:
    """Where an image was synchronized to, and its tag there.

    The data of this event is not documented. CreateRepoSyncTask names the target by `Target…`; without these fields the
    repository of the other events may be that of the source or of the target, so its region and instance are left open.
    """
    namespace = _first(data, "TargetNamespaceName", "TargetNamespace", "TargetRepoNamespaceName", "RepoNamespaceName")
    return (
        RepositoryHint(
            _path(namespace, _first(data, "TargetRepoName", "RepoName")),
            region=data["TargetRegionId"].maybe(),
            instance=_first(data, "TargetInstanceName", "TargetInstanceId").maybe(),
        ),
        _first(data, "TargetTag", "Tag"),
    )


def _first(data: Node, *keys: str) -> Node:
    """The first of *keys* that is given; else the last one."""
    return next((data[key] for key in keys if data[key].value), data[keys[-1]])


def _path(namespace: Node, name: Node) -> str:
    return repository_path(f"{namespace.text()}/{name.text()}".lower(), name.path)


def _events(request: HookRequest) -> Iterator[Node]:
    """One structured event, a list of them, or one whose attributes are headers and whose data is the body."""
    body = read_json(request.body)
    if "ce-type" in request.headers:
        attributes = {name: request.headers.get(f"ce-{name}") for name in _ATTRIBUTES}
        return iter([Node({**attributes, "data": body.value})])
    return body.items() if isinstance(body.value, list) else iter([body])
