"""The few calls of the Devs API that fcpin needs, through Alibaba Cloud's generic client.

It signs, sends and maps errors, and the JSON goes through as it is: the models of the product's own SDK drop every
field that they do not know, and importing them costs another 0.3 s.
Every method raises PipelineError and nothing else; temporary ones only after having insisted.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from fcpin.devs.model import Pipeline, Task, Wire
from fcpin.errors import (
    PipelineConflict,
    PipelineDenied,
    PipelineError,
    PipelineExists,
    PipelineNotFound,
    PipelineRejected,
    PipelineUnavailable,
)
from fcpin.openapi import Account, CloudError, Retry, counted, retrying, sdk_config

DEFAULT_ENDPOINT: Final = "devs.cn-hangzhou.aliyuncs.com"
"""The only one there is, for every region. The SDK's own (`devs.aliyuncs.com`) does not exist."""

_VERSION: Final = "2023-07-14"
_REGION: Final = "cn-hangzhou"
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_NO_SUCH_API: Final = "InvalidAction"


class DevsClient:
    """Pipelines of one account. Thread-safe; the SDK is imported at the first call."""

    def __init__(self, *, endpoint: str = "", credentials: Account | None = None, retry: Retry | None = None) -> None:
        self.endpoint = endpoint or DEFAULT_ENDPOINT
        self._credentials = credentials
        self._retry = retry or Retry()

    def create(self, document: Wire) -> Pipeline:
        """CreatePipeline with *document* as it is: `{"kind": "Pipeline", "name": …, "spec": …}`.

        Raises PipelineExists for a name that is taken. A call whose answer was lost has taken it for us.
        """
        name, attempts = str(document.get("name") or ""), list[str]()

        def attempt() -> Any:
            attempts.append(name)
            return self._once("CreatePipeline", "POST", "pipelines", name, body=document)

        try:
            return Pipeline.from_wire(retrying(attempt, self._retry))
        except PipelineExists:
            if len(attempts) == 1:
                raise
            return self.get(name)

    def get(self, name: str) -> Pipeline:
        """GetPipeline. Raises PipelineNotFound."""
        return Pipeline.from_wire(self._call("GetPipeline", "GET", f"pipelines/{_quote(name)}", name))

    def start(self, name: str) -> Pipeline:
        """StartPipeline. What has begun already, or is about to, is started."""
        try:
            return self._put("StartPipeline", name, "start")
        except PipelineConflict:
            return self.get(name)

    def cancel(self, name: str) -> Pipeline:
        """CancelPipeline. What has ended already is cancelled: the phase tells how it ended."""
        try:
            return self._put("CancelPipeline", name, "cancel")
        except PipelineConflict:
            pipeline = self.get(name)
            if not pipeline.phase.is_final:
                raise
            return pipeline

    def list(self, labels: Mapping[str, str] | None = None) -> Sequence[Pipeline]:
        """ListPipelines: those that carry all *labels*. The API has no pages."""
        selector = ",".join(f"{key}={value}" for key, value in (labels or {}).items())
        query = {"labelSelector": selector} if selector else None
        found = self._call("ListPipelines", "GET", "pipelines", selector or "*", query=query, answer="array")
        return [Pipeline.from_wire(wire) for wire in found]

    def tasks(self, pipeline: str) -> Sequence[Task]:
        """The tasks of a pipeline, as far as ListTasks tells them: it may not.

        Nobody has documented how to tell: those with its name in a label, else those whose names begin with it.
        """
        found = [Task.from_wire(wire) for wire in self._call("ListTasks", "GET", "tasks", pipeline, answer="array")]
        labelled = [task for task in found if pipeline in task.labels.values()]
        return labelled or [task for task in found if task.name.startswith(f"{pipeline}-")]

    def _put(self, action: str, name: str, verb: str) -> Pipeline:
        return Pipeline.from_wire(self._call(action, "PUT", f"pipelines/{_quote(name)}/{verb}", name))

    def _call(self, action: str, method: str, path: str, name: str, **rest: Any) -> Any:
        return retrying(lambda: self._once(action, method, path, name, **rest), self._retry)

    def _once(
        self,
        action: str,
        method: str,
        path: str,
        name: str,
        *,
        body: Wire | None = None,
        query: dict[str, str] | None = None,
        answer: str = "json",
    ) -> Any:
        """An object, or a list of them where *answer* is `array`."""
        from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
        from darabonba.runtime import RuntimeOptions

        params = Params(
            action=action,
            version=_VERSION,
            protocol="HTTPS",
            pathname=f"/{_VERSION}/{path}",
            method=method,
            auth_type="AK",
            style="ROA",
            req_body_type="json",
            body_type=answer,
        )
        try:
            with counted("devs", action):
                reply = self._sdk.call_api(params, OpenApiRequest(query=query, body=body), RuntimeOptions())
        except CloudError as error:
            raise self._translated(error, action, name) from None
        return reply.get("body") or ({} if answer == "json" else [])

    @cached_property
    def _sdk(self) -> Any:
        from alibabacloud_tea_openapi.client import Client

        return Client(sdk_config(self.endpoint, _REGION, self._credentials))

    def _translated(self, error: CloudError, action: str, name: str) -> PipelineError:
        """By HTTP status: no document tells the codes of this API."""
        where = f"pipeline {name}: {action}: {error}"
        if error.is_denied:
            return PipelineDenied(where)
        if error.is_temporary:
            unavailable = PipelineUnavailable(f"{where} (endpoint {self.endpoint})")
            unavailable.retry_after = error.retry_after
            return unavailable
        if error.status == _NOT_FOUND and not error.code.startswith(_NO_SUCH_API):
            return PipelineNotFound(where)
        if error.status == _CONFLICT:
            return (PipelineExists if action == "CreatePipeline" else PipelineConflict)(where)
        return PipelineRejected(where)


def _quote(name: str) -> str:
    return quote(name, safe="")
