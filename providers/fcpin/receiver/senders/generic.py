"""A script: `{"image": "host/namespace/name:tag", "sent": "2026-11-22T12:00:00Z"}`, signed as GitHub signs.

`sent` is part of what is signed, so an old request cannot be replayed.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from fcpin.errors import InvalidImage
from fcpin.image import Image
from fcpin.receiver.push_event import PushEvent, RepositoryHint
from fcpin.receiver.senders.authentication import SecretLocation
from fcpin.receiver.senders.json_fields import JsonField, malformed, read_json
from fcpin.receiver.senders.sender import HookRequest, ParsedEvent, Sender, event_id


class Generic(Sender):
    """A script, or a CI job."""

    kind = "generic"
    summary = (
        '`{"image": "host/namespace/name:tag", "sent": "2026-11-22T12:00:00Z"}` of a script; '
        "optional: `digest`, `pushed`, `id`"
    )
    accepted = "every request"
    secret_locations: ClassVar[frozenset[SecretLocation]] = frozenset({SecretLocation.SIGNATURE})
    default_replay_window = timedelta(minutes=10)
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["image", "sent"],
        "properties": {
            "image": {"type": "string", "examples": ["registry.example.com/shop/app:main-12"]},
            "digest": {"type": "string", "pattern": "^(sha256:)?[0-9a-fA-F]{64}$"},
            "pushed": {"type": "string", "format": "date-time"},
            "id": {"type": "string", "description": "Identifies the push; the default is the whole body."},
            "sent": {"type": "string", "format": "date-time"},
        },
    }

    def parse(self, request: HookRequest) -> tuple[ParsedEvent, ...]:
        body = read_json(request.body)
        sent, image = body["sent"].moment(), _image(body["image"])
        if sent is None:
            raise malformed("sent: expected the time at which the request was sent, with its zone")
        self.check_age(sent, request)
        place = RepositoryHint(image.repository.path, image.repository.host)
        name = body["id"].optional_text()
        event = event_id("id", name) if name else event_id("body", request.body)
        digest = body["digest"].digest() or image.digest
        pushed = body["pushed"].moment()
        return (PushEvent(self.name, event, place, image.tag, digest, pushed, request.now),)


def _image(field: JsonField) -> Image:
    try:
        image = Image.parse(field.text())
    except InvalidImage as error:
        raise malformed(f"{field.path}: {error}") from None
    if image.tag is None and image.digest is None:
        raise malformed(f"{field.path}: has neither tag nor digest")
    return image
