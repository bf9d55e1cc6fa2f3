"""The page: what every function runs, the jobs, and the buttons."""

from fcpin.receiver.page.actions import Holds, LedgerActions, StaleAction
from fcpin.receiver.page.page import Page

__all__ = ["Holds", "LedgerActions", "Page", "StaleAction"]
