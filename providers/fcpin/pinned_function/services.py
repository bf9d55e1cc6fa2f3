"""The clients, caches and checks of a plugin process, made once from the stack's configuration."""

import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fcpin.clients import ClientFor, function_clients, registries_of
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput, InvalidSettings, Problem
from fcpin.function_files import with_files
from fcpin.pinned_function.approvals import Approvals
from fcpin.pinned_function.deployer import Deployer
from fcpin.pinned_function.health import Health
from fcpin.pinned_function.inputs import PinArgs
from fcpin.pinned_function.keys import CHOSEN, PROVIDER
from fcpin.pinned_function.preview_cache import Engine, PreviewCache, cache_folder
from fcpin.pinned_function.properties import Log, Severity
from fcpin.pinned_function.resolver import Resolver
from fcpin.pinned_function.verify_pin import Verifier
from fcpin.registry.registries import Registries
from fcpin.settings import Get, Settings

_LOG_TIMEOUT: Final = 5.0


class Duplicates:
    """Refuses two resources for one function: each would undo the other's changes. Thread-safe."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, str, str], str] = {}
        self._lock = threading.Lock()

    def check(self, args: PinArgs) -> None:
        """Raises InvalidSettings if another resource manages the function. The same one may be checked again."""
        with self._lock:
            owner = self._owners.setdefault((args.region, args.profile, args.function_name), args.owner)
        if owner != args.owner:
            other = owner.rpartition("::")[2]
            where = f"{args.function_name} in {args.region}"
            raise InvalidSettings(
                Problem("function_name", f"{where} is already managed by {other}; remove one of the two resources")
            )


@dataclass(frozen=True, slots=True)
class Services:
    """What the provider's methods call."""

    default_region: str
    client_for: ClientFor
    registries: Registries
    resolver: Resolver
    deployer: Deployer
    duplicates: Duplicates
    health: Health
    log: Log
    cache: PreviewCache
    approvals: Approvals | None = None
    """None: nothing has to be approved."""
    parsed: dict[object, tuple[Mapping[str, Any], PinArgs]] = field(default_factory=dict)

    def args(self, properties: Mapping[str, Any]) -> PinArgs:
        """The inputs as values, parsed once for check, diff and the deployment. Raises InvalidInput."""
        given = {"region": self.default_region}
        given |= {key: value for key, value in properties.items() if key not in (*CHOSEN, PROVIDER)}
        key = given.get("owner"), given.get("function_name")
        if (known := self.parsed.get(key)) is not None and known[0] == given:
            return known[1]
        args = PinArgs.read(given)
        self.parsed[key] = given, args
        return args


_NO_FOLDER: Final = (
    "no private folder can be created for the preview cache (XDG_RUNTIME_DIR, the temporary folder, ~/.cache): "
    "preview and update select independently, so read the update's output, or deploy a plan (pulumi up --plan)"
)
_LOCK: Final = threading.Lock()
_MADE: Final[list[Services]] = []


def of_this_process(get: Get) -> Services:
    """The services of a plugin process, shared by all its providers: their configuration is the same.

    One listing of a repository serves them all, and what the preview selected is taken once. Raises InvalidSettings.
    """
    with _LOCK:
        if not _MADE:
            _MADE.append(configured(get))
        return _MADE[0]


def configured(get: Get) -> Services:
    """Make the services from stack configuration. Sends no request. Raises InvalidSettings."""
    settings, clock, log = Settings.read(_with_files(get)), SystemClock(), plugin_log()
    registries = registries_of(settings, clock, report=lambda line: log("info", line))
    folder = cache_folder()
    if folder is None:
        log("warning", _NO_FOLDER)
    cache = PreviewCache(folder, Engine.of_this_plugin())
    resolver = Resolver(
        registries, settings.repositories, cache, log, clock.now(), min_age_bypass=settings.min_age_bypass
    )
    client_for = function_clients(settings)
    deployer = Deployer(client_for, resolver, Verifier(registries, log), clock, log)
    approvals = Approvals.from_environment()
    health = Health(client_for, resolver)
    return Services(
        settings.region, client_for, registries, resolver, deployer, Duplicates(), health, log, cache, approvals
    )


def _with_files(get: Get) -> Get:
    """Also the functions in files of their own. The program reports their problems; `destroy` needs none of them."""
    try:
        return with_files(get, Path.cwd())
    except InvalidInput:
        return get


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
