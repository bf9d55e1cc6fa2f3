"""Which registry serves a host, and a handle for each repository that remembers what one run has read."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from fcpin.clock import Clock, SystemClock
from fcpin.errors import RegistryError
from fcpin.http.credentials import Account, Credentials, Profile
from fcpin.http.limits import REGISTRY_RETRY, Limits, Retry
from fcpin.image import AcrHost, Digest, Manifest, Repository, TagRecord, acr_host
from fcpin.registry.acr_api import AcrApi
from fcpin.registry.acr_enterprise import AcrEnterprise, InstanceNotSeen
from fcpin.registry.acr_personal import AcrPersonal
from fcpin.registry.acr_personal_api import PersonalApi
from fcpin.registry.base import PushTarget, TaggingRegistry
from fcpin.registry.build_times import BuildTimes
from fcpin.registry.distribution import Distribution, docker_logins
from fcpin.registry.docker_config import FindLogin, Login, RenewedLogin
from fcpin.registry.settings import RegistrySettings, by_registry, public_host
from fcpin.registry.transport import Transport
from fcpin.single_flight import SingleFlight

_log = logging.getLogger(__name__)

LISTINGS_AT_ONCE: Final = 8
_STACK: Final = "stack config"


class Memo:
    """What one run has read of a repository."""

    def __init__(self, forget_client: Callable[[], None]) -> None:
        self.forget_client = forget_client
        self.listing = SingleFlight[str, Sequence[TagRecord]]()
        self.records = SingleFlight[str, TagRecord]()
        self.manifests = SingleFlight[Digest, Manifest]()
        self.created = SingleFlight[frozenset[str], Mapping[str, datetime]]()


@dataclass(frozen=True, slots=True)
class RepositoryHandle:
    """One repository at its registry. Safe to share between threads. Every method raises RegistryError.

    A failure that is not temporary is remembered like a result, and raised again without a request.
    """

    name: Repository
    """As it was written."""
    served: Repository
    """Under the public host of its registry: equal for two names of one repository."""
    client: Callable[[], TaggingRegistry]
    memo: Memo

    def list_tags(self) -> Sequence[TagRecord]:
        """Every tag, listed once a run."""
        return self.memo.listing.get("", lambda: tuple(self.client().list_tags(self.served)))

    def resolve(self, tag: str) -> TagRecord:
        """What *tag* points at now: one request at every call. Raises TagNotFound."""
        return self.client().resolve(self.served, tag)

    def resolve_once(self, tag: str) -> TagRecord:
        """What *tag* pointed at when the run first resolved it. Raises TagNotFound."""
        return self.memo.records.get(tag, lambda: self.resolve(tag))

    def manifest(self, digest: Digest) -> Manifest:
        """Platforms of an image, read once a run. Raises TagNotFound when it is gone."""
        return self.memo.manifests.get(digest, lambda: self.client().manifest(self.served, digest))

    def created(self, tags: Sequence[str]) -> Mapping[str, datetime]:
        """When these tags were built, read once a run for the same tags; see ReadableRepository."""
        return self.memo.created.get(frozenset(tags), lambda: self.client().created(self.served, tags))

    def is_immutable(self) -> bool | None:
        """Whether no tag can be moved; None where the registry has no answer."""
        return self.client().is_immutable(self.served)

    def is_private(self) -> bool | None:
        """Whether only its owner's logins pull images; None where the registry has no answer."""
        return self.client().is_private(self.served)

    def specification(self) -> str:
        """`InstanceSpecification` of its ACR Enterprise instance; empty for any other registry."""
        client = self.client()
        return client.specification() if isinstance(client, AcrEnterprise) else ""

    def add_tag(self, tag: str, digest: Digest, *, like: str) -> None:
        """Let *tag* point at *digest*, at which the tag *like* points.

        Where the registry copies from *like*, that may have moved: resolve *tag* afterwards. Raises RegistryDenied,
        TagNotFound.
        """
        self.client().add_tag(self.served, tag, digest, like=like)

    def delete_tag(self, tag: str) -> None:
        """Remove the tag, never its digest. No error when it is already gone. Raises RegistryDenied."""
        self.client().delete_tag(self.served, tag)

    def push_target(self) -> PushTarget:
        """For programs that push images themselves. Raises RegistryDenied when a source of logins is broken."""
        return self.client().push_target(self.served)

    def forget(self, tag: str) -> None:
        """Read again what may have changed since *tag* was pushed, the repository's existence included."""
        self.memo.listing.drop("")
        self.memo.records.drop(tag)
        self.memo.forget_client()


class Registries:
    """All registries of one run. Safe to share between threads.

    *settings* are by host. *credentials* and *cr_endpoint* are for ACR's APIs: None takes the default chain and
    `cr.<region>.aliyuncs.com`. *tell* takes what the user may want to know of a listing, *build_times*
    keeps what was found in images, *limits* bound each request. A repository is read under its registry's public host,
    whichever of ACR's hosts names it, unless the settings give an endpoint.

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
        self._lock = threading.Lock()
        self._handles: dict[Repository, RepositoryHandle] = {}
        self._clients = SingleFlight[str, TaggingRegistry]()
        self._pool = ThreadPoolExecutor(LISTINGS_AT_ONCE, thread_name_prefix="fcpin-listing")

    def open(self, repository: Repository) -> RepositoryHandle:
        """The handle of *repository*. No request. Hosts of one registry share what was read."""
        with self._lock:
            if repository not in self._handles:
                self._handles[repository] = self._open(repository)
            return self._handles[repository]

    def start_listing(self, repositories: Iterable[Repository]) -> None:
        """List these in the background, at most 8 at once; `list_tags` then waits for the listing that has begun.

        A failure is not reported here: `list_tags` raises it, or tries again when it was temporary.
        """
        for handle in {handle.served: handle for handle in map(self.open, repositories)}.values():
            self._pool.submit(_list_quietly, handle)

    def close(self) -> None:
        """Begin no more background listings; those under way end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _open(self, repository: Repository) -> RepositoryHandle:
        host = public_host(repository.host)
        served = replace(repository, host=host)
        if known := self._handles.get(served):
            return RepositoryHandle(repository, served, known.client, known.memo)

        def client() -> TaggingRegistry:
            return self._clients.get(host, lambda: self._client(host, repository.host))

        def forget() -> None:
            self._clients.drop(host)

        handle = RepositoryHandle(repository, served, client, Memo(forget))
        self._handles[served] = replace(handle, name=served)
        return handle

    def _client(self, host: str, written: str) -> TaggingRegistry:
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


def _list_quietly(repository: RepositoryHandle) -> None:
    with suppress(RegistryError):
        repository.list_tags()
