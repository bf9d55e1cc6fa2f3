"""The receiver as an ASGI application: hooks, health, its own description, and whatever else is served beside them."""

import logging
from collections.abc import Callable, Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from fcpin.clock import Clock
from fcpin.receiver.errors import UNAVAILABLE, LedgerUnavailable
from fcpin.receiver.intake import Intake
from fcpin.receiver.web.hooks import Hooks, error
from fcpin.receiver.web.limits import Limits, Peers
from fcpin.receiver.web.openapi import openapi

_log: Final = logging.getLogger(__name__)


def build_app(
    intake: Intake,
    clock: Clock,
    *,
    limits: Limits | None = None,
    routes: Sequence[BaseRoute] = (),
    unready: Callable[[], str] = str,
) -> Starlette:
    """The application. *routes* are the page's and the metrics'.

    *unready* says why the receiver should not be sent any requests yet, beside a ledger that cannot be reached; empty
    for nothing.
    """
    page = intake.settings.page
    proxies = (*intake.settings.trusted_proxies, *(page.trusted if page else ()))
    hooks = Hooks(intake, Peers(clock, proxies), limits or Limits(), clock)
    health = _Health(intake, unready)
    description = openapi()
    return Starlette(
        routes=[
            Route("/hooks/{name}", hooks.hear, methods=["POST"]),
            Route("/hooks/{name}/{rest:path}", hooks.hear, methods=["POST"]),
            Route("/healthz", health.alive, methods=["GET"]),
            Route("/readyz", health.ready, methods=["GET"]),
            Route("/openapi.json", lambda _: JSONResponse(description), methods=["GET"]),
            *routes,
        ],
        exception_handlers={HTTPException: _http, Exception: _defect},
    )


class _Health:
    """Whether the process lives, and whether it can take a push."""

    def __init__(self, intake: Intake, unready: Callable[[], str]) -> None:
        self._intake = intake
        self._unready = unready

    async def alive(self, _: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(self, _: Request) -> Response:
        try:
            await run_in_threadpool(self._intake.ledger.ready)
        except LedgerUnavailable as failure:
            _log.warning("not ready: %s", failure)
            return error(503, UNAVAILABLE)
        if reason := self._unready():
            return error(503, reason)
        return JSONResponse({"status": "ready"})


async def _http(request: Request, failure: Exception) -> Response:
    status = failure.status_code if isinstance(failure, HTTPException) else 404
    sentence = {404: "nothing is here", 405: f"{request.method} is not what is done here"}.get(status, "refused")
    headers = failure.headers if isinstance(failure, HTTPException) else None
    return error(status, sentence, headers)


async def _defect(request: Request, failure: Exception) -> Response:
    """The path of a hook may hold a secret, so that only what is before it is told."""
    where = "/".join(request.url.path.split("/")[:2])
    _log.error("%s %s/…: a defect of the receiver", request.method, where, exc_info=failure)
    return error(500, "a defect of the receiver; its log tells more")
