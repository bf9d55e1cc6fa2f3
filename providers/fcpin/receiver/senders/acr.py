"""Triggers of ACR, Personal and Enterprise: one push a request, and no signature.

The body does not name the Enterprise instance, so that it stands in the URL: `/hooks/<name>/<cri-…>/<secret>`. Its
`pushed_at` has no time zone, so that nobody can tell when that was.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from fcpin.policy.times import parse_moment
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.receiver.senders.base import JSON, Heard, HookRequest, check_age, event_id
from fcpin.receiver.senders.node import Node, read_json, repository_path
from fcpin.receiver.senders.proof import check_proof, instance_of
from fcpin.receiver.senders.ways import URL, Way
from fcpin.receiver.settings.model import SenderSettings


@dataclass(frozen=True, slots=True)
class Acr:
    """A trigger of a repository."""

    settings: SenderSettings

    ways: ClassVar[Collection[Way]] = URL
    media_types: ClassVar[Collection[str]] = (JSON,)
    replay_window: ClassVar[timedelta] = timedelta(days=1)
    insists: ClassVar[bool] = False
    takes: ClassVar[Collection[str]] = ()
    ignores: ClassVar[Collection[str]] = ()
    summary: ClassVar[str] = "Triggers of ACR; of Enterprise to …/<cri-…>/<secret>."
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["push_data", "repository"],
        "properties": {
            "push_data": {
                "type": "object",
                "required": ["tag"],
                "properties": {
                    "digest": {"type": "string", "pattern": "^(sha256:)?[0-9a-fA-F]{64}$"},
                    "pushed_at": {"type": "string", "examples": ["2016-11-29 12:25:46"]},
                    "tag": {"type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$"},
                },
            },
            "repository": {
                "type": "object",
                "required": ["namespace", "name", "region"],
                "properties": {
                    "namespace": {"type": "string"},
                    "name": {"type": "string"},
                    "region": {"type": "string", "examples": ["cn-hangzhou"]},
                },
            },
        },
    }

    def validate(self, request: HookRequest) -> None:
        check_proof(request, self.settings.secrets, self.ways)

    def parse(self, request: HookRequest) -> tuple[Heard, ...]:
        body = read_json(request.body)
        push, repository = body["push_data"], body["repository"]
        place = RepositoryHint(_path(repository), region=repository["region"].text(), instance=instance_of(request))
        tag, digest, told = push["tag"].tag(), push["digest"].digest(), push["pushed_at"].maybe()
        pushed = _moment(told)
        check_age(pushed, request, self.settings.replay_window)
        event = event_id(place, tag, digest, told)
        return (PushEvent(self.settings.name, event, place, tag, digest, pushed, request.now),)


def _path(repository: Node) -> str:
    """ACR's own example calls a repository `repoTest`; images are in lower case always."""
    full = f"{repository['namespace'].text()}/{repository['name'].text()}"
    return repository_path(full.lower(), repository.path)


def _moment(text: str) -> datetime | None:
    with suppress(ValueError):
        return parse_moment(text)
    return None
