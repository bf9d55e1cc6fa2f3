"""The clients that a stack's settings describe: Function Compute of each region, Serverless Devs, the registries."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from fcpin.clock import Clock
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Profile
from fcpin.image import Repository
from fcpin.pipelines.buildah import Buildah
from fcpin.pipelines.builder import BuilderByName
from fcpin.pipelines.cancel_on_exit import cancel_on_exit
from fcpin.pipelines.devs import DevsClient
from fcpin.pipelines.devs_builder import DevsBuilder
from fcpin.registry.base import PushTarget
from fcpin.registry.build_times import BuildTimes
from fcpin.registry.registries import Registries
from fcpin.settings import Settings, endpoint_of

_log = logging.getLogger(__name__)


class ClientFor(Protocol):
    """The client of a region, with the stack's credentials or those of a profile of the Alibaba Cloud CLI."""

    def __call__(self, region: str, profile: str = "") -> FunctionClient:
        """One object for the same region and profile."""


def function_clients(settings: Settings) -> ClientFor:
    """One client a region and profile, made at its first use. No request."""
    clients: dict[tuple[str, str], FunctionClient] = {}
    lock = threading.Lock()

    def client_for(region: str, profile: str = "") -> FunctionClient:
        with lock:
            if (region, profile) not in clients:
                account = Profile(profile) if profile else settings.credentials
                endpoint = endpoint_of(settings, region)
                clients[region, profile] = FunctionClient(region, endpoint=endpoint, credentials=account)
            return clients[region, profile]

    return client_for


def devs_client(settings: Settings, profile: str = "") -> DevsClient:
    """The client of Serverless Devs, with the stack's credentials or a profile's. No request."""
    account = Profile(profile) if profile else settings.credentials
    return DevsClient(endpoint=settings.endpoints.get("devs", ""), credentials=account)


def registries_of(settings: Settings, clock: Clock, report: Callable[[str], None] = _log.info) -> Registries:
    """All registries, with one listing of each repository. No request. Raises InvalidSettings.

    *report* gets what the user may want to know of a listing.
    """
    return Registries(
        settings.registries,
        credentials=settings.credentials,
        cr_endpoint=settings.endpoints.get("cr"),
        clock=clock,
        report=report,
        build_times=BuildTimes.of_user(),
    )


def builders(settings: Settings, registries: Registries, folder: Path, clock: Clock) -> BuilderByName:
    """Return the builders of Serverless Devs, and of buildah for the code repository at *folder*. No request yet."""

    def target(repository: Repository) -> PushTarget:
        return registries.open(repository).push_target()

    return BuilderByName({"devs": devs_builder(settings, clock), "buildah": Buildah(folder, target, clock)})


def devs_builder(settings: Settings, clock: Clock) -> DevsBuilder:
    """Return the builder of Serverless Devs. No request yet."""
    client = devs_client(settings)
    return DevsBuilder(client, clock, lambda name: cancel_on_exit(client.endpoint, settings.credentials, name))
