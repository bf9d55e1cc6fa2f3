"""How much the ledger remembers of what is over."""

from datetime import timedelta
from typing import Final

EVENTS_FOR: Final = timedelta(days=7)
"""An event that is told again within this time is known."""
JOBS: Final = 100
"""Ended ones, of each stack."""
TRANSITIONS: Final = 1_000
"""Of each stack."""
LINES: Final = 200
"""Of live progress, of each job."""
