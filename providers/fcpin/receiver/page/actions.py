"""What the buttons do: written to the ledger or the stack's file, said in the job, and then the stack is woken."""

import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from fcpin.clock import Clock
from fcpin.errors import FcpinError
from fcpin.policy.hold import Hold
from fcpin.policy.times import iso
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Freeze, Job, JobState

_LOG = logging.getLogger(__name__)
_JOBS: Final = 500


class NoLongerSo(FcpinError):
    """What the page showed when the button was pressed has changed since."""


class Actions(Protocol):
    """Each raises FcpinError, whose sentence is shown to whoever pressed. *by*: who that was."""

    def approve(self, token: str, by: str) -> None:
        """Deploy exactly what is proposed under *token*. Raises NoLongerSo."""

    def hold(self, stack: str, pin: str, hold: Hold, by: str) -> None:
        """Keep the function at one image until a date."""

    def resume(self, stack: str, pin: str, by: str) -> None:
        """End the hold."""

    def converge(self, stack: str, pins: Sequence[str], by: str) -> None:
        """Bring *pins* to where their policies want them."""

    def retry(self, job: str, by: str) -> None:
        """Have a job tried again that was given up. Raises NoLongerSo."""

    def freeze(self, reason: str, by: str) -> None:
        """Deploy nothing until it is lifted."""

    def thaw(self, by: str) -> None:
        """Lift the freeze."""


class Holds(Protocol):
    """Where holds are written. Raises FcpinError, for a file that cannot be written too."""

    def hold(self, stack: str, pin: str, hold: Hold) -> None:
        """In the place of a hold that the pin has."""

    def resume(self, stack: str, pin: str) -> None:
        """Remove it."""


class LedgerActions:
    """The buttons over the real ledger."""

    def __init__(self, ledger: Ledger, holds: Holds, wake: Callable[[], None], clock: Clock) -> None:
        self._ledger, self._holds, self._wake, self._clock = ledger, holds, wake, clock

    def approve(self, token: str, by: str) -> None:
        proposal = self._ledger.approve(token, by, self._clock.now())
        if proposal is None:
            raise NoLongerSo("that is not proposed any more: it was deployed, or the tag was pushed again; look anew")
        image = f"{proposal.to_tag} with {proposal.to_digest}"
        self._ask(proposal.stack, (proposal.pin,), f"{proposal.pin}: {image} was approved by {by}")

    def hold(self, stack: str, pin: str, hold: Hold, by: str) -> None:
        self._holds.hold(stack, pin, hold)
        self._ask(stack, (pin,), f"{pin}: {hold.at(hold.tag or str(hold.digest))}, by {by}")

    def resume(self, stack: str, pin: str, by: str) -> None:
        self._holds.resume(stack, pin)
        self._ask(stack, (pin,), f"{pin}: the hold was ended by {by}")

    def converge(self, stack: str, pins: Sequence[str], by: str) -> None:
        self._ask(stack, pins, f"{', '.join(pins)}: asked for by {by}")

    def retry(self, job: str, by: str) -> None:
        again = self._ledger.retry(job, self._clock.now())
        if again is None:
            raise NoLongerSo("that job is not given up any more: somebody had it tried again; look anew")
        self._told(again, f"tried again by {by}")

    def freeze(self, reason: str, by: str) -> None:
        self._ledger.set_freeze(Freeze(by, reason, self._clock.now()))
        _LOG.info("frozen by %s: %s", by, reason)

    def thaw(self, by: str) -> None:
        self._ledger.set_freeze(None)
        _LOG.info("thawed by %s", by)
        for stack in [job.stack for job in self._ledger.jobs(limit=_JOBS) if job.state is JobState.PENDING]:
            self._ask(stack, (), f"the freeze was lifted by {by}")

    def _ask(self, stack: str, pins: Sequence[str], sentence: str) -> None:
        self._told(self._ledger.request(stack, pins, self._clock.now()), sentence)

    def _told(self, job: Job, sentence: str) -> None:
        now = self._clock.now()
        self._ledger.append_log(job.id, f"{iso(now)} {sentence}")
        _LOG.info("%s", sentence, extra={"stack": job.stack, "job": job.id})
        self._wake()
