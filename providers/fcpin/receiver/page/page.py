"""The addresses of the page, for the receiver's application to mount."""

from collections.abc import Callable, Mapping, Sequence

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from fcpin.clock import Clock
from fcpin.receiver.errors import Rejected
from fcpin.receiver.ledger.base import Ledger
from fcpin.receiver.page.actions import Actions
from fcpin.receiver.page.buttons import Buttons
from fcpin.receiver.page.door import Door
from fcpin.receiver.page.live.cursor import Cursor, Moment
from fcpin.receiver.page.live.feed import Feed
from fcpin.receiver.page.live.stream import EventStream
from fcpin.receiver.page.overview import read_overview
from fcpin.receiver.page.render import STATIC, Templates
from fcpin.receiver.page.safe import SafeHeaders
from fcpin.receiver.page.session import Session
from fcpin.receiver.page.views import Views
from fcpin.receiver.page.visitor import Doorkeeper
from fcpin.receiver.settings.model import Mode, PageSettings, StackSettings
from fcpin.receiver.web.limits import Clients, Network


class Page:
    """Nothing of it is seen without a login but the login itself, and its style sheet and code."""

    def __init__(
        self,
        ledger: Ledger,
        actions: Actions,
        settings: PageSettings,
        stacks: Mapping[str, StackSettings],
        clock: Clock,
        *,
        count: Callable[[Rejected], None] = lambda _: None,
        proxies: Sequence[Network] = (),
        look_every: float = 0.5,
    ) -> None:
        """*count* takes every refusal. *proxies* are the trusted ones beside `settings.trusted`.

        *look_every*: seconds between two looks at the ledger for the stream.
        """
        approves = {name: stack.mode is Mode.APPROVE for name, stack in stacks.items()}
        all_proxies = (*proxies, *settings.trusted)
        doorkeeper, templates = Doorkeeper(settings, ledger, clock, all_proxies), Templates(clock)
        self.feed = Feed(lambda: Moment.of(read_overview(ledger, approves)), every=look_every)
        self._door = Door(settings, doorkeeper, templates, Clients(clock, all_proxies), clock, count)
        self._views = Views(ledger, approves, templates, doorkeeper)
        self._buttons = Buttons(actions, stacks, doorkeeper, clock)

    def routes(self) -> Sequence[BaseRoute]:
        """To be mounted at `/`."""
        door, views, buttons = self._door, self._views, self._buttons
        safe = [Middleware(SafeHeaders)]
        seen = {
            "/": views.overview,
            "/history": views.history,
            "/functions/{stack}/{pin:path}": views.function,
            "/jobs/{job}": views.job,
        }
        return [
            *(Route(path, door.for_visitors(view), middleware=safe) for path, view in seen.items()),
            Route("/events", door.for_listeners(self._events), middleware=safe),
            Route("/login", door.show_login, methods=["GET"], middleware=safe),
            Route("/login", door.log_in, methods=["POST"], middleware=safe),
            Route("/logout", door.for_forms(door.log_out), methods=["POST"], middleware=safe),
            *(
                Route(f"/actions/{name}", door.for_forms(press), methods=["POST"], middleware=safe)
                for name, press in buttons.by_name().items()
            ),
            Mount("/static", StaticFiles(directory=STATIC), middleware=[Middleware(SafeHeaders, cache="no-cache")]),
        ]

    def close(self) -> None:
        """End the open streams, so that the server can stop."""
        self.feed.close()

    def _events(self, request: Request, _: Session) -> Response:
        seen = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return EventStream(self.feed, Cursor.parse(seen))
