"""Access to the page: which request needs a session or a form token, the login, and error pages."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from fcpin.receiver.errors import UNAVAILABLE, InvalidSecret, LedgerUnavailable, Reason, Rejected
from fcpin.receiver.page.rendering import Templates
from fcpin.receiver.page.sessions import USER_NAME, Session, Sessions
from fcpin.receiver.web.limits import Clients, Limits, read_body

Fields: TypeAlias = Mapping[str, str]
View: TypeAlias = Callable[[Request, Session], Response]
Action: TypeAlias = Callable[[Request, Session, Fields], Response]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_FORM_LIMITS: Final = Limits(body_bytes=16 << 10)
_MAX_FIELDS: Final = 20
_OWN_PATH: Final = re.compile(r"/(?:[\w.~%-]+/)*[\w.~%-]*", re.ASCII)


class Authentication:
    """Makes endpoints of views and actions."""

    def __init__(
        self,
        sessions: Sessions,
        templates: Templates,
        clients: Clients,
        *,
        by_token: bool,
        count: Callable[[Rejected], None],
    ) -> None:
        """*by_token*: whether there is a login by token, rather than by a proxy alone."""
        self._sessions, self._templates, self._clients, self._count = sessions, templates, clients, count
        self._by_token = by_token
        self.log_in: Final = self._with_error_pages(self._log_in)

    def view(self, view: View) -> Endpoint:
        """A page. A client without a session is redirected to the login and back."""

        def respond(request: Request) -> Response:
            session = self._sessions.find(request)
            if session is None:
                return RedirectResponse(f"/login?next={quote(quote(request.url.path))}", 303)
            response = view(request, session)
            self._sessions.keep(request, response, session)
            return response

        return self._with_error_pages(lambda request: run_in_threadpool(respond, request))

    def stream(self, view: View) -> Endpoint:
        """The event stream. A browser gives up after an error."""

        async def respond(request: Request) -> Response:
            session = await run_in_threadpool(self._sessions.find, request)
            if session is None:
                raise Rejected(Reason.LOGGED_OUT, "log in first")
            return view(request, session)

        async def respond_with_errors(request: Request) -> Response:
            try:
                return await respond(request)
            except Rejected as rejection:
                self._count(rejection)
                return PlainTextResponse(f"{rejection}\n", rejection.status)
            except LedgerUnavailable:
                return PlainTextResponse(f"{UNAVAILABLE}\n", 503)

        return respond_with_errors

    def action(self, action: Action) -> Endpoint:
        """A form of the page, which carries the form token of the session."""

        def act(request: Request, fields: Fields) -> Response:
            session = self._sessions.find(request)
            if session is None:
                raise Rejected(Reason.LOGGED_OUT, "you are logged out: log in and repeat the action", 403)
            if not self._sessions.is_form_token(fields.get("form_token", ""), session):
                raise Rejected(Reason.FORGED, "the form belongs to another session: reload the page and repeat it")
            return action(request, session, fields)

        async def respond(request: Request) -> Response:
            return await run_in_threadpool(act, request, await read_form(request))

        return self._with_error_pages(respond)

    async def show_login(self, request: Request) -> Response:
        target = _own_path(request.query_params.get("next", ""))
        response = self._login(target)
        if request.headers.get("sec-fetch-site") == "cross-site":
            # A link on another site sends no SameSite cookie; a request from this page does.
            response.headers["refresh"] = f"0; url={target}"
        return response

    def log_out(self, _: Request, session: Session, __: Fields) -> Response:
        response = RedirectResponse("/login", 303)
        self._sessions.end(response, session)
        return response

    async def _log_in(self, request: Request) -> Response:
        fields = await read_form(request)
        target, user = _own_path(fields.get("next", "")), fields.get("user", "")
        if not self._by_token:
            raise Rejected(
                Reason.INVALID_SECRET, "login by token is not configured: open the page through the proxy", 403
            )
        if not self._sessions.is_token(fields.get("token", "")):
            self._clients.count_wrong_secret(request)
            self._count(InvalidSecret())
            return self._login(target, 403, "The token is wrong.")
        if not USER_NAME.fullmatch(user):
            return self._login(target, 400, "Enter your name, in at most 80 characters.")
        response = RedirectResponse(target, 303)
        self._sessions.begin(request, response, user)
        return response

    def _login(self, target: str, status: int = 200, problem: str = "") -> Response:
        return self._templates.render("login.html", status, target=target, problem=problem, by_token=self._by_token)

    def _with_error_pages(self, endpoint: Endpoint) -> Endpoint:
        async def respond(request: Request) -> Response:
            try:
                return await endpoint(request)
            except Rejected as rejection:
                self._count(rejection)
                return self._templates.message(rejection.status, "Request rejected", str(rejection))
            except LedgerUnavailable:
                sentence = f"{UNAVAILABLE}. Events are rejected meanwhile, so that their senders retry."
                response = self._templates.message(503, "Temporarily unavailable", sentence)
                response.headers["refresh"] = "5"
                return response

        return respond


async def read_form(request: Request) -> Fields:
    """Return the fields, without surrounding space. Raises Rejected, also for a form of another site."""
    # Older browsers do not send this header; SameSite cookies and the form token protect them.
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Rejected(Reason.FORGED, "the form was sent by another site")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise Rejected(Reason.MEDIA_TYPE, "expected a form: application/x-www-form-urlencoded")
    body = await read_body(request, _FORM_LIMITS)
    try:
        fields = parse_qsl(body.decode(), max_num_fields=_MAX_FIELDS, errors="strict", strict_parsing=bool(body))
    except ValueError:
        raise Rejected(Reason.MALFORMED, "the form cannot be read") from None
    return {name: value.strip() for name, value in fields}


def _own_path(path: str) -> str:
    """Return *path* if it is one of this site, else `/`."""
    return path if _OWN_PATH.fullmatch(path) else "/"
