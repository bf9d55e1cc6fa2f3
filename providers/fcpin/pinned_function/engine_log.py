"""Say something to the user through the engine, so that it stands among the diagnostics of the run."""

import sys
from collections.abc import Callable
from typing import Final, Literal

Severity = Literal["info", "warning"]
Log = Callable[[Severity, str], None]

_TIMEOUT: Final = 5.0


def engine_log(address: str | None) -> Log:
    """A log that reaches the engine at *address* (`host:port`); without one, standard error."""
    if address is None:
        return _stderr
    return lambda severity, message: _send(address, severity, message)


def plugin_log() -> Log:
    """The log of this plugin process: the engine's address is its first argument."""
    address = sys.argv[1] if len(sys.argv) > 1 and ":" in sys.argv[1] else None
    return engine_log(address)


def _send(address: str, severity: Severity, message: str) -> None:
    import grpc
    from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

    levels = {"info": engine_pb2.INFO, "warning": engine_pb2.WARNING}
    try:
        with grpc.insecure_channel(address) as channel:
            request = engine_pb2.LogRequest(severity=levels[severity], message=message)
            engine_pb2_grpc.EngineStub(channel).Log(request, timeout=_TIMEOUT)
    except grpc.RpcError:
        _stderr(severity, message)


def _stderr(severity: Severity, message: str) -> None:
    sys.stderr.write(f"{severity}: {message}\n")
