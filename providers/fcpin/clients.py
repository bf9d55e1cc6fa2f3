"""Whom a stack's settings say to ask: Function Compute of each region, Serverless Devs, and the registries."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from fcpin.build.buildah import Buildah
from fcpin.build.builder import Chosen
from fcpin.build.pipelines import PipelineBuilder
from fcpin.build.switch import armed
from fcpin.clock import Clock
from fcpin.devs.client import DevsClient
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Profile
from fcpin.image import Repository
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
    """One client a region and profile, shared by whoever asks. Asks nobody anything yet."""
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
    """The client of Serverless Devs, with the stack's credentials or a profile's. Asks nobody anything yet."""
    account = Profile(profile) if profile else settings.credentials
    return DevsClient(endpoint=settings.endpoints.get("devs", ""), credentials=account)


def registries_of(settings: Settings, clock: Clock, report: Callable[[str], None] = _log.info) -> Registries:
    """All registries, with one listing of each repository. Asks nobody anything yet. Raises InvalidSettings.

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


def builders(settings: Settings, registries: Registries, folder: Path, clock: Clock) -> Chosen:
    """By Serverless Devs, or by buildah from the code repository at *folder*. Asks nobody anything yet."""

    def target(repository: Repository) -> PushTarget:
        return registries.open(repository).push_target()

    return Chosen({"devs": pipeline_builder(settings, clock), "buildah": Buildah(folder, target, clock)})


def pipeline_builder(settings: Settings, clock: Clock) -> PipelineBuilder:
    """Builds by Serverless Devs. Asks nobody anything yet."""
    client = devs_client(settings)
    return PipelineBuilder(client, clock, lambda name: armed(client.endpoint, settings.credentials, name))
