"""The emulator as an ASGI application: routes requests to the APIs and injects failures."""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from email.utils import formatdate
from typing import Any, Protocol
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from fcpin.emulator.account import Account
from fcpin.emulator.acr.routes import PREFIX as PERSONAL
from fcpin.emulator.calls import AfterCall, Fault
from fcpin.emulator.devs.routes import PREFIX as DEVS
from fcpin.emulator.fc.instances import InvokeResult
from fcpin.emulator.fc.routes import PREFIX, RESOLVING
from fcpin.emulator.verbs import NAMES, Verbs, check_arguments
from fcpin.emulator.wire import ApiError, EmulatorError, WireRequest, WireResponse


class VerbRoutes:
    """The verbs over HTTP, and the emulator's own data."""

    def __init__(self, account: Account, verbs: Verbs) -> None:
        self._account = account
        self._known: dict[str, Callable[..., Any]] = {name: getattr(verbs, name) for name in NAMES} | {
            "calls": self._calls,
            "clear_calls": account.calls.clear,
            "about": self._about,
        }

    def answer(self, name: str, request: WireRequest) -> WireResponse:
        """`{"result": …}`, or 400 with `{"error": …}` for an EmulatorError."""
        self._account.runs.settle()
        try:
            result = self._carry_out(name, _arguments(request))
        except EmulatorError as error:
            return WireResponse.of_json({"error": str(error)}, 400)
        return WireResponse.of_json({"result": result})

    def _carry_out(self, name: str, arguments: dict[str, Any]) -> Any:
        verb = self._known.get(name)
        if verb is None:
            raise EmulatorError(f"unknown verb {name!r}; known: {', '.join(self._known)}")
        check_arguments(name, verb, arguments)
        result = verb(**arguments)
        return asdict(result) if isinstance(result, InvokeResult) else result

    def _about(self) -> dict[str, str]:
        first = self._account.state.instances[0]
        certificate = self._account.state.token_certificate
        return {"instance_id": first.id, "enterprise_host": first.host(), "token_certificate": certificate}

    def _calls(self) -> list[dict[str, str]]:
        return [asdict(call) | {"time": call.time.isoformat()} for call in self._account.calls]


def _arguments(request: WireRequest) -> dict[str, Any]:
    """Raises EmulatorError. The content type keeps pages in a browser from calling verbs."""
    if request.header("content-type").partition(";")[0] != "application/json":
        raise EmulatorError("content type: expected application/json")
    try:
        arguments = json.loads(request.body or b"{}")
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        raise EmulatorError("body: expected a JSON object of arguments")
    return arguments


ABORT = "fcpin.emulator.abort"
"""Key in the scope's state of the server's function that resets the connection."""

_log = logging.getLogger("fcpin.emulator")
_LARGEST_BODY = 1 << 30
_SAFE = ("GET", "HEAD")
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


class BodyTooLarge(Exception):
    """A request body beyond the limit."""


class CloudService(Protocol):
    """One API."""

    def action(self, request: WireRequest) -> tuple[str, str]: ...
    def answer(self, request: WireRequest) -> WireResponse: ...
    def failed(self, error: ApiError) -> WireResponse: ...


def application(account: Account) -> Starlette:
    front = Front(account)
    return Starlette(
        routes=[
            Route("/_emulator/{verb}", front.verb, methods=["POST"]),
            Route("/credentials", front.credentials, methods=["GET"]),
            Route("/{path:path}", front.call, methods=_METHODS),
        ],
        exception_handlers={HTTPException: _not_found, BodyTooLarge: _too_large, Exception: _defect},
    )


class Front:
    """Finds the API of each call, records the call and applies injected failures."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._verbs = Verbs(account)
        self._verb_routes = VerbRoutes(account, self._verbs)

    async def call(self, request: Request) -> Response:
        wire = await read(request)
        service = self._service(wire)
        try:
            action, target = service.action(wire)
        except ApiError as error:
            action, target = wire.header("x-acs-action"), ""
            _log.debug("%s: %s", action, error)
        self._account.record(action, target)
        fault = self._account.faults.take(action)
        if fault is not None:
            early = await self._fail(fault, service, request)
            if early is not None:
                return early
        if self._account.runs.is_due():
            await run_in_threadpool(self._account.runs.settle, wait=False)
        response = await self._answer(service, action, wire)
        _log.debug("%s %s: %d", action, target, response.status)
        after = self._account.faults.take_after(action)
        if after is not None:
            await self._follow(after)
        answer = _response(response)
        answer.headers["date"] = formatdate(self._account.clock.gateway_now(), usegmt=True)
        return answer

    async def _follow(self, after: AfterCall) -> None:
        try:
            await run_in_threadpool(getattr(self._verbs, after.verb), **after.arguments)
        except EmulatorError as error:
            _log.error("after_next %s: %s", after.verb, error)

    def _service(self, request: WireRequest) -> CloudService:
        if request.path.startswith(f"{PREFIX}/"):
            return self._account.fc
        if request.path.startswith(PERSONAL):
            return self._account.personal
        if request.path.startswith(f"{DEVS}/"):
            return self._account.devs
        return self._account.acr if request.path == "/" else self._account.oci

    async def _answer(self, service: CloudService, action: str, request: WireRequest) -> WireResponse:
        if self._account.remotes and action in RESOLVING:
            return await run_in_threadpool(self._answer_now, service, request)
        with self._account.lock:
            return self._answer_now(service, request)

    def _answer_now(self, service: CloudService, request: WireRequest) -> WireResponse:
        try:
            return service.answer(request)
        except ApiError as error:
            return service.failed(error)
        except Exception:
            _log.exception("%s %s", request.method, request.path)
            return service.failed(ApiError(500, "InternalError", "the emulator has a defect; see its log"))
        finally:
            if request.method not in _SAFE:
                with self._account.changing():
                    pass

    async def _fail(self, fault: Fault, service: CloudService, request: Request) -> Response | None:
        """The response of a fault, or None when the call proceeds."""
        match fault.kind:
            case "slow":
                await asyncio.sleep(fault.seconds)
                return None
            case "reset":
                request.scope["state"][ABORT]()
                return _NoResponse()
            case "html-502":
                page = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
                return Response(page, 502, media_type="text/html")
            case "empty":
                return Response(b"", 503)
            case "not-success":
                return _response(self._not_success(fault))
        headers = {"x-acs-retry-after": str(fault.retry_after_ms)} if fault.retry_after_ms is not None else {}
        return _response(service.failed(ApiError(fault.status, fault.code, fault.message, headers)))

    def _not_success(self, fault: Fault) -> WireResponse:
        body = {"Code": fault.code, "IsSuccess": False, "RequestId": self._account.ids.acr_request()}
        return WireResponse.of_json(body)

    async def credentials(self, _: Request) -> Response:
        """For ALIBABA_CLOUD_CREDENTIALS_URI."""
        return _response(WireResponse.of_json(self._verbs.assume_role()))

    async def verb(self, request: Request) -> Response:
        """`POST /_emulator/<verb>`."""
        wire = await read(request)
        return _response(await run_in_threadpool(self._verb_routes.answer, request.path_params["verb"], wire))


async def read(request: Request) -> WireRequest:
    """The whole request. Raises BodyTooLarge."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > _LARGEST_BODY:
        raise BodyTooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise BodyTooLarge
    scope = request.scope
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    query = tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return WireRequest(scope["method"], scope["raw_path"].decode("latin-1"), query, headers, bytes(body))


def _response(wire: WireResponse) -> Response:
    response = Response(wire.body, wire.status, dict(wire.headers))
    if wire.content_length is not None:
        response.headers["content-length"] = str(wire.content_length)
    return response


def _not_found(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _failure(status, "NotFound", f"the emulator does not have {request.method} {request.url.path}")


def _too_large(_: Request, __: Exception) -> Response:
    return _failure(413, "EntityTooLarge", f"the request body exceeds {_LARGEST_BODY} bytes")


def _defect(request: Request, error: Exception) -> Response:
    _log.error("%s %s", request.method, request.url.path, exc_info=error)
    return _failure(500, "InternalError", "the emulator has a defect; see its log")


def _failure(status: int, code: str, message: str) -> Response:
    return _response(WireResponse.of_json({"Code": code, "Message": message}, status))


class _NoResponse(Response):
    """No response: the connection is already reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        while (await receive())["type"] != "http.disconnect":
            pass
