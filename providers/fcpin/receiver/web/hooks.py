"""`POST /hooks/<name>`: from a request to an answer in one line of JSON."""

from collections.abc import Mapping
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fcpin.clock import Clock
from fcpin.receiver.errors import Forged, LedgerUnavailable, Rejected
from fcpin.receiver.intake import Intake
from fcpin.receiver.senders.base import HookRequest
from fcpin.receiver.web.limits import Limits, Peers, read_body

_LATER: Final = {"Retry-After": "5"}


class Hooks:
    """The door of the intake."""

    def __init__(self, intake: Intake, peers: Peers, limits: Limits, clock: Clock) -> None:
        self._intake = intake
        self._peers = peers
        self._limits = limits
        self._clock = clock

    async def hear(self, request: Request) -> Response:
        """202 with the stacks that will be converged, or `{"error": …}`."""
        name = request.path_params["name"]
        try:
            told = await self._read(request)
            result = await run_in_threadpool(self._intake.accept, name, told)
        except Forged as forged:
            return refused(self._forged(name, self._peers.name(request), forged))
        except Rejected as refusal:
            return refused(refusal)
        except LedgerUnavailable:
            return error(503, "what was told cannot be kept now; send it again", _LATER)
        body = {"jobs": result.jobs} | ({"refused": result.rejected} if result.rejected else {})
        return JSONResponse(body, 202)

    def _forged(self, name: str, peer: str, forged: Forged) -> Rejected:
        try:
            self._peers.failed(peer)
        except Rejected as throttled:
            self._intake.counts.rejected("", throttled.reason)
            return throttled
        self._intake.log_rejection(name, forged)
        return forged

    async def _read(self, request: Request) -> HookRequest:
        try:
            body = await read_body(request, self._limits)
        except Rejected as refusal:
            self._intake.counts.rejected("", refusal.reason)
            raise
        rest = request.path_params.get("rest", "")
        return HookRequest(
            body,
            self._clock.now(),
            dict(request.headers),
            dict(request.query_params),
            tuple(segment for segment in rest.split("/") if segment),
        )


def refused(refusal: Rejected) -> Response:
    """What a refusal is answered with. A body that was not read ends the connection."""
    headers = {"Retry-After": "60"} if refusal.status == 429 else {}
    if refusal.status in (408, 413, 429):
        headers["Connection"] = "close"
    return error(refusal.status, str(refusal), headers)


def error(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """One line of JSON."""
    return JSONResponse({"error": sentence}, status, dict(headers or {}))
