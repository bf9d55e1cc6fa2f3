"""`GET /metrics`: everything that is told, behind a bearer token if there is one."""

import hmac
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Info
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fcpin.clock import Clock
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.metrics.calls import CallMetrics, Calls
from fcpin.receiver.metrics.counted import PREFIX, Counted
from fcpin.receiver.metrics.ledger import LedgerMetrics
from fcpin.receiver.settings.model import ReceiverSettings


class Metrics:
    """Those of one process. `counted` is given to whoever has something to count."""

    def __init__(self, settings: ReceiverSettings, ledger: Ledger, calls: Calls, clock: Clock) -> None:
        stacks = sorted(settings.stacks)
        self._token = settings.metrics_token
        self._registry = CollectorRegistry()
        self.counted = Counted(self._registry, stacks, settings.senders)
        self._registry.register(LedgerMetrics(ledger, stacks, clock))
        self._registry.register(CallMetrics(calls))
        Info(f"{PREFIX}_build", "The version.", registry=self._registry).info({"version": version("fcpin")})

    def route(self) -> Route:
        """For the receiver's application. Not a coroutine: reading the ledger may take its time."""
        return Route("/metrics", self._answer, methods=["GET"])

    def _answer(self, request: Request) -> Response:
        if not self._may_see(request):
            headers = {"WWW-Authenticate": "Bearer"}
            return JSONResponse({"error": "give the token of `metrics_token` as a bearer token"}, 401, headers)
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self._registry), media_type=media_type)

    def _may_see(self, request: Request) -> bool:
        if self._token is None:
            return True
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token.value.encode())
