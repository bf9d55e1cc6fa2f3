"""The Devs API over HTTP: ROA style, `/2023-07-14/…`, JSON both ways."""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from fcpin.emulator.acr.errors import refused
from fcpin.emulator.devs import errors
from fcpin.emulator.devs.model import Json
from fcpin.emulator.devs.service import ServerlessDevs
from fcpin.emulator.signatures import Verifier
from fcpin.emulator.state import Ids
from fcpin.emulator.wire import ApiError, WireRequest, WireResponse

PREFIX = "/2023-07-14"
Handler = Callable[[WireRequest, str], Json | list[Json]]


class Route(NamedTuple):
    method: str
    path: re.Pattern[str]
    action: str
    handler: Handler


class DevsRoutes:
    """Answers the calls of API version 2023-07-14 that are about pipelines and tasks."""

    def __init__(self, service: ServerlessDevs, verifier: Verifier, ids: Ids) -> None:
        self._service = service
        self._verifier = verifier
        self._ids = ids
        pipeline, task = "/pipelines/{name}", "/tasks/{name}"
        table: tuple[tuple[str, str, str, Handler], ...] = (
            ("POST", "/pipelines", "CreatePipeline", lambda request, _: service.create_pipeline(_body(request))),
            ("GET", "/pipelines", "ListPipelines", lambda request, _: service.list_pipelines(_labels(request))),
            ("GET", pipeline, "GetPipeline", lambda _, name: service.get_pipeline(name)),
            ("PUT", f"{pipeline}/start", "StartPipeline", lambda _, name: service.start_pipeline(name)),
            ("PUT", f"{pipeline}/cancel", "CancelPipeline", lambda _, name: service.cancel_pipeline(name)),
            ("PUT", f"{pipeline}/status", "PutPipelineStatus", self._put_pipeline_status),
            ("POST", "/tasks", "CreateTask", lambda request, _: service.create_task(_body(request))),
            ("GET", "/tasks", "ListTasks", lambda request, _: service.list_tasks(_labels(request))),
            ("GET", task, "GetTask", lambda _, name: service.get_task(name)),
            ("PUT", f"{task}/start", "StartTask", lambda _, name: service.start_task(name)),
            ("PUT", f"{task}/cancel", "CancelTask", lambda _, name: service.cancel_task(name)),
            ("PUT", f"{task}/resume", "ResumeTask", lambda _, name: service.resume_task(name)),
            ("PUT", f"{task}/retry", "RetryTask", lambda _, name: service.retry_task(name)),
            ("PUT", f"{task}/status", "PutTaskStatus", self._put_task_status),
        )
        self._routes = [Route(method, _pattern(path), action, handler) for method, path, action, handler in table]

    def action(self, request: WireRequest) -> tuple[str, str]:
        """What the call is recorded as, and the pipeline or task it is about."""
        route, name = self._route(request)
        if route is None:
            return request.header("x-acs-action") or f"{request.method} {request.path}", ""
        return route.action, name if request.method != "POST" else str(_body(request).get("name", ""))

    def answer(self, request: WireRequest) -> WireResponse:
        """Raises DevsError, GatewayError."""
        self._verifier.admit(request, refused)
        route, name = self._route(request)
        if route is None:
            raise errors.path_not_supported(request.method, request.path)
        headers = {"x-acs-request-id": self._ids.acr_request()}
        return WireResponse.of_json(route.handler(request, name), headers=headers)

    def failed(self, error: ApiError) -> WireResponse:
        return errors.response(error, self._ids.acr_request())

    def _route(self, request: WireRequest) -> tuple[Route | None, str]:
        for route in self._routes:
            if route.method == request.method and (match := route.path.fullmatch(request.path)):
                return route, match.groupdict().get("name", "")
        return None, ""

    def _put_pipeline_status(self, request: WireRequest, name: str) -> Json:
        return self._service.put_pipeline_status(name, _body(request), force=_is_forced(request))

    def _put_task_status(self, request: WireRequest, name: str) -> Json:
        return self._service.put_task_status(name, _body(request), force=_is_forced(request))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(PREFIX + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def _labels(request: WireRequest) -> str:
    return request.param("labelSelector")


def _is_forced(request: WireRequest) -> bool:
    return request.param("force").lower() == "true"


def _body(request: WireRequest) -> Json:
    try:
        value: Any = json.loads(request.body)
    except ValueError:
        raise errors.invalid("the body is no JSON") from None
    if not isinstance(value, dict):
        raise errors.invalid("the body is no JSON object")
    return value
