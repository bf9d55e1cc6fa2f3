"""A wake-up as it lies in the queue: JSON, because huey's own form would run what others put into a shared Redis."""

import json
from datetime import UTC, datetime
from typing import Any

from huey.registry import Message


class WakeUpSerializer:
    """huey's `Serializer`, for tasks whose only argument is the name of a stack."""

    def serialize(self, message: Any) -> bytes:
        at = message.eta.replace(tzinfo=UTC).isoformat() if message.eta else None
        return json.dumps({"task": message.name, "id": message.id, "stack": [*message.args], "at": at}).encode()

    def deserialize(self, data: bytes) -> Any:
        """Raises ValueError for what is no wake-up."""
        told = json.loads(data)
        if not isinstance(told, dict) or not all(isinstance(told.get(key), str) for key in ("task", "id")):
            raise ValueError("this is no wake-up")
        at = datetime.fromisoformat(told["at"]).astimezone(UTC).replace(tzinfo=None) if told.get("at") else None
        return Message(told["id"], told["task"], at, args=tuple(map(str, told.get("stack", ())[:1])), kwargs={})
