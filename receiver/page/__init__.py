"""The page: what every function runs, what is under way, and the buttons."""

from receiver.page.actions import Actions, Holds, LedgerActions, NoLongerSo
from receiver.page.page import Page

__all__ = ["Actions", "Holds", "LedgerActions", "NoLongerSo", "Page"]
