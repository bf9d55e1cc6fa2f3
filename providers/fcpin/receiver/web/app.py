"""The receiver as an ASGI application: hooks, health, OpenAPI document, page and metrics."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from fcpin.clock import Clock
from fcpin.receiver.errors import UNAVAILABLE, InvalidSecret, LedgerUnavailable, Reason, Rejected
from fcpin.receiver.intake import Intake
from fcpin.receiver.senders.sender import HookRequest
from fcpin.receiver.web.limits import Clients, Limits, read_body
from fcpin.receiver.web.openapi import openapi

_log: Final = logging.getLogger(__name__)
_RETRY_SECONDS: Final = {Reason.THROTTLED: "60", Reason.UNAVAILABLE: "5"}
_BODY_NOT_READ: Final = {Reason.SLOW, Reason.OVERSIZED, Reason.THROTTLED}


def build_app(
    intake: Intake,
    clock: Clock,
    *,
    limits: Limits | None = None,
    routes: Sequence[BaseRoute] = (),
    unready: Callable[[], str] = str,
) -> Starlette:
    """*routes* are those of the page and the metrics.

    *unready* returns why the receiver is not ready although its ledger is; empty if it is ready.
    """
    page = intake.settings.page
    proxies = (*intake.settings.trusted_proxies, *(page.trusted if page else ()))
    hooks = _Hooks(intake, Clients(clock, proxies), limits or Limits(), clock)
    health = _Health(intake, unready)
    document = openapi()
    return Starlette(
        routes=[
            Route("/hooks/{name}", hooks.receive, methods=["POST"]),
            Route("/hooks/{name}/{rest:path}", hooks.receive, methods=["POST"]),
            Route("/healthz", health.alive, methods=["GET"]),
            Route("/readyz", health.ready, methods=["GET"]),
            Route("/openapi.json", lambda _: JSONResponse(document), methods=["GET"]),
            *routes,
        ],
        exception_handlers={HTTPException: _http_error, Exception: _defect},
    )


class _Hooks:
    """`POST /hooks/<name>`."""

    def __init__(self, intake: Intake, clients: Clients, limits: Limits, clock: Clock) -> None:
        self._intake, self._clients, self._limits, self._clock = intake, clients, limits, clock

    async def receive(self, request: Request) -> Response:
        """Respond 202 with the stacks that will converge, or `{"error": …}`."""
        name = request.path_params["name"]
        try:
            hook = await self._read(request)
            result = await run_in_threadpool(self._intake.accept, name, hook)
        except InvalidSecret as invalid:
            return rejected(self._counted(name, request, invalid))
        except Rejected as rejection:
            return rejected(rejection)
        except LedgerUnavailable:
            return rejected(Rejected(Reason.UNAVAILABLE, "the event could not be stored; retry later"))
        return JSONResponse({"jobs": result.jobs} | ({"rejected": result.rejected} if result.rejected else {}), 202)

    def _counted(self, name: str, request: Request, invalid: InvalidSecret) -> Rejected:
        try:
            self._clients.count_wrong_secret(request)
        except Rejected as throttled:
            self._intake.counts.rejected("", throttled.reason)
            return throttled
        self._intake.count_rejected(name, invalid)
        return invalid

    async def _read(self, request: Request) -> HookRequest:
        try:
            body = await read_body(request, self._limits)
        except Rejected as rejection:
            self._intake.counts.rejected("", rejection.reason)
            raise
        segments = request.path_params.get("rest", "").split("/")
        return HookRequest(
            body,
            self._clock.now(),
            dict(request.headers),
            dict(request.query_params),
            tuple(segment for segment in segments if segment),
        )


class _Health:
    """Liveness and readiness."""

    def __init__(self, intake: Intake, unready: Callable[[], str]) -> None:
        self._intake, self._unready = intake, unready

    async def alive(self, _: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(self, _: Request) -> Response:
        try:
            await run_in_threadpool(self._intake.ledger.check_ready)
        except LedgerUnavailable as failure:
            _log.warning("not ready: %s", failure)
            return error(503, UNAVAILABLE)
        if reason := self._unready():
            return error(503, reason)
        return JSONResponse({"status": "ready"})


def rejected(rejection: Rejected) -> Response:
    """A body that was not read ends the connection."""
    headers = {}
    if rejection.reason in _RETRY_SECONDS:
        headers["Retry-After"] = _RETRY_SECONDS[rejection.reason]
    if rejection.reason in _BODY_NOT_READ:
        headers["Connection"] = "close"
    return error(rejection.status, str(rejection), headers)


def error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status, dict(headers or {}))


async def _http_error(_: Request, failure: Exception) -> Response:
    status = failure.status_code if isinstance(failure, HTTPException) else 404
    message = {404: "not found", 405: "method not allowed"}.get(status, "request rejected")
    headers = failure.headers if isinstance(failure, HTTPException) else None
    return error(status, message, headers)


async def _defect(request: Request, failure: Exception) -> Response:
    """Log the first part of the path only: the rest may hold a secret."""
    start = "/".join(request.url.path.split("/")[:2])
    _log.error("%s %s/…: internal error", request.method, start, exc_info=failure)
    return error(500, "internal error; the log of the receiver has the details")
