"""In and out: who may see what, the login, and what is said to those who may not."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from fcpin.clock import Clock
from fcpin.receiver.errors import UNAVAILABLE, InvalidSecret, LedgerUnavailable, Reason, Rejected
from fcpin.receiver.page.forms import read_form
from fcpin.receiver.page.render import Templates
from fcpin.receiver.page.session import Session
from fcpin.receiver.page.visitor import COOKIE, NAME, NOTE, Doorkeeper
from fcpin.receiver.settings.model import PageSettings
from fcpin.receiver.web.limits import Clients

View: TypeAlias = Callable[[Request, Session], Response]
Press: TypeAlias = Callable[[Request, Session, Mapping[str, str]], Response]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_OUR_PATH: Final = re.compile(r"/(?:[\w.~%-]+/)*[\w.~%-]*", re.ASCII)


class Door:
    """Lets in, and shows out."""

    def __init__(
        self,
        settings: PageSettings,
        doorkeeper: Doorkeeper,
        templates: Templates,
        clients: Clients,
        clock: Clock,
        count: Callable[[Rejected], None],
    ) -> None:
        self._settings, self._doorkeeper, self._templates, self._clock = settings, doorkeeper, templates, clock
        self._count, self._clients = count, clients
        self.log_in: Final = self._guarded(self._log_in)

    def for_visitors(self, view: View) -> Endpoint:
        """Pages: whoever is not known is sent to the login and back."""

        def answer(request: Request) -> Response:
            session = self._doorkeeper.visitor(request)
            if session is None:
                return RedirectResponse(f"/login?next={quote(quote(request.url.path))}", 303)
            response = view(request, session)
            if not self._doorkeeper.has_cookie(request, session):
                self._doorkeeper.give_cookie(request, response, session)
            if NOTE in request.cookies:
                response.delete_cookie(NOTE, path="/", httponly=True, samesite="strict")
            return response

        return self._guarded(lambda request: run_in_threadpool(answer, request))

    def for_listeners(self, view: View) -> Endpoint:
        """The stream: a browser that is not known any more is told so, and gives up."""

        async def answer(request: Request) -> Response:
            session = await run_in_threadpool(self._doorkeeper.visitor, request)
            if session is None:
                raise Rejected(Reason.LOGGED_OUT, "log in first")
            return view(request, session)

        async def bare(request: Request) -> Response:
            try:
                return await answer(request)
            except Rejected as rejection:
                self._count(rejection)
                return PlainTextResponse(f"{rejection}\n", rejection.status)
            except LedgerUnavailable:
                return PlainTextResponse(f"{UNAVAILABLE}\n", 503)

        return bare

    def for_forms(self, press: Press) -> Endpoint:
        """Buttons: they carry the token of the session's own forms."""

        async def answer(request: Request) -> Response:
            fields = await read_form(request)
            return await run_in_threadpool(pressed, request, fields)

        def pressed(request: Request, fields: Mapping[str, str]) -> Response:
            session = self._doorkeeper.visitor(request)
            if session is None:
                raise Rejected(Reason.LOGGED_OUT, "you are logged out: log in and repeat the action", 403)
            if not self._doorkeeper.key.is_form_token(fields.get("form_token", ""), session):
                raise Rejected(
                    Reason.FORGED, "the form belongs to another session: go back, reload, and repeat the action"
                )
            return press(request, session, fields)

        return self._guarded(answer)

    async def show_login(self, request: Request) -> Response:
        response = self._login(_next(request.query_params.get("next", "")))
        if request.headers.get("sec-fetch-site") == "cross-site":
            # A link on another site brings no SameSite cookie along; asked again from here, the browser has it.
            response.headers["refresh"] = f"0; url={_next(request.query_params.get('next', ''))}"
        return response

    def log_out(self, _: Request, session: Session, __: Mapping[str, str]) -> Response:
        self._doorkeeper.end(session)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    async def _log_in(self, request: Request) -> Response:
        fields = await read_form(request)
        target, user = _next(fields.get("next", "")), fields.get("user", "")
        if self._settings.token is None:
            raise Rejected(Reason.INVALID_SECRET, "logins by token are disabled: the proxy authenticates users", 403)
        if not self._doorkeeper.is_token(fields.get("token", "")):
            self._clients.count_wrong_secret(request)
            self._count(InvalidSecret())
            return self._login(target, 403, "That is not the token.")
        if not NAME.fullmatch(user):
            return self._login(target, 400, "Say who you are, in at most 80 characters.")
        response = RedirectResponse(target, 303)
        self._doorkeeper.give_cookie(request, response, Session.begin(user, self._clock.now()))
        return response

    def _login(self, target: str, status: int = 200, problem: str = "") -> Response:
        asks = self._settings.token is not None
        return self._templates.answer("login.html", status, target=target, problem=problem, asks=asks)

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        """What is refused, and a store that does not answer, become pages."""

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except Rejected as rejection:
                self._count(rejection)
                return self._templates.answer(
                    "message.html", rejection.status, title="Request rejected", sentence=str(rejection)
                )
            except LedgerUnavailable:
                sentence = f"{UNAVAILABLE}. Pushes are refused meanwhile, so that their senders repeat them."
                response = self._templates.answer(
                    "message.html", 503, title="Temporarily unavailable", sentence=sentence
                )
                response.headers["refresh"] = "5"
                return response

        return answer


def _next(path: str) -> str:
    """An address of this page, and of no other: where to go after the login."""
    return path if _OUR_PATH.fullmatch(path) else "/"
