"""The pages and their URLs, for the receiver's application to mount."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from fcpin.clock import Clock
from fcpin.receiver.errors import Rejected
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.page.actions import Buttons, LedgerActions
from fcpin.receiver.page.authentication import Authentication
from fcpin.receiver.page.live import Cursor, Feed, Snapshot, event_stream
from fcpin.receiver.page.rendering import STATIC, SafeHeaders, Templates
from fcpin.receiver.page.sessions import Session, Sessions
from fcpin.receiver.page.view import Overview, StackView, read_overview
from fcpin.receiver.settings.model import Mode, PageSettings, StackSettings
from fcpin.receiver.web.limits import Clients, Network

_MAX_HISTORY: Final = 500
_MAX_JOBS: Final = 2_000


class Page:
    """Everything but the login, the style sheet and the script needs a session."""

    def __init__(
        self,
        ledger: Ledger,
        actions: LedgerActions,
        settings: PageSettings,
        stacks: Mapping[str, StackSettings],
        clock: Clock,
        *,
        count: Callable[[Rejected], None] = lambda _: None,
        proxies: Sequence[Network] = (),
        poll_seconds: float = 0.5,
    ) -> None:
        """*count* counts rejections. *proxies* are trusted like `settings.trusted`, but may not name a user.

        *poll_seconds*: between two reads of the ledger for the event streams.
        """
        approves = {name: stack.mode is Mode.APPROVE for name, stack in stacks.items()}
        all_proxies = (*proxies, *settings.trusted)
        sessions, templates = Sessions(settings, ledger, clock, all_proxies), Templates(clock)
        by_token = settings.token is not None
        self.feed = Feed(lambda: Snapshot.of(read_overview(ledger, approves)), every=poll_seconds)
        self._authentication = Authentication(
            sessions, templates, Clients(clock, all_proxies), by_token=by_token, count=count
        )
        self._views = Views(ledger, approves, templates, sessions)
        self._buttons = Buttons(actions, stacks, sessions, clock)

    def routes(self) -> Sequence[BaseRoute]:
        """To be mounted at `/`."""
        authentication, views = self._authentication, self._views
        safe = [Middleware(SafeHeaders)]
        pages = {
            "/": views.overview,
            "/history": views.history,
            "/functions/{stack}/{pin:path}": views.function,
            "/jobs/{job}": views.job,
        }
        actions = {f"/actions/{name}": action for name, action in self._buttons.by_name().items()}
        actions["/logout"] = authentication.log_out
        return [
            *(Route(path, authentication.view(view), middleware=safe) for path, view in pages.items()),
            Route("/events", authentication.stream(self._events), middleware=safe),
            Route("/login", authentication.show_login, methods=["GET"], middleware=safe),
            Route("/login", authentication.log_in, methods=["POST"], middleware=safe),
            *(
                Route(path, authentication.action(action), methods=["POST"], middleware=safe)
                for path, action in actions.items()
            ),
            Mount("/static", StaticFiles(directory=STATIC), middleware=[Middleware(SafeHeaders, cache="no-cache")]),
        ]

    def close(self) -> None:
        """End the open event streams, so that the server can stop."""
        self.feed.close()

    def _events(self, request: Request, _: Session) -> Response:
        after = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return event_stream(self.feed, Cursor.parse(after))


class Views:
    """Each reads the ledger, and raises LedgerUnavailable."""

    def __init__(self, ledger: Ledger, stacks: Mapping[str, bool], templates: Templates, sessions: Sessions) -> None:
        self._ledger, self._stacks, self._templates, self._sessions = ledger, stacks, templates, sessions

    def overview(self, request: Request, session: Session) -> Response:
        return self._show("overview.html", request, session, self._read())

    def history(self, request: Request, session: Session) -> Response:
        deployments = self._ledger.deployments(limit=_MAX_HISTORY)
        return self._show("history.html", request, session, self._read(), deployments=deployments)

    def function(self, request: Request, session: Session) -> Response:
        overview, pin = self._read(), request.path_params["pin"]
        stack = overview.stack(request.path_params["stack"])
        function = stack.function(pin) if stack else None
        if stack is None or function is None:
            return self._templates.message(404, "Not found", "There is no such function, or it was not scanned yet.")
        return self._show(
            "function.html",
            request,
            session,
            overview,
            stack=stack,
            function=function,
            deployments=self._ledger.deployments(stack=stack.name, pin=pin, limit=_MAX_HISTORY),
            proposals=[one for one in overview.proposals if (one.stack, one.pin) == (stack.name, pin)],
        )

    def job(self, request: Request, session: Session) -> Response:
        name = request.path_params["job"]
        job = next((one for one in self._ledger.jobs(limit=_MAX_JOBS) if one.id == name), None)
        if job is None:
            return self._templates.message(404, "Not found", f"There is no such job among the newest {_MAX_JOBS:,}.")
        deployments = [one for one in self._ledger.deployments(stack=job.stack, limit=_MAX_HISTORY) if one.job == name]
        lines = self._ledger.log_lines(name)
        return self._show("job.html", request, session, self._read(), job=job, deployments=deployments, lines=lines)

    def _read(self) -> Overview:
        return read_overview(self._ledger, self._stacks)

    def _show(self, name: str, request: Request, session: Session, overview: Overview, **more: Any) -> Response:
        values: dict[str, Any] = {
            "page": overview,
            "session": session,
            "form_token": self._sessions.form_token(session),
            "cursor": str(Cursor.at(Snapshot.of(overview))),
            "note": self._sessions.note(request, session),
            "exposed_seconds": StackView.exposed_seconds,
        }
        return self._templates.render(name, **(values | more))
