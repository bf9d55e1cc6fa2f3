"""The dynamic provider: its methods, called over gRPC in the plugin process."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from fcpin.engine.child import Child
from fcpin.engine.errors import CheckFailed, OutcomeUnknown, ProviderFailed
from fcpin.engine.providers import allowed_providers, require_allowed
from fcpin.engine.state import ResourceState, name_of
from fcpin.engine.values import Properties, as_secret_as, from_wire, reveal, secret, to_wire

OPTIONS = [*_GRPC_CHANNEL_OPTIONS, ("grpc.enable_http_proxy", 0)]


@dataclass(frozen=True)
class DiffResult:
    """The answer of diff()."""

    changes: bool | None
    """None when the provider leaves it to the engine to compare the inputs."""
    replaces: Sequence[str] = ()
    delete_before_replace: bool = False


class Provider:
    """The methods of a dynamic provider, called from many threads at once. Each raises ProviderFailed, ProviderRefused.

    Its plugin process, one a phase, is configured when it is first needed.
    """

    def __init__(self, child: Child, config: Properties, show: Callable[[str], None]) -> None:
        """What the process prints goes to *show*."""
        self._child, self._config, self._show = child, config, show
        self._allowed = allowed_providers(config)
        self._mutex = threading.Lock()
        self._stub: Any = None

    def require_allowed(self, state: ResourceState) -> None:
        """Raises ProviderRefused for a state whose provider may not be loaded."""
        require_allowed(state.urn, [bag for bag in (state.inputs, state.outputs) if bag], self._allowed)

    def check(self, state: ResourceState, old_inputs: Properties) -> ResourceState:
        """*state* with the inputs that the provider wants. Raises CheckFailed with every failure."""
        answer = self._call("Check", state, olds=old_inputs, news=state.inputs)
        if answer.failures:
            raise CheckFailed("\n".join(_failure(state, failure) for failure in answer.failures))
        return replace(state, inputs=as_secret_as(from_wire(answer.inputs), state.inputs))

    def diff(self, old: ResourceState, new: ResourceState) -> DiffResult:
        """Whether what *old* has in the cloud differs from the inputs of *new*."""
        answer = self._change("Diff", old, new)
        changes = {provider_pb2.DiffResponse.DIFF_NONE: False, provider_pb2.DiffResponse.DIFF_SOME: True}
        return DiffResult(changes.get(answer.changes), list(answer.replaces), answer.deleteBeforeReplace)

    def create(self, state: ResourceState) -> ResourceState:
        """Make it: *state* with its id, which is never empty, and its outputs."""
        answer = self._call("Create", state, properties=state.inputs)
        if not answer.id:
            raise ProviderFailed("create() returned no id")
        return _with_outputs(replace(state, id=answer.id), answer)

    def update(self, old: ResourceState, new: ResourceState) -> ResourceState:
        """Change it in place: *new* with its outputs."""
        return _with_outputs(new, self._change("Update", old, new))

    def read(self, state: ResourceState) -> ResourceState | None:
        """*state* as it is now, or None when it is gone."""
        answer = self._call("Read", state, id=state.id, properties=state.outputs, inputs=state.inputs)
        inputs = as_secret_as(from_wire(answer.inputs), state.inputs) if answer.HasField("inputs") else state.inputs
        outputs = as_secret_as(from_wire(answer.properties), state.outputs)
        return replace(state, id=answer.id, inputs=inputs, outputs=outputs) if answer.id else None

    def delete(self, state: ResourceState) -> None:
        """Remove it."""
        self._call("Delete", state, id=state.id, properties=state.outputs, old_inputs=state.inputs)

    def _change(self, method: str, old: ResourceState, new: ResourceState) -> Any:
        bags = {"olds": old.outputs, "news": new.inputs, "old_inputs": old.inputs}
        return self._call(method, new, id=old.id, ignoreChanges=new.ignore_changes, **bags)

    def _call(self, method: str, state: ResourceState, **fields: Any) -> Any:
        """Without marks of secrets: the plugin of the Python SDK answers `acceptSecrets: false`."""
        given = [value for key, value in fields.items() if isinstance(value, Mapping) and value]
        require_allowed(state.urn, given, self._allowed)
        bags = {key: to_wire(value, marks=False) for key, value in fields.items() if isinstance(value, Mapping)}
        names = {"urn": state.urn, "name": name_of(state.urn), "type": state.type}
        try:
            request = getattr(provider_pb2, f"{method}Request")(**names, **{**fields, **bags})
            return getattr(self._connected(), method)(request)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNAVAILABLE:
                raise OutcomeUnknown(f"the plugin process ended in the middle of {method.lower()}()") from None
            raise ProviderFailed(str(error.details()).strip()) from None

    def _connected(self) -> Any:
        with self._mutex:
            if self._stub is None:
                port = self._child.port(self._show)
                if not port:
                    raise ProviderFailed("the plugin process of the dynamic provider did not start; see above")
                self._child.pass_on(self._show)
                stub = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}", OPTIONS))
                variables = {f"pulumi-python:config:{key}": reveal(text) for key, text in self._config.items()}
                request = provider_pb2.ConfigureRequest(variables=variables, args=to_wire(self._config))
                stub.Configure(request)
                self._stub = stub
            return self._stub


def _with_outputs(state: ResourceState, answer: Any) -> ResourceState:
    outputs = as_secret_as(from_wire(answer.properties), state.inputs)
    secrets = {key: secret(value) for key, value in outputs.items() if key in state.additional_secret_outputs}
    return replace(state, outputs=outputs | secrets)


def _failure(state: ResourceState, failure: Any) -> str:
    """One check failure in the CLI's words, without the value: it may be a secret."""
    path = f": property {failure.property}" if failure.property else ""
    return f"{state.type} resource '{name_of(state.urn)}'{path} has a problem: {failure.reason}"
