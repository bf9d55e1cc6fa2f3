"""Failures of the receiver, as types of fcpin.errors.

FcpinError
├── Rejected                   a request that is not accepted; `status` is the HTTP status
│   └── Forged                 it has no valid secret
├── LedgerUnavailable          temporary: the store of jobs cannot be reached
└── ConvergenceFailed          the engine ended with an error; a retry may succeed
    ├── NotAsApproved          the tag was pushed again after the approval: it is proposed again
    ├── StackBusy              another run holds the stack, or left its lock
    └── Interrupted            this receiver is being stopped: not a failed attempt, the next one goes on
"""

from typing import Final

from fcpin.errors import FcpinError

UNAVAILABLE: Final = "the store of jobs is not available; see the receiver's log"
"""What clients get for LedgerUnavailable, whose own message may hold the address of the store."""


class Rejected(FcpinError):
    """The message is for the person who set the sender up, and holds no secret."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        """*reason* is the label in `/metrics`: `forged`, `oversized`, `replayed` …"""
        super().__init__(message)
        self.status, self.reason = status, reason


class Forged(Rejected):
    """The caller counts it: it knows the address."""

    def __init__(self) -> None:
        super().__init__(401, "forged", "unknown sender, or wrong secret")


class LedgerUnavailable(FcpinError):
    """SQLite or Redis cannot be used."""

    temporary = True


class ConvergenceFailed(FcpinError):
    """The engine did not bring the stack to its pins. The next attempt continues from what was deployed."""


class NotAsApproved(ConvergenceFailed):
    """A policy now selects another image than the approved one. Nothing of it was deployed."""


class StackBusy(ConvergenceFailed):
    """Another run holds the lock of the stack."""


class Interrupted(ConvergenceFailed):
    """The receiver is being stopped. What had been deployed is in the state; the next attempt continues from there."""
