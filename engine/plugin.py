"""The dynamic provider, called over gRPC: each method takes and returns plain values and raises ProviderFailed."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS as OPTIONS
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from engine.changes import shown
from engine.errors import CheckFailed, OutcomeUnknown, ProviderFailed
from engine.processes import Child
from engine.project import Config
from engine.provider import Answer, Difference, config_properties
from engine.state import ResourceState
from engine.values import Properties, Value, as_secret_as, from_wire, secret, to_wire


class Plugin:
    """One plugin process of one phase. It is configured when it is first needed."""

    def __init__(self, child: Child, config: Config, show: Callable[[str], None]) -> None:
        """What the process prints goes to *show*."""
        self._child = child
        self._config = config
        self._show = show
        child.pass_on("stderr", show)
        self._mutex = threading.Lock()
        self._stub: Any = None

    def check(self, state: ResourceState, old_inputs: Properties) -> dict[str, Value]:
        """The inputs as the provider wants them. Raises CheckFailed with every failure."""
        answer = self._call(
            "Check",
            provider_pb2.CheckRequest(
                urn=state.urn, name=state.name, type=state.type, olds=_wire(old_inputs), news=_wire(state.inputs)
            ),
        )
        if answer.failures:
            raise CheckFailed([_failure(state, failure) for failure in answer.failures])
        return as_secret_as(from_wire(answer.inputs), state.inputs)

    def diff(self, old: ResourceState, new: ResourceState) -> Difference:
        answer = self._call(
            "Diff",
            provider_pb2.DiffRequest(
                urn=new.urn,
                name=new.name,
                type=new.type,
                id=old.id,
                olds=_wire(old.outputs),
                news=_wire(new.inputs),
                old_inputs=_wire(old.inputs),
                ignoreChanges=new.ignore_changes,
            ),
        )
        unknown = answer.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN
        changes = None if unknown else answer.changes == provider_pb2.DiffResponse.DIFF_SOME
        return Difference(changes, list(answer.replaces), answer.deleteBeforeReplace)

    def create(self, state: ResourceState) -> Answer:
        answer = self._call(
            "Create",
            provider_pb2.CreateRequest(urn=state.urn, name=state.name, type=state.type, properties=_wire(state.inputs)),
        )
        if not answer.id:
            raise ProviderFailed("create() returned no id")
        return Answer(answer.id, _outputs(answer, state))

    def update(self, old: ResourceState, new: ResourceState) -> Answer:
        answer = self._call(
            "Update",
            provider_pb2.UpdateRequest(
                urn=new.urn,
                name=new.name,
                type=new.type,
                id=old.id,
                olds=_wire(old.outputs),
                news=_wire(new.inputs),
                old_inputs=_wire(old.inputs),
                ignoreChanges=new.ignore_changes,
            ),
        )
        return Answer(old.id, _outputs(answer, new))

    def read(self, state: ResourceState) -> Answer:
        """An empty id means that the resource is gone."""
        answer = self._call(
            "Read",
            provider_pb2.ReadRequest(
                urn=state.urn,
                name=state.name,
                type=state.type,
                id=state.id,
                properties=_wire(state.outputs),
                inputs=_wire(state.inputs),
            ),
        )
        inputs = as_secret_as(from_wire(answer.inputs), state.inputs) if answer.HasField("inputs") else None
        return Answer(answer.id, as_secret_as(from_wire(answer.properties), state.outputs), inputs)

    def delete(self, state: ResourceState) -> None:
        self._call(
            "Delete",
            provider_pb2.DeleteRequest(
                urn=state.urn,
                name=state.name,
                type=state.type,
                id=state.id,
                properties=_wire(state.outputs),
                old_inputs=_wire(state.inputs),
            ),
        )

    def _call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._connected(), method)(request)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNAVAILABLE:
                raise OutcomeUnknown(f"the plugin process ended in the middle of {method.lower()}()") from None
            raise ProviderFailed(str(error.details()).strip()) from None

    def _connected(self) -> Any:
        with self._mutex:
            if self._stub is None:
                port = self._child.first_line()
                if not port.isdigit():
                    raise ProviderFailed("the plugin process of the dynamic provider did not start; see above")
                self._child.pass_on("stdout", self._show)
                channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS)
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                stub.Configure(_configuration(self._config))
                self._stub = stub
            return self._stub


def _configuration(config: Config) -> Any:
    return provider_pb2.ConfigureRequest(
        variables={f"pulumi-python:config:{key}": text for key, text in config.values.items()},
        args=to_wire(config_properties(config)),
        acceptSecrets=True,
        acceptResources=True,
    )


def _wire(properties: Properties) -> Any:
    return to_wire(properties, accepts_secrets=False)


def _outputs(answer: Any, state: ResourceState) -> Mapping[str, Value]:
    outputs = as_secret_as(from_wire(answer.properties), state.inputs)
    return {key: secret(value) if key in state.additional_secret_outputs else value for key, value in outputs.items()}


def _failure(state: ResourceState, failure: Any) -> str:
    """One check failure in the CLI's words, but for the value of a secret property."""
    what = f"{state.type} resource '{state.name}'"
    if not failure.property:
        return f"{what} has a problem: {failure.reason}"
    value = state.inputs.get(failure.property.partition(".")[0].partition("[")[0])
    return f"{what}: property {failure.property} value {{{shown(value)}}} has a problem: {failure.reason}"
