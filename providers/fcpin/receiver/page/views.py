"""What is looked at: everything, one function, one job, and the whole history."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from fcpin.receiver.ledger.base import Ledger
from fcpin.receiver.page.live.cursor import Cursor, Moment
from fcpin.receiver.page.overview import Overview, StackView, read_overview
from fcpin.receiver.page.render import Templates
from fcpin.receiver.page.session import Session
from fcpin.receiver.page.visitor import NOTE, Doorkeeper

_HISTORY: Final = 500
_JOBS: Final = 2_000


class Views:
    """Each reads the ledger, and raises LedgerUnavailable."""

    def __init__(
        self, ledger: Ledger, stacks: Mapping[str, bool], templates: Templates, doorkeeper: Doorkeeper
    ) -> None:
        self._ledger, self._stacks, self._templates, self._doorkeeper = ledger, stacks, templates, doorkeeper

    def overview(self, request: Request, session: Session) -> Response:
        return self._show("overview.html", request, session, self._read())

    def history(self, request: Request, session: Session) -> Response:
        transitions = self._ledger.transitions(limit=_HISTORY)
        return self._show("history.html", request, session, self._read(), transitions=transitions)

    def function(self, request: Request, session: Session) -> Response:
        overview, pin = self._read(), request.path_params["pin"]
        stack = overview.stack(request.path_params["stack"])
        function = stack.function(pin) if stack else None
        if stack is None or function is None:
            return self._missing("There is no such function, or no survey has seen it yet.")
        return self._show(
            "function.html",
            request,
            session,
            overview,
            stack=stack,
            function=function,
            transitions=self._ledger.transitions(stack=stack.name, pin=pin, limit=_HISTORY),
            proposals=[one for one in overview.proposals if (one.stack, one.pin) == (stack.name, pin)],
        )

    def job(self, request: Request, session: Session) -> Response:
        name = request.path_params["job"]
        job = next((one for one in self._ledger.jobs(limit=_JOBS) if one.id == name), None)
        if job is None:
            return self._missing(f"There is no such job among the newest {_JOBS}.")
        transitions = [one for one in self._ledger.transitions(stack=job.stack, limit=_HISTORY) if one.job == name]
        said = self._ledger.said(name)
        return self._show("job.html", request, session, self._read(), job=job, transitions=transitions, lines=said)

    def _read(self) -> Overview:
        return read_overview(self._ledger, self._stacks)

    def _missing(self, sentence: str) -> Response:
        return self._templates.answer("message.html", 404, title="Not found", sentence=sentence)

    def _show(self, name: str, request: Request, session: Session, overview: Overview, **more: Any) -> Response:
        key = self._doorkeeper.key
        shown: dict[str, Any] = {
            "page": overview,
            "session": session,
            "form_token": key.form_token(session),
            "cursor": str(Cursor.at(Moment.of(overview))),
            "note": key.read_note(request.cookies.get(NOTE, ""), session),
            "exposed_seconds": StackView.exposed_seconds,
        }
        return self._templates.answer(name, **(shown | more))
