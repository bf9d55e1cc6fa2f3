"""The Devs API over HTTP: ROA style, `/2023-07-14/…`, JSON both ways."""

from fcpin.emulator.acr.model import rejected
from fcpin.emulator.devs import rules
from fcpin.emulator.devs.model import Json
from fcpin.emulator.devs.service import ServerlessDevs
from fcpin.emulator.signatures import SignatureVerifier
from fcpin.emulator.state import Ids
from fcpin.emulator.wire import ApiError, Route, RoutingTable, WireRequest, WireResponse, json_object

PREFIX = "/2023-07-14"


class DevsRoutes:
    """Answers the calls of API version 2023-07-14 that are about pipelines and tasks."""

    def __init__(self, service: ServerlessDevs, verifier: SignatureVerifier, ids: Ids) -> None:
        self._service = service
        self._verifier = verifier
        self._ids = ids
        pipeline, task = "/pipelines/{name}", "/tasks/{name}"
        self.table = RoutingTable(
            PREFIX,
            (
                Route("POST", "/pipelines", "CreatePipeline", lambda request: service.create_pipeline(_body(request))),
                Route("GET", "/pipelines", "ListPipelines", lambda request: service.list_pipelines(_labels(request))),
                Route("GET", pipeline, "GetPipeline", lambda _, name: service.get_pipeline(name)),
                Route("PUT", f"{pipeline}/start", "StartPipeline", lambda _, name: service.start_pipeline(name)),
                Route("PUT", f"{pipeline}/cancel", "CancelPipeline", lambda _, name: service.cancel_pipeline(name)),
                Route("PUT", f"{pipeline}/status", "PutPipelineStatus", self._put_pipeline_status),
                Route("POST", "/tasks", "CreateTask", lambda request: service.create_task(_body(request))),
                Route("GET", "/tasks", "ListTasks", lambda request: service.list_tasks(_labels(request))),
                Route("GET", task, "GetTask", lambda _, name: service.get_task(name)),
                Route("PUT", f"{task}/start", "StartTask", lambda _, name: service.start_task(name)),
                Route("PUT", f"{task}/cancel", "CancelTask", lambda _, name: service.cancel_task(name)),
                Route("PUT", f"{task}/resume", "ResumeTask", lambda _, name: service.resume_task(name)),
                Route("PUT", f"{task}/retry", "RetryTask", lambda _, name: service.retry_task(name)),
                Route("PUT", f"{task}/status", "PutTaskStatus", self._put_task_status),
            ),
        )

    def action(self, request: WireRequest) -> tuple[str, str]:
        """The action by which the call is recorded, and the pipeline or task."""
        route, parts = self.table.find(request)
        if route is None:
            return request.header("x-acs-action") or f"{request.method} {request.path}", ""
        return route.action, parts.get("name", "") if request.method != "POST" else str(_body(request).get("name", ""))

    def answer(self, request: WireRequest) -> WireResponse:
        """Raises DevsError, GatewayError."""
        self._verifier.admit(request, rejected)
        route, parts = self.table.find(request)
        if route is None:
            raise rules.path_not_supported(request.method, request.path)
        headers = {"x-acs-request-id": self._ids.acr_request()}
        return WireResponse.of_json(route.handler(request, **parts), headers=headers)

    def failed(self, error: ApiError) -> WireResponse:
        return rules.response(error, self._ids.acr_request())

    def _put_pipeline_status(self, request: WireRequest, name: str) -> Json:
        return self._service.put_pipeline_status(name, _body(request), force=_is_forced(request))

    def _put_task_status(self, request: WireRequest, name: str) -> Json:
        return self._service.put_task_status(name, _body(request), force=_is_forced(request))


def _labels(request: WireRequest) -> str:
    return request.param("labelSelector")


def _is_forced(request: WireRequest) -> bool:
    return request.param("force").lower() == "true"


def _body(request: WireRequest) -> Json:
    value = json_object(request)
    if value is None:
        raise rules.invalid("the body is not a JSON object")
    return value
