"""The page: what every function runs, what is under way, and the buttons."""

from fcpin.receiver.page.actions import Actions, Holds, LedgerActions, NoLongerSo
from fcpin.receiver.page.page import Page

__all__ = ["Actions", "Holds", "LedgerActions", "NoLongerSo", "Page"]
