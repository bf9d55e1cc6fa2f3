"""Notifications of deployments, approvals, failures and drift, by apprise."""

from fcpin.receiver.notify.notifier import DriftNotices, Notifier
from fcpin.receiver.notify.outbox import Outbox, open_outbox

__all__ = ["DriftNotices", "Notifier", "Outbox", "open_outbox"]
