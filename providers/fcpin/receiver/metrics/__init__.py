"""`GET /metrics`: what this process counted, and the contents of the ledger, which all receivers share."""

import hmac
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Info
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fcpin.clock import Clock
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.metrics.collectors import CallMetrics, Calls, LedgerMetrics
from fcpin.receiver.metrics.counters import PREFIX, Counters
from fcpin.receiver.settings.model import ReceiverSettings


class Metrics:
    """The metrics of one process."""

    def __init__(self, settings: ReceiverSettings, ledger: Ledger, calls: Calls, clock: Clock) -> None:
        stacks = sorted(settings.stacks)
        self._token = settings.metrics_token
        self._registry = CollectorRegistry()
        self.counters = Counters(self._registry, stacks, settings.senders)
        self._registry.register(LedgerMetrics(ledger, stacks, clock))
        self._registry.register(CallMetrics(calls))
        Info(f"{PREFIX}_build", "The version.", registry=self._registry).info({"version": version("fcpin")})

    def route(self) -> Route:
        """Not a coroutine, because reading the ledger may block."""
        return Route("/metrics", self._respond, methods=["GET"])

    def _respond(self, request: Request) -> Response:
        if not self._is_authorized(request):
            headers = {"WWW-Authenticate": "Bearer"}
            return JSONResponse({"error": "send the token of `metrics_token` as a bearer token"}, 401, headers)
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self._registry), media_type=media_type)

    def _is_authorized(self, request: Request) -> bool:
        if self._token is None:
            return True
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._token.value.encode())


__all__ = ["Counters", "Metrics"]
