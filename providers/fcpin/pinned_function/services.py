"""Everything a plugin process needs of the outside world, made once from the stack's configuration."""

import threading
from dataclasses import dataclass

from fcpin.clock import SystemClock
from fcpin.fc.client import FunctionClient
from fcpin.pinned_function.claims import Claims
from fcpin.pinned_function.deployer import ClientFor, Deployer
from fcpin.pinned_function.engine_log import Log, plugin_log
from fcpin.pinned_function.resolver import Resolver
from fcpin.pinned_function.run_memo import Engine, RunMemo, memo_folder
from fcpin.registry.directory import RegistryDirectory
from fcpin.settings import Get, Settings, endpoint_of


@dataclass(frozen=True, slots=True)
class Services:
    """What the provider's verbs are made of."""

    default_region: str
    client_for: ClientFor
    directory: RegistryDirectory
    resolver: Resolver
    deployer: Deployer
    claims: Claims
    log: Log


def configured(get: Get) -> Services:
    """Make the services from stack configuration. Asks nobody anything. Raises InvalidSettings."""
    settings, clock, log = Settings.read(get), SystemClock(), plugin_log()
    directory = RegistryDirectory(
        settings.registries, credentials=settings.credentials, cr_endpoint=settings.endpoints.get("cr"), clock=clock
    )
    memo = RunMemo(memo_folder(), Engine.of_this_plugin())
    resolver = Resolver(
        directory, settings.repositories, memo, log, clock.now(), bypass_min_age=settings.bypass_min_age
    )
    client_for = _clients(settings)
    deployer = Deployer(client_for, resolver, clock, log)
    return Services(settings.region, client_for, directory, resolver, deployer, Claims(), log)


def _clients(settings: Settings) -> ClientFor:
    """One client a region, shared by all resources."""
    clients: dict[str, FunctionClient] = {}
    lock = threading.Lock()

    def client_for(region: str) -> FunctionClient:
        with lock:
            if region not in clients:
                endpoint = endpoint_of(settings, region)
                clients[region] = FunctionClient(region, endpoint=endpoint, credentials=settings.credentials)
            return clients[region]

    return client_for
