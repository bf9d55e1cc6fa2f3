"""The engine's gRPC services: what the SDK inside the program and inside the plugin talks to."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from engine.changes import parse_path
from engine.deployment import Deployment
from engine.errors import EngineError, Unsupported
from engine.plugin import OPTIONS
from engine.stack import Stack
from engine.state import DYNAMIC_PREFIX, REFERENCE_TYPE, ResourceState, make_urn
from engine.values import from_wire, to_wire
from engine.work import Work

_REFUSED = {"aliases", "aliasURNs", "importId", "provider", "providers", "hooks", "replacementTrigger", "replaceWith"}
_REFUSED |= {"deleteBeforeReplace", "deletedWith", "customTimeouts", "transforms", "stateMigrations"}
"""Fields of RegisterResourceRequest."""


def _refusing(what: str) -> Any:
    """A method of the protocol that this engine does not have; *what* names it, with fields of its request."""
    return lambda self, request, context: self.refuse(Unsupported(what.format(request)), context)


class Services(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """ResourceMonitor and Engine, answered by one deployment.

    GetDeploymentInfo is left unimplemented, on purpose: every SDK then asks SupportsFeature, and takes its
    configuration from its environment.
    """

    def __init__(self, deployment: Deployment, work: Work, stack: Stack) -> None:
        self._deployment, self._work, self._stack = deployment, work, stack
        self._refused = False

    def serve(self, server: grpc.Server) -> None:
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self, server)
        engine_pb2_grpc.add_EngineServicer_to_server(self, server)
        server.start()

    def SupportsFeature(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """All but one; what is refused is refused when used, in words that do not ask to update the CLI."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id != "outputValues")

    def RegisterResource(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Answers when the step is done. Failures are results, so that the program ends without a traceback."""
        try:
            goal = _decode(request, self._stack.name, self._stack.project.name)
        except Unsupported as error:
            self.refuse(error)
            return resource_pb2.RegisterResourceResponse(result=resource_pb2.Result.FAIL)
        if state := self._deployment.register(goal):
            outputs = to_wire(state.outputs)
            return resource_pb2.RegisterResourceResponse(urn=state.urn, id=state.id, object=outputs)
        return resource_pb2.RegisterResourceResponse(urn=goal.urn, result=resource_pb2.Result.FAIL)

    def RegisterResourceOutputs(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self._deployment.register_outputs(request.urn, from_wire(request.outputs))
        return Empty()

    def ReadResource(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Of what exists already only the outputs of another stack can be read."""
        try:
            if request.type != REFERENCE_TYPE:
                raise Unsupported(f"{request.name}: reading an existing resource ({request.type})")
            outputs = self._stack.outputs_of(request.id)
            state = self._deployment.reference(request.name, request.parent, request.id, outputs)
            return resource_pb2.ReadResourceResponse(urn=state.urn, properties=to_wire(state.outputs))
        except EngineError as error:
            self.refuse(error, context)

    def SignalAndWaitForShutdown(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return Empty()

    def Log(self, request: Any, _context: Any) -> Any:  # noqa: N802
        severity = engine_pb2.LogSeverity.Name(request.severity).lower()
        consequence = severity == "error" and self._refused
        if severity != "debug" and not request.ephemeral and not consequence:
            self._work.display.log(severity, request.message, request.urn)
        return Empty()

    Invoke = _refusing("the function call {0.tok}")
    Call = _refusing("the method call {0.tok}")
    RegisterPackage = _refusing("the package {0.name}")
    RegisterStackTransform = _refusing("a transform of the stack")
    RegisterStackInvokeTransform = _refusing("a transform of function calls")
    RegisterResourceHook = _refusing("the resource hook {0.name}")
    RegisterErrorHook = _refusing("the error hook {0.name}")
    RequirePulumiVersion = _refusing("a required version of the Pulumi CLI, {0.pulumi_version_range},")

    def refuse(self, error: EngineError, context: Any = None) -> None:
        """Say it once, here, and carry nothing more out; what the program then prints about it is not shown."""
        self._work.stopping.set()
        self._refused = True
        self._work.display.log("error", str(error))
        if context:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))


def new_server() -> tuple[grpc.Server, str]:
    """A server on a port of its own on loopback, and its address. It answers from `Services.serve` on."""
    # the SDK has up to four calls a step under way; each waits in a thread here
    server = grpc.server(ThreadPoolExecutor(max_workers=72), options=OPTIONS)
    return server, f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"


def _decode(request: Any, stack: str, project: str) -> ResourceState:
    """Read a RegisterResourceRequest. Raises Unsupported, naming the option and the resource."""
    if request.remote or (request.custom and not request.type.startswith(DYNAMIC_PREFIX)):
        raise Unsupported(f"{request.name}: resource type {request.type} (expected a Python dynamic resource)")
    for field, value in request.ListFields():
        if field.json_name in _REFUSED and str(value):  # an empty message is no wish
            option = re.sub("(?<=[a-z])(?=[A-Z])", "_", field.json_name).lower()
            raise Unsupported(f"{request.name}: the resource option {option}")
    for path in (*request.ignoreChanges, *request.replaceOnChanges):
        parse_path(path)
    needed = {key: sorted(needed.urns) for key, needed in sorted(request.propertyDependencies.items())}
    return ResourceState(
        urn=make_urn(stack, project, request.type, request.name, request.parent),
        custom=request.custom,
        type=request.type,
        inputs=from_wire(request.object),
        parent=request.parent,
        dependencies=sorted(request.dependencies),
        property_dependencies=needed if request.custom else {},
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        additional_secret_outputs=list(request.additionalSecretOutputs),
        ignore_changes=list(request.ignoreChanges),
        replace_on_changes=list(request.replaceOnChanges),
    )
