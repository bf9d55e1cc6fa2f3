"""Everything a plugin process needs of the outside world, made once from the stack's configuration."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fcpin.clients import ClientFor, function_clients, registries_of
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput
from fcpin.function_files import with_files
from fcpin.pinned_function.approved import Approved
from fcpin.pinned_function.claims import Claims
from fcpin.pinned_function.deployer import Deployer
from fcpin.pinned_function.engine_log import Log, plugin_log
from fcpin.pinned_function.guard import Guard
from fcpin.pinned_function.health import Health
from fcpin.pinned_function.resolver import Resolver
from fcpin.pinned_function.run_memo import Engine, RunMemo, memo_folder
from fcpin.protection.pin_tags import PinTags
from fcpin.registry.registries import Registries
from fcpin.settings import Get, Settings


@dataclass(frozen=True, slots=True)
class Services:
    """What the provider's verbs are made of."""

    default_region: str
    client_for: ClientFor
    registries: Registries
    resolver: Resolver
    deployer: Deployer
    claims: Claims
    health: Health
    log: Log
    memo: RunMemo
    approved: Approved | None = None
    """None: whatever the policies choose may be deployed."""


_NO_MEMO: Final = (
    "no private folder can be made for what a preview selects (XDG_RUNTIME_DIR, the temporary folder, ~/.cache): "
    "preview and update each select on their own, so read the update's output, or deploy a plan (pulumi up --plan)"
)
_LOCK: Final = threading.Lock()
_MADE: Final[list[Services]] = []


def of_this_process(get: Get) -> Services:
    """The services of a plugin process, whichever provider asks first: its configuration is the same for all.

    One listing of a repository serves them all, and what the preview selected is taken once. Raises InvalidSettings.
    """
    with _LOCK:
        if not _MADE:
            _MADE.append(configured(get))
        return _MADE[0]


def configured(get: Get) -> Services:
    """Make the services from stack configuration. Asks nobody anything. Raises InvalidSettings."""
    settings, clock, log = Settings.read(_with_files(get)), SystemClock(), plugin_log()
    registries = registries_of(settings, clock, tell=lambda said: log("info", said))
    folder = memo_folder()
    if folder is None:
        log("warning", _NO_MEMO)
    memo = RunMemo(folder, Engine.of_this_plugin())
    resolver = Resolver(
        registries, settings.repositories, memo, log, clock.now(), min_age_bypass=settings.min_age_bypass
    )
    client_for = function_clients(settings)
    deployer = Deployer(client_for, resolver, Guard(resolver, PinTags(registries), log), clock, log)
    approved = Approved.from_environment()
    health = Health(client_for, resolver)
    return Services(settings.region, client_for, registries, resolver, deployer, Claims(), health, log, memo, approved)


def _with_files(get: Get) -> Get:
    """Also the functions in files of their own. The program reports what is wrong with them; `destroy` needs none."""
    try:
        return with_files(get, Path.cwd())
    except InvalidInput:
        return get
