"""One phase of a run: a new program process, a new plugin process, and the gRPC services that both talk to."""

import contextlib
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from fcpin.engine.child import Child
from fcpin.engine.deployment import Deployment
from fcpin.engine.display import Display
from fcpin.engine.errors import EngineError, Unsupported
from fcpin.engine.plugin import OPTIONS, Provider
from fcpin.engine.snapshot import SnapshotManager
from fcpin.engine.stack import Stack
from fcpin.engine.state import DYNAMIC_PREFIX, FIELDS, REFERENCE_TYPE, Checkpoint, ResourceState, read_checkpoint
from fcpin.engine.values import from_wire, has_secret, parse_path, reveal, to_wire

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

    def __init__(self, deployment: Deployment) -> None:
        self._deployment, self._refused = deployment, False

    def serve(self, server: grpc.Server) -> None:
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self, server)
        engine_pb2_grpc.add_EngineServicer_to_server(self, server)
        server.start()

    def SupportsFeature(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name
        """All but one; what is not supported is refused when used, with an error of this engine."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id != "outputValues")

    def RegisterResource(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Answers when the step is done. Failures are results, so that the program ends without a traceback."""
        urn = self._deployment.urn(request.type, request.name, request.parent)
        try:
            state = self._deployment.register(_goal(request, urn))
        except Unsupported as error:
            self.refuse(error)
            state = None
        if state is None:
            return resource_pb2.RegisterResourceResponse(urn=urn, result=resource_pb2.Result.FAIL)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=state.id, object=to_wire(state.outputs))

    def RegisterResourceOutputs(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self._deployment.register_outputs(request.urn, from_wire(request.outputs))
        return Empty()

    def ReadResource(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Of what exists already only the outputs of another stack can be read."""
        try:
            if request.type != REFERENCE_TYPE:
                raise Unsupported(f"{request.name}: reading an existing resource ({request.type})")
            outputs = self._deployment.stack.outputs_of(request.id)
            state = self._deployment.reference(request.name, request.parent, request.id, outputs)
            return resource_pb2.ReadResourceResponse(urn=state.urn, properties=to_wire(state.outputs))
        except EngineError as error:
            self.refuse(error, context)

    def Log(self, request: Any, _context: Any) -> Any:  # noqa: N802
        severity = engine_pb2.LogSeverity.Name(request.severity).lower()
        consequence = severity == "error" and self._refused
        if severity != "debug" and not request.ephemeral and not consequence:
            self._deployment.display.log(severity, request.message, request.urn)
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
        """Display *error* once and start no more steps; what the program prints about it is not displayed."""
        self._refused = True
        self._deployment.display.log("error", str(error))
        if context:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))


def _goal(request: Any, urn: str) -> ResourceState:
    """The state that a RegisterResourceRequest describes. Raises Unsupported, naming the option and the resource."""
    if request.remote or (request.custom and not request.type.startswith(DYNAMIC_PREFIX)):
        raise Unsupported(f"{request.name}: resource type {request.type} (expected a Python dynamic resource)")
    raw = MessageToDict(request)
    for word in raw:
        if word in _REFUSED and raw[word]:  # an empty message is the default
            option = re.sub("(?<=[a-z])(?=[A-Z])", "_", word).lower()
            raise Unsupported(f"{request.name}: the resource option {option}")
    for path in (*request.ignoreChanges, *request.replaceOnChanges):
        parse_path(path)
    needed = {key: sorted(needed.urns) for key, needed in sorted(request.propertyDependencies.items())}
    raw |= {"urn": urn, "custom": request.custom, "inputs": from_wire(request.object)}
    raw |= {"dependencies": sorted(request.dependencies), "propertyDependencies": needed if request.custom else {}}
    return ResourceState(**{name: raw[word] for word, name in FIELDS.items() if word in raw})


def require_supported(before: Checkpoint) -> None:
    """Raises Unsupported for a state with resources of other providers."""
    for state in before.resources:
        if state.is_managed and (not state.type.startswith(DYNAMIC_PREFIX) or state.other.get("external")):
            raise Unsupported(f"the resource {state.urn} in the state (expected Python dynamic resources)")


def run_phase(
    stack: Stack,
    command: str,
    display: Display,
    interrupted: Event,
    *,
    preview: bool,
    is_only: bool = False,
    refresh: bool = False,
    targets: Sequence[str] = (),
) -> None:
    """Run the phase of *command*; *display* holds its result. Raises EngineError when the state cannot be used.

    *is_only*: no preview came before it. *refresh*: read every resource first.
    """
    before = read_checkpoint(stack.path)
    require_supported(before)
    pending = "".join(f"\n  * {one.state.urn}, interrupted while {one.kind}" for one in before.operations)
    if pending and (preview or is_only):
        display.log(
            "warning", f"the previous run was cut off; resources that it was creating are created again:{pending}"
        )
    # the SDK has up to four calls a step under way; each waits in a thread here
    server = grpc.server(ThreadPoolExecutor(max_workers=72), options=OPTIONS)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    environment = {"PULUMI_PROJECT": stack.project, "PULUMI_CONFIG": "{}"}
    with Child("plugin", {"engine": address}, stack.program, environment) as child, contextlib.ExitStack() as ending:
        snapshots = SnapshotManager(before, None if preview else stack.write)
        provider = Provider(child, stack.config, display.output)
        for state in before.resources:
            if state.is_managed:
                provider.require_allowed(state)
        work = Deployment(stack, snapshots, provider, display, preview, targets=targets, interrupted=interrupted)
        Services(work).serve(server)
        ending.callback(server.stop, 0)
        ending.callback(work.close)
        updates = command in ("preview", "up")
        if not updates:
            _refuse_targets(work, before)
        if (command == "refresh" or refresh) and not work.is_over:
            work.refresh()
        if updates and not work.is_over:
            display.steps.clear()  # those of the refresh
            _run_program(work, address)
            work.close()
            _refuse_targets(work, before)
        if command != "refresh" and not work.is_over:
            work.delete_remaining()
        snapshots.commit()
    display.summary(*work.stack_outputs)


def _refuse_targets(work: Deployment, before: Checkpoint) -> None:
    for urn in sorted({*work.targets} - {state.urn for state in before.resources} - work.registered):
        if not work.is_over:
            work.display.log("error", f"--target {urn}: the stack has no such resource")


def _run_program(work: Deployment, address: str) -> None:
    stack = work.stack
    names = {"organization": "organization", "project": stack.project, "stack": stack.name}
    addresses = {"monitor": address, "engine": address, "root_directory": str(stack.root)}
    settings = {**names, **addresses, "parallel": work.parallel, "dry_run": work.preview}
    secret_keys = [key for key, text in stack.config.items() if has_secret(text)]
    task = {"settings": settings, "config": reveal(stack.config), "secret_keys": secret_keys}
    with Child("program", task, stack.program, {"PULUMI_CONFIG": "{}", "PULUMI_CONFIG_SECRET_KEYS": "[]"}) as program:
        code = program.wait(work.display.output)
    if code and not work.is_over:
        work.display.log("error", f"the program ended with exit code {code}")
