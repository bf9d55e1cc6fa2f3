"""Triggers of ACR, Personal and Enterprise: one push a request, without a signature.

The body does not name the Enterprise instance, so it stands in the URL: `/hooks/<name>/<cri-…>/<secret>`. `pushed_at`
has no time zone, so it is not a time.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar

from fcpin.policy.times import parse_moment
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.receiver.senders.authentication import IN_URL, SecretLocation, instance_of
from fcpin.receiver.senders.json_fields import JsonField, read_json, repository_path
from fcpin.receiver.senders.sender import HookRequest, ParsedEvent, Sender, event_id


class Acr(Sender):
    """A trigger of a repository."""

    kind = "acr"
    summary = "triggers of ACR; those of Enterprise call `/hooks/<name>/<cri-…>/<secret>`"
    accepted = "every trigger"
    secret_locations: ClassVar[frozenset[SecretLocation]] = IN_URL
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

    def parse(self, request: HookRequest) -> tuple[ParsedEvent, ...]:
        body = read_json(request.body)
        push, repository = body["push_data"], body["repository"]
        instance = instance_of(request.segments)
        place = RepositoryHint(_path(repository), region=repository["region"].text(), instance=instance)
        tag, digest, time = push["tag"].tag(), push["digest"].digest(), push["pushed_at"].optional_text()
        pushed = _moment(time)
        self.check_age(pushed, request)
        event = event_id(place, tag, digest, time)
        return (PushEvent(self.name, event, place, tag, digest, pushed, request.now),)


def _path(repository: JsonField) -> str:
    """ACR's own example calls a repository `repoTest`; images are always in lower case."""
    full = f"{repository['namespace'].text()}/{repository['name'].text()}"
    return repository_path(full.lower(), repository.path)


def _moment(text: str) -> datetime | None:
    with suppress(ValueError):
        return parse_moment(text)
    return None
