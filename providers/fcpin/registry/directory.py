"""Which registry serves a host, and one listing of each repository per run, shared by everybody who asks."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

from fcpin.clock import Clock, SystemClock
from fcpin.errors import RegistryError
from fcpin.image import AcrHost, Digest, Manifest, Repository, TagRecord, acr_host
from fcpin.limits import Limits
from fcpin.openapi import Account, Credentials, Profile, Retry
from fcpin.registry.acr_api import AcrApi
from fcpin.registry.acr_enterprise import AcrEnterprise, InstanceNotSeen
from fcpin.registry.acr_personal import AcrPersonal
from fcpin.registry.acr_personal_api import PersonalApi
from fcpin.registry.base import PushTarget, TaggingRegistry
from fcpin.registry.build_times import BuildTimes
from fcpin.registry.distribution import Distribution, docker_logins
from fcpin.registry.docker_config import FindLogin, Login, RenewedLogin
from fcpin.registry.settings import RegistrySettings, by_registry, public_host
from fcpin.registry.transport import REGISTRY_RETRY, Transport
from fcpin.single_flight import SingleFlight

_log = logging.getLogger(__name__)

LISTINGS_AT_ONCE: Final = 8
_STACK: Final = "stack config"


class RegistryDirectory:
    """All registries of one run, behind the methods of one. Safe to share between threads.

    *settings* are by host. *credentials* and *cr_endpoint* are for ACR's APIs: None takes the default chain and
    `cr.<region>.aliyuncs.com`. *tell* takes what the user may want to know of a listing, *build_times*
    keeps what was found in images, *limits* bound each request. A repository is asked for
    under its registry's public host, whichever of ACR's hosts it is named by, unless the settings give an endpoint.

    Raises InvalidSettings when two of the hosts are one registry.
    """

    def __init__(
        self,
        settings: Mapping[str, RegistrySettings] | None = None,
        *,
        credentials: Credentials | None = None,
        cr_endpoint: str | None = None,
        retry: Retry = REGISTRY_RETRY,
        clock: Clock | None = None,
        tell: Callable[[str], None] = _log.info,
        build_times: BuildTimes | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._settings = by_registry(settings or {})
        self._credentials = credentials
        self._cr_endpoint = cr_endpoint
        self._retry = retry
        self._clock = clock or SystemClock()
        self._tell = tell
        self._build_times = build_times
        self._limits = limits
        self._transport = Transport(retry=retry, clock=self._clock, limits=limits)
        self._registries = SingleFlight[str, TaggingRegistry]()
        self._listings = SingleFlight[Repository, Sequence[TagRecord]]()
        self._records = SingleFlight[tuple[Repository, str], TagRecord]()
        self._manifests = SingleFlight[tuple[Repository, Digest], Manifest]()
        self._created = SingleFlight[tuple[Repository, frozenset[str]], Mapping[str, datetime]]()
        self._pool = ThreadPoolExecutor(LISTINGS_AT_ONCE, thread_name_prefix="fcpin-listing")

    def registry_for(self, repository: Repository) -> TaggingRegistry:
        """The registry that serves *repository*; one object per registry, whichever of its hosts is named."""
        host = public_host(repository.host)
        return self._registries.get(host, lambda: self._open(host, repository.host))

    def list_tags(self, repository: Repository) -> Sequence[TagRecord]:
        """Every tag, listed once a run. A listing that failed for a passing reason is made anew for the next caller."""
        named = _canonical(repository)
        return self._listings.get(named, lambda: tuple(self.registry_for(repository).list_tags(named)))

    def resolve(self, repository: Repository, tag: str) -> TagRecord:
        """What *tag* points at now: asked anew at every call."""
        return self.registry_for(repository).resolve(_canonical(repository), tag)

    def resolve_once(self, repository: Repository, tag: str) -> TagRecord:
        """What *tag* pointed at when the run first asked."""
        return self._records.get((_canonical(repository), tag), lambda: self.resolve(repository, tag))

    def manifest(self, repository: Repository, digest: Digest) -> Manifest:
        """Platforms of an image, asked once a run: a digest's content never changes."""
        named = _canonical(repository)
        return self._manifests.get((named, digest), lambda: self.registry_for(repository).manifest(named, digest))

    def is_immutable(self, repository: Repository) -> bool | None:
        """Whether no tag can be moved; None where the registry does not tell."""
        return self.registry_for(repository).is_immutable(_canonical(repository))

    def specification(self, repository: Repository) -> str:
        """`InstanceSpecification` of the ACR Enterprise instance that serves *repository*; empty for any other."""
        registry = self.registry_for(repository)
        return registry.specification() if isinstance(registry, AcrEnterprise) else ""

    def created(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, datetime]:
        """When these tags were built, asked once a run for the same tags."""
        named = _canonical(repository)
        return self._created.get((named, frozenset(tags)), lambda: self.registry_for(repository).created(named, tags))

    def add_tag(self, repository: Repository, tag: str, digest: Digest, *, like: str) -> None:
        """Let *tag* point at *digest*, at which *like* points."""
        self.registry_for(repository).add_tag(_canonical(repository), tag, digest, like=like)

    def delete_tag(self, repository: Repository, tag: str) -> None:
        """Remove the name, never its digest."""
        self.registry_for(repository).delete_tag(_canonical(repository), tag)

    def is_private(self, repository: Repository) -> bool | None:
        """Whether only its owner's logins pull images; None where the registry has no answer."""
        return self.registry_for(repository).is_private(_canonical(repository))

    def push_target(self, repository: Repository) -> PushTarget:
        """Where other programs push *repository* to, and as whom."""
        return self.registry_for(repository).push_target(_canonical(repository))

    def forget(self, repository: Repository, tag: str) -> None:
        """Ask anew for what has changed since *tag* was pushed: maybe its repository was made by that."""
        named = _canonical(repository)
        self._listings.drop(named)
        self._records.drop((named, tag))
        self._registries.drop(public_host(repository.host))

    def start_listing(self, repositories: Iterable[Repository]) -> None:
        """Begin these listings in the background, at most 8 at once. Whoever asks for one then joins it.

        A failure is not reported here: `list_tags` raises it, or tries again when it was a passing one.
        """
        as_written = {_canonical(repository): repository for repository in repositories}
        for repository in as_written.values():  # a login is looked up under the host that was written
            self._pool.submit(self._list_quietly, repository)

    def close(self) -> None:
        """Begin no more background listings; those under way end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _list_quietly(self, repository: Repository) -> None:
        with suppress(RegistryError):
            self.list_tags(repository)

    def _open(self, host: str, written: str) -> TaggingRegistry:
        settings = self._settings.get(host, RegistrySettings())
        acr = acr_host(host)
        account = Profile(settings.profile) if settings.profile else self._credentials
        if acr is not None and acr.edition == "enterprise":
            return self._enterprise(acr, settings, account)
        images = self._distribution(host, settings, docker_logins(written).find)
        if acr is None or not settings.push_times:
            return images
        api = PersonalApi(
            acr.region, credentials=account, endpoint=self._cr_endpoint, retry=self._retry, limits=self._limits
        )
        return AcrPersonal(acr, images, api, self._tell)

    def _enterprise(self, acr: AcrHost, settings: RegistrySettings, account: Account | None) -> TaggingRegistry:
        host = acr.public_host
        enterprise = AcrEnterprise(
            acr,
            lambda find: self._distribution(host, settings, RenewedLogin(find, self._clock).find),
            AcrApi(acr.region, credentials=account, endpoint=self._cr_endpoint, retry=self._retry, limits=self._limits),
            instance_id=settings.instance_id,
        )
        if settings.username:
            try:
                enterprise.find_instance()
            except InstanceNotSeen as error:
                self._tell(f"no push times are known: {error}")
                return self._distribution(host, settings, docker_logins(host).find)
        return enterprise

    def _distribution(self, host: str, settings: RegistrySettings, find: FindLogin) -> Distribution:
        """*find* finds the login when the stack's settings give none."""
        given = Login(_STACK, settings.username, settings.password or "") if settings.username else None
        return Distribution(
            host,
            endpoint=settings.endpoint,
            find_login=(lambda _: given) if given else find,
            transport=self._transport,
            clock=self._clock,
            build_times=self._build_times,
        )


def _canonical(repository: Repository) -> Repository:
    return replace(repository, host=public_host(repository.host))
