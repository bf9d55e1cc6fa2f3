"""Telling people through apprise: what was deployed, what waits for them, what failed, what drifted."""

from fcpin.receiver.notify.drift import DriftNotices
from fcpin.receiver.notify.notifier import Notifier
from fcpin.receiver.notify.outbox import Outbox, open_outbox

__all__ = ["DriftNotices", "Notifier", "Outbox", "open_outbox"]
