"""Anybody else: `{"image": "host/namespace/name:tag", "sent": "2026-11-22T12:00:00Z"}`, signed as GitHub signs.

`sent` is part of what is signed, so that an old request is worth nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from fcpin.errors import InvalidImage
from fcpin.image import Image
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.receiver.senders.base import JSON, Heard, HookRequest, check_age, event_id
from fcpin.receiver.senders.node import Node, malformed, read_json
from fcpin.receiver.senders.proof import check_proof
from fcpin.receiver.senders.ways import Way
from fcpin.receiver.settings.model import SenderSettings


@dataclass(frozen=True, slots=True)
class Generic:
    """A script, or a CI job."""

    settings: SenderSettings

    ways: ClassVar[Collection[Way]] = (Way.SIGNATURE,)
    media_types: ClassVar[Collection[str]] = (JSON,)
    replay_window: ClassVar[timedelta] = timedelta(minutes=10)
    insists: ClassVar[bool] = False
    takes: ClassVar[Collection[str]] = ()
    ignores: ClassVar[Collection[str]] = ()
    summary: ClassVar[str] = "A script of your own, which signs what it sends."
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["image", "sent"],
        "properties": {
            "image": {"type": "string", "examples": ["registry.example.com/shop/app:main-12"]},
            "digest": {"type": "string", "pattern": "^(sha256:)?[0-9a-fA-F]{64}$"},
            "pushed": {"type": "string", "format": "date-time"},
            "id": {"type": "string", "description": "The same for the same push; else the whole body is."},
            "sent": {"type": "string", "format": "date-time"},
        },
    }

    def validate(self, request: HookRequest) -> None:
        check_proof(request, self.settings.secrets, self.ways)

    def parse(self, request: HookRequest) -> tuple[Heard, ...]:
        body = read_json(request.body)
        sent, image = body["sent"].moment(), _image(body["image"])
        if sent is None:
            raise malformed("sent: expected the time at which it was sent, with its zone")
        check_age(sent, request, self.settings.replay_window)
        place = RepositoryHint(image.repository.path, image.repository.host)
        name = body["id"].maybe()
        event = event_id("id", name) if name else event_id("body", request.body)
        digest = body["digest"].digest() or image.digest
        pushed = body["pushed"].moment()
        return (PushEvent(self.settings.name, event, place, image.tag, digest, pushed, request.now),)


def _image(node: Node) -> Image:
    try:
        image = Image.parse(node.text())
    except InvalidImage as error:
        raise malformed(f"{node.path}: {error}") from None
    if image.tag is None and image.digest is None:
        raise malformed(f"{node.path}: has neither tag nor digest")
    return image
