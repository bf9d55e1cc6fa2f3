"""The Devs API of Serverless Devs: the calls for pipelines, and what they return.

The JSON goes through as it is: the models of the product's own SDK drop every field that they do not know.
Every response is checked to belong to the operation that was called and the pipeline that was requested.
Every method raises PipelineError only; for temporary errors after retries.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final, Self, TypeVar
from urllib.parse import quote

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
from fcpin.http.limits import Limits
from fcpin.http.openapi import OpenApi
from fcpin.http.retries import API_RETRY, Retry, repeating
from fcpin.image import Digest, parse_digest
from fcpin.json_reader import JsonFields, Wire, kind

T = TypeVar("T")

DEFAULT_ENDPOINT: Final = "devs.cn-hangzhou.aliyuncs.com"
"""The only one that exists, for every region. The SDK's own (`devs.aliyuncs.com`) does not exist."""

_VERSION: Final = "2023-07-14"
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_NO_SUCH_API: Final = "InvalidAction"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


class Phase(Enum):
    """The state of a pipeline or a task, with the values of `status.phase` that stand for it, in lower case.

    Only `Success` is documented, so both usual spellings of the others are accepted. An unknown value is not final:
    the caller keeps waiting.
    """

    PENDING = ("", "pending", "created", "queued", "waiting")
    RUNNING = ("running", "executing", "inprogress")
    SUCCESS = ("success", "succeeded", "successful")
    FAILED = ("failed", "failure", "error", "timeout")
    CANCELED = ("canceled", "cancelled")
    SKIPPED = ("skipped", "ignored")
    """A task that is disabled, or that follows a failed one."""
    UNKNOWN = ()

    @classmethod
    def parse(cls, text: str) -> "Phase":
        """Return the phase for a value of the API, in any case."""
        return next((phase for phase in cls if text.lower() in phase.value), cls.UNKNOWN)

    @property
    def is_final(self) -> bool:
        return self not in (Phase.PENDING, Phase.RUNNING, Phase.UNKNOWN)


@dataclass(frozen=True, slots=True)
class LogLocation:
    """Where Simple Log Service keeps the log of a task in the dedicated environment."""

    project: str
    store: str

    def __str__(self) -> str:
        return f"project {self.project}, logstore {self.store} of Simple Log Service"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A response of CreatePipeline, GetPipeline, or an item of ListPipelines."""

    name: str
    uid: str
    labels: Mapping[str, str]
    phase: Phase
    api_phase: str
    """`status.phase` as the API returned it."""
    reason: str
    """Why it failed: title, code and message; empty when it did not."""
    wire: Wire = field(repr=False, compare=False)
    """The whole response, unknown fields included."""

    @classmethod
    def from_wire(cls, wire: object, name: str = "") -> Self:
        """Read one JSON object of the API; absent keys except the name are empty.

        Raises WrongShape, also if *name* is given and the object is another pipeline.
        """
        fields = JsonFields(wire, f"pipeline {name}" if name else "a pipeline")
        found = fields.text("name", required=True)
        if name and found != name:
            raise WrongShape(f"expected pipeline {name}, got pipeline {found[:64]!r}")
        status = fields.object("status")
        phase = status.text("phase")
        return cls(
            found, fields.text("uid"), fields.texts("labels"), Phase.parse(phase), phase, _reason(status), fields.wire
        )


@dataclass(frozen=True, slots=True)
class Task:
    """An item of ListTasks."""

    name: str
    labels: Mapping[str, str]
    phase: Phase
    api_phase: str
    """`status.phase` as the API returned it."""
    reason: str
    """Why it failed; empty when it did not."""
    details: tuple[str, ...]
    """`executionDetails`: the part of the log that the API itself returns."""
    log: LogLocation | None
    """None in the default environment, whose log is in the console only."""
    reported: frozenset[Digest]
    """Every digest in the output of the latest run. Not documented: often none."""
    wire: Wire = field(repr=False, compare=False)

    @classmethod
    def from_wire(cls, wire: object) -> Self:
        """Read one JSON object of the API; absent keys except the name are empty. Raises WrongShape."""
        fields = JsonFields(wire, "a task")
        status = fields.object("status")
        invocations = status.objects("invocations", "an invocation", required=False)
        latest = invocations[-1] if invocations else JsonFields({}, "an invocation")
        phase, project = status.text("phase"), latest.text("slsProject")
        return cls(
            name=fields.text("name", required=True),
            labels=fields.texts("labels"),
            phase=Phase.parse(phase),
            api_phase=phase,
            reason=_reason(status),
            details=tuple(status.list_of_texts("executionDetails")),
            log=LogLocation(project, latest.text("slsLogStore")) if project else None,
            reported=frozenset(map(parse_digest, _DIGEST.findall(latest.text("output")))),
            wire=fields.wire,
        )


def _reason(status: JsonFields) -> str:
    """`latestExecError`, which is present with empty texts when nothing failed."""
    error = status.object("latestExecError")
    return ": ".join(filter(None, (error.text("title"), error.text("code"), error.text("message"))))


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

        Raises PipelineExists if the name is taken, except by an earlier attempt of this call whose response was lost.
        """
        name, attempts = str(document.get("name") or ""), list[str]()

        def attempt() -> Pipeline:
            attempts.append(name)
            return self._once("CreatePipeline", "POST", "pipelines", name, _pipeline(name), body=document)

        try:
            return repeating(self._retry)(attempt)
        except PipelineExists:
            if len(attempts) == 1:
                raise
            return self.get(name)

    def get(self, name: str) -> Pipeline:
        """GetPipeline. Raises PipelineNotFound."""
        return self._call("GetPipeline", "GET", f"pipelines/{_quote(name)}", name, _pipeline(name))

    def start(self, name: str) -> Pipeline:
        """StartPipeline. A pipeline that has started already is not an error."""
        try:
            return self._put("StartPipeline", name, "start")
        except PipelineConflict:
            return self.get(name)

    def cancel(self, name: str) -> Pipeline:
        """CancelPipeline. A pipeline that has ended already is not an error: the phase shows how it ended."""
        try:
            return self._put("CancelPipeline", name, "cancel")
        except PipelineConflict:
            pipeline = self.get(name)
            if not pipeline.phase.is_final:
                raise
            return pipeline

    def list(self, labels: Mapping[str, str] | None = None) -> Sequence[Pipeline]:
        """ListPipelines: those that have all *labels*. The API has no pages."""
        selector = ",".join(f"{key}={value}" for key, value in (labels or {}).items())
        query = {"labelSelector": selector} if selector else None
        return self._call("ListPipelines", "GET", "pipelines", selector or "*", _each(Pipeline.from_wire), query=query)

    def tasks(self, pipeline: str) -> Sequence[Task]:
        """ListTasks: the tasks of a pipeline, as far as the API returns them.

        The relation is not documented: tasks with the pipeline's name in a label, else those whose name begins with it.
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
        return repeating(self._retry)(lambda: self._once(action, method, path, name, read, query=query))

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
        """Return what *read* makes of the JSON of the response."""
        try:
            return self._api.call("devs", action, method, f"/{_VERSION}/{path}", read, query=query, body=body)
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
        """Chosen by HTTP status: the error codes of this API are not documented."""
        where = f"pipeline {name}: {action}: {error}"
        if error.is_malformed:
            return PipelineProtocolError(f"{where} (endpoint {self.endpoint})")
        if error.is_denied:
            return PipelineDenied(where)
        if error.is_temporary:
            unavailable = PipelineUnavailable(f"{where} (endpoint {self.endpoint})")
            unavailable.retry_after = error.retry_after
            return unavailable
        if not error.is_from_api:  # a proxy's 404 page does not mean that the pipeline is absent
            return PipelineRejected(where)
        if error.status == _NOT_FOUND and not error.code.startswith(_NO_SUCH_API):
            return PipelineNotFound(where)
        if error.status == _CONFLICT:
            return (PipelineExists if action == "CreatePipeline" else PipelineConflict)(where)
        return PipelineRejected(where)


def _quote(name: str) -> str:
    return quote(name, safe="")


def _pipeline(name: str) -> Callable[[object], Pipeline]:
    return lambda response: Pipeline.from_wire(response, name)


def _each(read: Callable[[object], T]) -> Callable[[object], Sequence[T]]:
    def read_all(response: object) -> Sequence[T]:
        if not isinstance(response, list):
            raise WrongShape(f"expected a list, got {kind(response)}")
        return [read(item) for item in response]

    return read_all
