"""Whom a stack's settings say to ask: a client of Function Compute for each region, and the registries."""

import threading
from collections.abc import Callable

from fcpin.clock import Clock
from fcpin.fc.client import FunctionClient
from fcpin.registry.directory import RegistryDirectory
from fcpin.settings import Settings, endpoint_of

ClientFor = Callable[[str], FunctionClient]
"""The client of a region."""


def function_clients(settings: Settings) -> ClientFor:
    """One client a region, shared by whoever asks. Asks nobody anything yet."""
    clients: dict[str, FunctionClient] = {}
    lock = threading.Lock()

    def client_for(region: str) -> FunctionClient:
        with lock:
            if region not in clients:
                endpoint = endpoint_of(settings, region)
                clients[region] = FunctionClient(region, endpoint=endpoint, credentials=settings.credentials)
            return clients[region]

    return client_for


def registries(settings: Settings, clock: Clock) -> RegistryDirectory:
    """All registries, with one listing of each repository. Asks nobody anything yet. Raises InvalidSettings."""
    return RegistryDirectory(
        settings.registries, credentials=settings.credentials, cr_endpoint=settings.endpoints.get("cr"), clock=clock
    )
