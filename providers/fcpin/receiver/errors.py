"""Failures of the receiver, as types of fcpin.errors.

FcpinError
├── Rejected                   a request or an event that is not accepted; `status` is the HTTP status
│   └── InvalidSecret          it has no valid secret
├── LedgerUnavailable          temporary: the store of jobs cannot be reached
└── ConvergenceFailed          the engine ended with an error; a retry may succeed
    ├── NotAsApproved          the tag was pushed again after the approval: it is proposed again
    ├── StackBusy              another run holds the stack, or left its lock
    └── Interrupted            this receiver is being stopped: not a failed attempt, the next one continues
"""

from enum import Enum
from typing import Final

from fcpin.errors import FcpinError


class Reason(Enum):
    """Why a request or an event was rejected: label in `/metrics`, HTTP statuses, and the row in the documentation."""

    MALFORMED = (
        "malformed",
        (400,),
        (
            "the body is not JSON, is nested deeper than 32 levels, or has a field of the wrong type; "
            "the request is not valid HTTP, or has two lengths"
        ),
    )
    REPLAYED = ("replayed", (400,), "the event is older than `replay_window`, or was received before")
    UNKNOWN_EVENT = ("unknown_event", (400,), "this version does not know the type of the event")
    INVALID_SECRET = (
        "invalid_secret",
        (401, 403),
        "the sender is unknown, or its secret is wrong; 403 for the login of the page",
    )
    LOGGED_OUT = ("logged_out", (401, 403), "the page: its event stream, or a button, without a login")
    FORGED = ("forged", (403,), "the page: a form of another site or of another session")
    UNKNOWN_REPOSITORY = (
        "unknown_repository",
        (404,),
        "no stack has a pin on the repository, or it is not in `repositories`",
    )
    SLOW = (
        "slow",
        (408,),
        (
            "the head of the request did not arrive within 10 s, or its body within 10 s after the head; "
            "a client that does not read the response is disconnected after 30 s"
        ),
    )
    OVERSIZED = ("oversized", (413,), "the body exceeds 1 MiB or 20,000 values")
    MEDIA_TYPE = ("media_type", (415,), "the sender does not send this content type, or the body is compressed")
    THROTTLED = (
        "throttled",
        (429,),
        (
            "more than `per_minute` requests of a sender, or more than 60 wrong secrets a minute from one address; "
            "wrong secrets never block a right one"
        ),
    )
    UNAVAILABLE = ("unavailable", (503,), "the event could not be stored; the sender should retry")
    CROWDED = ("crowded", (503,), "more than 512 connections, or more than 100 event streams of the page")

    def __init__(self, label: str, statuses: tuple[int, ...], description: str) -> None:
        self.label, self.statuses, self.description = label, statuses, description


class Rejected(FcpinError):
    """A request or an event that is not accepted. The message is for the operator of the sender, without secrets."""

    def __init__(self, reason: Reason, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.reason, self.status = reason, status or reason.statuses[0]


class InvalidSecret(Rejected):
    """A request without a valid secret. The caller counts it, because it knows the address."""

    def __init__(self) -> None:
        super().__init__(Reason.INVALID_SECRET, "unknown sender, or a wrong secret")


UNAVAILABLE: Final = "the store of jobs is not available; see the receiver's log"
"""What clients get for LedgerUnavailable, whose own message may hold the address of the store."""


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
