"""Telling people through apprise: what was deployed, what waits for them, what failed, what drifted."""

from receiver.notify.drift import DriftNotices
from receiver.notify.notifier import Notifier
from receiver.notify.outbox import Outbox, open_outbox

__all__ = ["DriftNotices", "Notifier", "Outbox", "open_outbox"]
