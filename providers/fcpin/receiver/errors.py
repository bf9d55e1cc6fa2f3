"""What goes wrong in the receiver, as types beside those of fcpin.errors.

FcpinError
├── Refused                    a request that gets no further; `status` is the HTTP answer
│   └── Forged                 it has no right secret
├── LedgerUnavailable          temporary: the store of jobs cannot be reached
└── ConvergenceFailed          the engine ended with an error; trying again later may help
    ├── NotAsApproved          the tag was pushed again after the approval: it is proposed anew
    ├── StackBusy              another run is at work on the stack, or left its lock
    └── Interrupted            this receiver is being stopped: no failed attempt, somebody goes on later
"""

from typing import Final

from fcpin.errors import FcpinError


class Refused(FcpinError):
    """A request that is not let in. The sentence is for whoever set the sender up, and tells no secret."""

    def __init__(self, status: int, counted: str, sentence: str) -> None:
        """*counted* is the label in `/metrics`: `forged`, `oversized`, `replayed` …"""
        super().__init__(sentence)
        self.status, self.counted = status, counted


class Forged(Refused):
    """A request without a right secret. The caller counts it: it knows the address."""

    def __init__(self) -> None:
        super().__init__(401, "forged", "unknown sender, or a wrong secret")


UNAVAILABLE: Final = "the store of jobs is not available; the log of the receiver has the reason"
"""What clients get for LedgerUnavailable, whose own sentence may have the address of the store."""


class LedgerUnavailable(FcpinError):
    """SQLite or Redis does not answer."""

    temporary = True


class ConvergenceFailed(FcpinError):
    """The engine did not bring the stack to its pins. Nothing is known to be half done: the next try goes on."""


class NotAsApproved(ConvergenceFailed):
    """A policy chooses another image by now than the one that was approved. Nothing of it was deployed."""


class StackBusy(ConvergenceFailed):
    """Another run is at work on the stack, as far as anybody can tell."""


class Interrupted(ConvergenceFailed):
    """The receiver is being stopped. What had been deployed is in the state; the next one goes on."""
