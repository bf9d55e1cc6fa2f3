"""The buttons: from the fields of a form to the ledger or the stack's file, then the worker wakes up for the stack."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fcpin.clock import Clock
from fcpin.errors import FcpinError, InvalidInput, Problem
from fcpin.image import is_tag
from fcpin.policy.hold import Hold
from fcpin.policy.times import iso, parse_duration, parse_moment
from fcpin.receiver.errors import LedgerUnavailable, Rejected
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Freeze, Job, JobState
from fcpin.receiver.page.authentication import Action, Fields
from fcpin.receiver.page.sessions import Session, Sessions

_log: Final = logging.getLogger(__name__)
_MAX_JOBS: Final = 500
_MAX_REASON: Final = 500
"""Characters."""


class StaleAction(FcpinError):
    """The state that the page showed has changed."""


class Holds(Protocol):
    """Where holds are written. Raises FcpinError, also for a file that cannot be written."""

    def hold(self, stack: str, pin: str, hold: Hold) -> None:
        """Replaces a hold of the pin."""

    def resume(self, stack: str, pin: str) -> None:
        """Remove the hold."""


class LedgerActions:
    """Each raises FcpinError, whose message is shown to the user *by*."""

    def __init__(self, ledger: Ledger, holds: Holds, wake: Callable[[], None], clock: Clock) -> None:
        self._ledger, self._holds, self._wake, self._clock = ledger, holds, wake, clock

    def approve(self, token: str, by: str) -> None:
        """Deploy exactly the proposal *token*. Raises StaleAction."""
        proposal = self._ledger.approve(token, by, self._clock.now())
        if proposal is None:
            raise StaleAction("the proposal is no longer valid: it was deployed, or the tag was pushed again; reload")
        image = f"{proposal.to_tag} with {proposal.to_digest}"
        self._request(proposal.stack, (proposal.pin,), f"{proposal.pin}: {image} was approved by {by}")

    def hold(self, stack: str, pin: str, hold: Hold, by: str) -> None:
        """Keep the function at one image until a time."""
        self._holds.hold(stack, pin, hold)
        self._request(stack, (pin,), f"{pin}: {hold.at(hold.tag or str(hold.digest))}, by {by}")

    def resume(self, stack: str, pin: str, by: str) -> None:
        """End the hold."""
        self._holds.resume(stack, pin)
        self._request(stack, (pin,), f"{pin}: the hold was ended by {by}")

    def converge(self, stack: str, pins: Sequence[str], by: str) -> None:
        """Deploy what the policies of *pins* select."""
        self._request(stack, pins, f"{', '.join(pins)}: requested by {by}")

    def retry(self, job: str, by: str) -> None:
        """Run a failed job again. Raises StaleAction."""
        again = self._ledger.retry(job, self._clock.now())
        if again is None:
            raise StaleAction("the job is no longer failed: it was retried already; reload")
        self._log_and_wake(again, f"retried by {by}")

    def freeze(self, reason: str, by: str) -> None:
        """Deploy nothing until the freeze is lifted."""
        self._ledger.set_freeze(Freeze(by, reason, self._clock.now()))
        _log.info("frozen by %s: %s", by, reason)

    def thaw(self, by: str) -> None:
        """Lift the freeze."""
        self._ledger.set_freeze(None)
        _log.info("freeze lifted by %s", by)
        for stack in [job.stack for job in self._ledger.jobs(limit=_MAX_JOBS) if job.state is JobState.PENDING]:
            self._request(stack, (), f"the freeze was lifted by {by}")

    def _request(self, stack: str, pins: Sequence[str], message: str) -> None:
        self._log_and_wake(self._ledger.request(stack, pins, self._clock.now()), message)

    def _log_and_wake(self, job: Job, message: str) -> None:
        now = self._clock.now()
        self._ledger.append_log(job.id, f"{iso(now)} {message}")
        _log.info("%s", message, extra={"stack": job.stack, "job": job.id})
        self._wake()


class Buttons:
    """One method for each button. It returns the message that the next page shows, as an error does."""

    def __init__(self, actions: LedgerActions, stacks: Collection[str], sessions: Sessions, clock: Clock) -> None:
        self._actions, self._stacks, self._sessions, self._clock = actions, stacks, sessions, clock

    def by_name(self) -> Mapping[str, Action]:
        """By the last part of the URL."""
        buttons = (self.approve, self.hold, self.resume, self.converge, self.retry, self.freeze, self.thaw)
        return {button.__name__: self._action(button) for button in buttons}

    def approve(self, fields: Fields, by: str) -> str:
        self._actions.approve(_field(fields, "token"), by)
        return "Approved. It is deployed now, unless a freeze or a deploy window delays it."

    def hold(self, fields: Fields, by: str) -> str:
        stack, pin, tag = self._stack(fields), _field(fields, "pin"), _field(fields, "tag")
        if not is_tag(tag):
            raise InvalidInput(Problem("tag", f"{tag[:80]!r} is not a valid tag; enter the tag alone"))
        hold = Hold(tag=tag, until=_until(_field(fields, "until"), self._clock.now()), reason=_reason(fields))
        self._actions.hold(stack, pin, hold, by)
        return f"{pin} is {hold.at(tag)}."

    def resume(self, fields: Fields, by: str) -> str:
        pin = _field(fields, "pin")
        self._actions.resume(self._stack(fields), pin, by)
        return f"The hold of {pin} is ended. Its policy selects the image again."

    def converge(self, fields: Fields, by: str) -> str:
        stack, pins = self._stack(fields), _field(fields, "pins").splitlines()
        self._actions.converge(stack, pins, by)
        return f"{stack} is queued to converge."

    def retry(self, fields: Fields, by: str) -> str:
        self._actions.retry(_field(fields, "job"), by)
        return "The job is retried."

    def freeze(self, fields: Fields, by: str) -> str:
        self._actions.freeze(_reason(fields), by)
        return "Frozen. Nothing is deployed until the freeze is lifted; events are stored."

    def thaw(self, _: Fields, by: str) -> str:
        self._actions.thaw(by)
        return "The freeze is lifted. Pending jobs continue."

    def _stack(self, fields: Fields) -> str:
        if (stack := _field(fields, "stack")) not in self._stacks:
            raise InvalidInput(Problem("stack", f"{stack[:80]!r} is not one of {', '.join(self._stacks)}"))
        return stack

    def _action(self, button: Callable[[Fields, str], str]) -> Action:
        def act(request: Request, session: Session, fields: Fields) -> Response:
            try:
                level, message = "done", button(fields, session.user)
            except (LedgerUnavailable, Rejected):
                raise
            except FcpinError as error:
                level, message = "failed", str(error)
            response = RedirectResponse(_page_of(fields), 303)
            self._sessions.set_note(request, response, session, level, message)
            return response

        return act


def _field(fields: Fields, name: str) -> str:
    if not (value := fields.get(name, "")):
        raise InvalidInput(Problem(name, "is required"))
    return value


def _reason(fields: Fields) -> str:
    reason = " ".join(_field(fields, "reason").split())
    if len(reason) > _MAX_REASON:
        raise InvalidInput(Problem("reason", f"must have at most {_MAX_REASON} characters, got {len(reason)}"))
    return reason


def _until(text: str, now: datetime) -> datetime:
    """Parse a duration from now on, or a time. Raises InvalidInput."""
    try:
        until = now + parse_duration(text)
    except ValueError:
        try:
            until = parse_moment(text)
        except ValueError as error:
            raise InvalidInput(Problem("until", f"{error}; or a duration such as 8h or 3d")) from None
    if until <= now:
        raise InvalidInput(Problem("until", f"{iso(until)} is in the past; enter a later time"))
    return until.replace(microsecond=0)


def _page_of(fields: Fields) -> str:
    """Return the page of the function that the form is about, else the first page."""
    stack, pin = fields.get("stack"), fields.get("pin")
    return f"/functions/{quote(stack, safe='')}/{quote(pin, safe='')}" if stack and pin else "/"
