"""The few calls of the Devs API that fcpin needs.

The JSON goes through as it is: the models of the product's own SDK drop every field that they do not know.
Every answer has to be one of the operation that was called, about the pipeline that was requested.
Every method raises PipelineError and nothing else; temporary ones only after retrying.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Final, TypeVar
from urllib.parse import quote

from fcpin.devs.model import Pipeline, Task
from fcpin.errors import (
    InvalidSettings,
    PipelineConflict,
    PipelineDenied,
    PipelineError,
    PipelineExists,
    PipelineNotFound,
    PipelineProtocolError,
    PipelineRejected,
    PipelineUnavailable,
    WrongShape,
)
from fcpin.http.credentials import Account
from fcpin.http.errors import CloudError
from fcpin.http.limits import API_RETRY, Limits, Retry, retrying
from fcpin.http.openapi import OpenApi, counted, json_of
from fcpin.json_reader import Wire, kind

T = TypeVar("T")

DEFAULT_ENDPOINT: Final = "devs.cn-hangzhou.aliyuncs.com"
"""The only one there is, for every region. The SDK's own (`devs.aliyuncs.com`) does not exist."""

_VERSION: Final = "2023-07-14"
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_NO_SUCH_API: Final = "InvalidAction"


class DevsClient:
    """Pipelines of one account. Thread-safe; the SDK is imported at the first call."""

    def __init__(
        self,
        *,
        endpoint: str = "",
        credentials: Account | None = None,
        retry: Retry = API_RETRY,
        limits: Limits | None = None,
    ) -> None:
        self.endpoint = endpoint or DEFAULT_ENDPOINT
        self._credentials = credentials
        self._retry = retry
        self._limits = limits

    def create(self, document: Wire) -> Pipeline:
        """CreatePipeline with *document* as it is: `{"kind": "Pipeline", "name": …, "spec": …}`.

        Raises PipelineExists for a name that is taken. A call whose answer was lost has taken it for us.
        """
        name, attempts = str(document.get("name") or ""), list[str]()

        def attempt() -> Pipeline:
            attempts.append(name)
            return self._once("CreatePipeline", "POST", "pipelines", name, _pipeline(name), body=document)

        try:
            return retrying(attempt, self._retry)
        except PipelineExists:
            if len(attempts) == 1:
                raise
            return self.get(name)

    def get(self, name: str) -> Pipeline:
        """GetPipeline. Raises PipelineNotFound."""
        return self._call("GetPipeline", "GET", f"pipelines/{_quote(name)}", name, _pipeline(name))

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
        return self._call("ListPipelines", "GET", "pipelines", selector or "*", _each(Pipeline.from_wire), query=query)

    def tasks(self, pipeline: str) -> Sequence[Task]:
        """The tasks of a pipeline, as far as ListTasks tells them: it may not.

        Nobody has documented how to tell: those with its name in a label, else those whose names begin with it.
        """
        found = self._call("ListTasks", "GET", "tasks", pipeline, _each(Task.from_wire))
        labelled = [task for task in found if pipeline in task.labels.values()]
        return labelled or [task for task in found if task.name.startswith(f"{pipeline}-")]

    def _put(self, action: str, name: str, verb: str) -> Pipeline:
        return self._call(action, "PUT", f"pipelines/{_quote(name)}/{verb}", name, _pipeline(name))

    def _call(
        self,
        action: str,
        method: str,
        path: str,
        name: str,
        read: Callable[[object], T],
        *,
        query: Mapping[str, str] | None = None,
    ) -> T:
        return retrying(lambda: self._once(action, method, path, name, read, query=query), self._retry)

    def _once(
        self,
        action: str,
        method: str,
        path: str,
        name: str,
        read: Callable[[object], T],
        *,
        body: Wire | None = None,
        query: Mapping[str, str] | None = None,
    ) -> T:
        """What *read* makes of the answer's JSON."""
        try:
            with counted("devs", action):
                return read(json_of(self._api.call(action, method, f"/{_VERSION}/{path}", query=query, body=body)))
        except CloudError as error:
            raise self._translated(error, action, name) from None
        except WrongShape as error:
            where = f"pipeline {name}: {action}"
            raise PipelineProtocolError(f"{where}: {error} (endpoint {self.endpoint})") from None

    @cached_property
    def _api(self) -> OpenApi:
        try:
            return OpenApi(self.endpoint, _VERSION, self._credentials, limits=self._limits)
        except InvalidSettings as error:
            raise PipelineRejected(f"endpoint {self.endpoint}: {error}") from None

    def _translated(self, error: CloudError, action: str, name: str) -> PipelineError:
        """By HTTP status: no document tells the codes of this API."""
        where = f"pipeline {name}: {action}: {error}"
        if error.is_malformed:
            return PipelineProtocolError(f"{where} (endpoint {self.endpoint})")
        if error.is_denied:
            return PipelineDenied(where)
        if error.is_temporary:
            unavailable = PipelineUnavailable(f"{where} (endpoint {self.endpoint})")
            unavailable.retry_after = error.retry_after
            return unavailable
        if not error.is_from_api:  # a page of a proxy is not an absence
            return PipelineRejected(where)
        if error.status == _NOT_FOUND and not error.code.startswith(_NO_SUCH_API):
            return PipelineNotFound(where)
        if error.status == _CONFLICT:
            return (PipelineExists if action == "CreatePipeline" else PipelineConflict)(where)
        return PipelineRejected(where)


def _quote(name: str) -> str:
    return quote(name, safe="")


def _pipeline(name: str) -> Callable[[object], Pipeline]:
    return lambda answer: Pipeline.from_wire(answer, name)


def _each(read: Callable[[object], T]) -> Callable[[object], Sequence[T]]:
    """A reader of a list."""

    def read_all(answer: object) -> Sequence[T]:
        if not isinstance(answer, list):
            raise WrongShape(f"expected a list, got {kind(answer)}")
        return [read(one) for one in answer]

    return read_all
