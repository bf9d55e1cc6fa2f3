"""The engine's gRPC services: what the SDK inside the program and inside the plugin talks to."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS as OPTIONS
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from engine.deployment import Deployment, Outcome
from engine.display import Display
from engine.errors import Unsupported
from engine.goals import decode
from engine.state import STACK_TYPE
from engine.values import from_wire, to_wire

_FEATURES = frozenset({"secrets", "resourceReferences", "aliasSpecs"})
_REFUSED_WHEN_USED = frozenset(
    {"deletedWith", "replaceWith", "transforms", "invokeTransforms", "resourceHooks", "errorHooks", "parameterization"}
)
"""Claimed too, since the SDK's own refusal would ask the user to update the Pulumi CLI."""


class Services(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """ResourceMonitor and Engine, answered by one deployment. GetDeploymentInfo is left unimplemented, on purpose:

    every SDK then asks SupportsFeature, and takes its configuration from its environment.
    """

    def __init__(self, deployment: Deployment, display: Display, stack: str, project: str) -> None:
        self._deployment = deployment
        self._display = display
        self._stack = stack
        self._project = project
        self._root = ""
        self._refused = False

    def SupportsFeature(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURES | _REFUSED_WHEN_USED)

    def RegisterResource(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Answers when the step is done. Failures are results, so that the program ends without a traceback."""
        try:
            goal = decode(request, self._stack, self._project)
        except Unsupported as error:
            self._deployment.refuse()
            self._display.error(str(error))
            return resource_pb2.RegisterResourceResponse(result=resource_pb2.Result.FAIL)
        if goal.type == STACK_TYPE:
            self._root = goal.urn
        return _response(self._deployment.register(goal))

    def RegisterResourceOutputs(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self._deployment.register_outputs(request.urn, from_wire(request.outputs))
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def ReadResource(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._refuse(f"{request.name}: reading an existing resource ({request.type})", context)

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._refuse(f"the function call {request.tok}", context)

    def Call(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._refuse(f"the method call {request.tok}", context)

    def RegisterPackage(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._refuse(f"the package {request.name}", context)

    def RegisterStackTransform(self, _request: Any, context: Any) -> Any:  # noqa: N802
        self._refuse("a transform of the stack", context)

    def RegisterStackInvokeTransform(self, _request: Any, context: Any) -> Any:  # noqa: N802
        self._refuse("a transform of function calls", context)

    def RegisterResourceHook(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._refuse(f"the resource hook {request.name}", context)

    def RegisterErrorHook(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._refuse(f"the error hook {request.name}", context)

    def _refuse(self, what: str, context: Any) -> None:
        """Say it once, here; what the program then prints about it is not shown."""
        error = Unsupported(what)
        self._deployment.refuse()
        self._refused = True
        self._display.error(str(error))
        context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))

    def Log(self, request: Any, _context: Any) -> Any:  # noqa: N802
        severity = engine_pb2.LogSeverity.Name(request.severity).lower()
        consequence = severity == "error" and self._refused
        if severity != "debug" and not request.ephemeral and not consequence:
            self._display.log(severity, request.message, request.urn)
        return empty_pb2.Empty()

    def GetRootResource(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return engine_pb2.RequirePulumiVersionResponse()


class Server:
    """The services on a port of their own on loopback."""

    def __init__(self, services: Services, parallel: int) -> None:
        # the SDK has up to four calls a slot under way; each waits in a thread here
        self._server = grpc.server(ThreadPoolExecutor(max_workers=parallel * 4 + 8), options=OPTIONS)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(services, self._server)
        engine_pb2_grpc.add_EngineServicer_to_server(services, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(0).wait()


def _response(outcome: Outcome) -> Any:
    if outcome.failed:
        return resource_pb2.RegisterResourceResponse(urn=outcome.urn, result=resource_pb2.Result.FAIL)
    return resource_pb2.RegisterResourceResponse(
        urn=outcome.urn, id=outcome.id, object=to_wire(outcome.outputs), unknown=outcome.unknown
    )
