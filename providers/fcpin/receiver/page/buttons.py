"""The buttons: from the fields of a form to one call, and back to the page with what became of it."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Final, TypeAlias
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fcpin.clock import Clock
from fcpin.errors import FcpinError, InvalidInput, Problem
from fcpin.image import is_tag
from fcpin.policy.hold import Hold
from fcpin.policy.times import iso, parse_duration, parse_moment
from fcpin.receiver.errors import LedgerUnavailable, Rejected
from fcpin.receiver.page.actions import Actions
from fcpin.receiver.page.session import Session
from fcpin.receiver.page.visitor import Doorkeeper

Fields: TypeAlias = Mapping[str, str]
Press: TypeAlias = Callable[[Request, Session, Fields], Response]

_LONGEST: Final = 500
"""Characters of a reason."""


class Buttons:
    """One method a button. Each gives the sentence that is shown next; what goes wrong is one too."""

    def __init__(self, actions: Actions, stacks: Collection[str], doorkeeper: Doorkeeper, clock: Clock) -> None:
        self._actions, self._stacks, self._doorkeeper, self._clock = actions, stacks, doorkeeper, clock

    def by_name(self) -> Mapping[str, Press]:
        """By the last part of their address."""
        buttons = (self.approve, self.hold, self.resume, self.converge, self.retry, self.freeze, self.thaw)
        return {button.__name__: self._answering(button) for button in buttons}

    def approve(self, fields: Fields, by: str) -> str:
        self._actions.approve(_field(fields, "token"), by)
        return "Approved. It is deployed now, unless a freeze or a window is in the way."

    def hold(self, fields: Fields, by: str) -> str:
        stack, pin, tag = self._stack(fields), _field(fields, "pin"), _field(fields, "tag")
        if not is_tag(tag):
            raise InvalidInput(Problem("tag", f"{tag[:80]!r} is no tag; give the tag alone"))
        hold = Hold(_until(_field(fields, "until"), self._clock.now()), tag, None, _reason(fields))
        self._actions.hold(stack, pin, hold, by)
        return f"{pin} is {hold.at(tag)}."

    def resume(self, fields: Fields, by: str) -> str:
        pin = _field(fields, "pin")
        self._actions.resume(self._stack(fields), pin, by)
        return f"The hold of {pin} is ended. Its policy decides again."

    def converge(self, fields: Fields, by: str) -> str:
        stack, pins = self._stack(fields), _field(fields, "pins").splitlines()
        self._actions.converge(stack, pins, by)
        return f"{stack} converges as soon as it may."

    def retry(self, fields: Fields, by: str) -> str:
        self._actions.retry(_field(fields, "job"), by)
        return "It is tried again."

    def freeze(self, fields: Fields, by: str) -> str:
        self._actions.freeze(_reason(fields), by)
        return "Frozen. Nothing is deployed until it is lifted; pushes are kept."

    def thaw(self, _: Fields, by: str) -> str:
        self._actions.thaw(by)
        return "The freeze is lifted. What waited goes on."

    def _stack(self, fields: Fields) -> str:
        if (stack := _field(fields, "stack")) not in self._stacks:
            raise InvalidInput(Problem("stack", f"{stack[:80]!r} is none of {', '.join(self._stacks)}"))
        return stack

    def _answering(self, button: Callable[[Fields, str], str]) -> Press:
        def press(request: Request, session: Session, fields: Fields) -> Response:
            try:
                tone, sentence = "done", button(fields, session.user)
            except (LedgerUnavailable, Rejected):
                raise
            except FcpinError as error:
                tone, sentence = "failed", str(error)
            response = RedirectResponse(_back(fields), 303)
            self._doorkeeper.give_note(request, response, session, tone, sentence)
            return response

        return press


def _field(fields: Fields, name: str) -> str:
    if not (value := fields.get(name, "")):
        raise InvalidInput(Problem(name, "is required"))
    return value


def _reason(fields: Fields) -> str:
    reason = " ".join(_field(fields, "reason").split())
    if len(reason) > _LONGEST:
        raise InvalidInput(Problem("reason", f"has at most {_LONGEST} characters, got {len(reason)}"))
    return reason


def _until(text: str, now: datetime) -> datetime:
    """A duration from now on, or a moment. Raises InvalidInput."""
    try:
        until = now + parse_duration(text)
    except ValueError:
        try:
            until = parse_moment(text)
        except ValueError as error:
            raise InvalidInput(Problem("until", f"{error}; or say for how long, such as 8h or 3d")) from None
    if until <= now:
        raise InvalidInput(Problem("until", f"{iso(until)} is over; a hold ends later than now"))
    return until.replace(microsecond=0)


def _back(fields: Fields) -> str:
    """To the function that the form was about, else to the first page."""
    stack, pin = fields.get("stack"), fields.get("pin")
    return f"/functions/{quote(stack, safe='')}/{quote(pin, safe='')}" if stack and pin else "/"
