"""What the dynamic providers share: services made by `configure`, one line per failure, and the engine's log."""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, Literal, ParamSpec, TypeVar

from pulumi.dynamic import CheckFailure, CheckResult, ConfigureRequest, ResourceProvider

from fcpin import call_statistics
from fcpin.errors import FcpinError, InvalidInput, InvalidSettings, Problem

if TYPE_CHECKING:
    from fcpin.pinned_function.services import Services

Self = TypeVar("Self")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

Severity = Literal["info", "warning"]
Log = Callable[[Severity, str], None]
"""Writes a line among the diagnostics of the run."""

DEBUG: Final = "FCPIN_DEBUG"
"""Set to 1, failures keep their type and traceback."""

_LOG_TIMEOUT: Final = 5.0


class ProviderError(Exception):
    """A failure as the engine prints it at the resource: `fcpin: where, what, what to do`."""


# Pulumi's plugin prints what `traceback` makes of an exception: the name of its class and its text.
ProviderError.__module__, ProviderError.__qualname__ = "builtins", "fcpin"


def report_errors(
    verb: Callable[Concatenate[Self, Arguments], Result],
) -> Callable[Concatenate[Self, Arguments], Result]:
    """Turn every failure of a provider's method into a ProviderError of one line."""

    @wraps(verb)
    def wrapper(self: Self, /, *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        try:
            return verb(self, *arguments, **named)
        except Exception as error:
            if os.environ.get(DEBUG) == "1":
                raise
            if isinstance(error, FcpinError):
                raise ProviderError(str(error)) from None
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise ProviderError(f"unexpected {what}; please report it with the output of {DEBUG}=1") from None
        finally:
            call_statistics.write()

    return wrapper


def hide_tracebacks() -> None:
    """The plugin appends the traceback to every failure; from now on there is none in this process."""
    if os.environ.get(DEBUG) != "1":
        sys.tracebacklimit = 0


@contextmanager
def problems_at(path: str) -> Iterator[None]:
    """Turn every expected failure into a problem with the property at *path*, unless it names its own."""
    try:
        yield
    except InvalidInput:
        raise
    except FcpinError as error:
        raise InvalidSettings(Problem(path, str(error))) from error


class ConfiguredProvider(ResourceProvider, ABC):
    """Holds no state between calls but the services that `configure` makes."""

    serialize_as_secret_always = False

    @report_errors
    def configure(self, req: ConfigureRequest) -> None:
        """Read the stack's configuration. No request is sent."""
        from fcpin.pinned_function import services

        hide_tracebacks()
        self._services: Services = services.of_this_process(req.config.get)

    @report_errors
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """The inputs with what was chosen, or a failure for each property that is wrong."""
        try:
            return CheckResult(self._checked(_olds, news), [])
        except InvalidInput as error:
            return CheckResult(news, [CheckFailure(problem.path, problem.reason) for problem in error.problems])

    @abstractmethod
    def _checked(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs of *news* as they are to be stored. Raises InvalidInput."""


def engine_log(address: str | None) -> Log:
    """A log that reaches the engine at *address* (`host:port`); standard error without one."""
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
            engine_pb2_grpc.EngineStub(channel).Log(request, timeout=_LOG_TIMEOUT)
    except grpc.RpcError:
        _stderr(severity, message)


def _stderr(severity: Severity, message: str) -> None:
    sys.stderr.write(f"{severity}: {message}\n")
