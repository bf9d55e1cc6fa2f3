"""Which registry serves a host, and a handle for each repository that remembers what one run has read."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

from fcpin.acr_hosts import AcrHost, acr_host, public_host
from fcpin.clock import Clock, SystemClock
from fcpin.errors import PlatformMissing, RegistryError, TagNotFound
from fcpin.http.credentials import Account, Credentials, Profile
from fcpin.http.limits import Limits
from fcpin.http.retries import REGISTRY_RETRY, Retry
from fcpin.image import Digest, Manifest, Repository, SameDigest, TagRecord
from fcpin.registry.acr_enterprise import AcrApi, AcrEnterprise, InstanceNotFound
from fcpin.registry.acr_personal import AcrPersonal, PersonalApi
from fcpin.registry.auth import FindLogin, Login, RenewedLogin
from fcpin.registry.base import PushTarget, ReadableRepository, RegistryClient, RepositoryClient
from fcpin.registry.build_times import BuildTimes
from fcpin.registry.distribution import Distribution
from fcpin.registry.logins import docker_logins
from fcpin.registry.session import Transport
from fcpin.registry.settings import RegistrySettings, by_registry
from fcpin.single_flight import Once, SingleFlight

_log = logging.getLogger(__name__)

LISTINGS_AT_ONCE: Final = 8
_STACK: Final = "stack config"
_DEFAULTS: Final = RegistrySettings()


ATTESTED: Final = (
    "has build attestations besides the image (provenance or an SBOM), which Function Compute does not run: "
    "'platform of image is unknown/unknown'; build it without: docker buildx build --provenance=false --sbom=false"
)
"""The reason why such an image does not run. Source: FAQ of custom containers."""


class _Memo:
    """What one run has read of a repository, under whatever host of its registry it is named."""

    def __init__(self, registry: Once[RegistryClient], served: Repository) -> None:
        self.served = served
        """Under the public host of its registry."""
        self.registry = registry
        self._lock = threading.Lock()
        self._client: RepositoryClient | None = None
        self.listing = Once(lambda: tuple(self.client().list_tags()))
        self.records = SingleFlight[str, TagRecord]()
        self.manifests = SingleFlight[Digest, Manifest]()
        self.created = SingleFlight[frozenset[str], Mapping[str, datetime]]()

    def client(self) -> RepositoryClient:
        """The client of the repository: one object until it is forgotten. Raises RegistryError."""
        with self._lock:
            if self._client is None:
                self._client = self.registry().open(self.served)
            return self._client

    def forget(self, tag: str) -> None:
        """See RepositoryHandle."""
        self.registry.forget()
        self.listing.forget()
        self.records.forget(tag)
        with self._lock:
            self._client = None


class RepositoryHandle:
    """One repository at its registry. Safe to share between threads. Every method raises RegistryError.

    A failure that is not temporary is remembered like a result, and raised again without a request.
    """

    def __init__(self, name: Repository, memo: _Memo) -> None:
        self.name = name
        """As it was written."""
        self._memo = memo

    def list_tags(self) -> Sequence[TagRecord]:
        """Every tag, listed once a run."""
        return self._memo.listing()

    def resolve(self, tag: str) -> TagRecord:
        """What *tag* points at now: one request at every call. Raises TagNotFound."""
        return self._memo.client().resolve(tag)

    def resolve_once(self, tag: str) -> TagRecord:
        """What *tag* pointed at when the run first resolved it. Raises TagNotFound."""
        return self._memo.records.get(tag, lambda: self.resolve(tag))

    def manifest(self, digest: Digest) -> Manifest:
        """Platforms of an image, read once a run. Raises TagNotFound when it is gone."""
        return self._memo.manifests.get(digest, lambda: self._memo.client().manifest(digest))

    def created(self, tags: Sequence[str]) -> Mapping[str, datetime]:
        """When these tags were built, read once a run for the same tags; see ReadableRepository."""
        return self._memo.created.get(frozenset(tags), lambda: self._memo.client().created(tags))

    def is_immutable(self) -> bool | None:
        """Whether no tag can be moved; None where the registry has no answer."""
        return self._memo.client().is_immutable()

    def is_private(self) -> bool | None:
        """Whether only its owner's logins pull images; None where the registry has no answer."""
        return self._memo.client().is_private()

    def specification(self) -> str:
        """`InstanceSpecification` of its ACR Enterprise instance; empty for any other registry."""
        return self._memo.client().specification()

    def add_tag(self, tag: str, digest: Digest, *, like: str) -> None:
        """See RepositoryClient."""
        self._memo.client().add_tag(tag, digest, like=like)

    def delete_tag(self, tag: str) -> None:
        """Remove the tag, never its digest. No error when it is already gone. Raises RegistryDenied."""
        self._memo.client().delete_tag(tag)

    def push_target(self) -> PushTarget:
        """For programs that push images themselves. Raises RegistryDenied when a source of logins is broken."""
        return self._memo.client().push_target()

    def forget(self, tag: str) -> None:
        """Read again what may have changed since *tag* was pushed, the repository's existence included."""
        self._memo.forget(tag)


class Registries:
    """All registries of one run. Safe to share between threads.

    *settings* are by host. *credentials* and *cr_endpoint* are for ACR's APIs: None takes the default chain and
    `cr.<region>.aliyuncs.com`. *report* gets what the user may want to know of a listing, *build_times*
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
        report: Callable[[str], None] = _log.info,
        build_times: BuildTimes | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._settings = by_registry(settings or {})
        self._credentials = credentials
        self._cr_endpoint = cr_endpoint
        self._retry = retry
        self._clock = clock or SystemClock()
        self._report = report
        self._build_times = build_times
        self._limits = limits
        self._transport = Transport(retry=retry, clock=self._clock, limits=limits)
        self._lock = threading.Lock()
        self._handles: dict[Repository, RepositoryHandle] = {}
        self._memos: dict[Repository, _Memo] = {}
        self._clients: dict[str, Once[RegistryClient]] = {}
        self._pool = ThreadPoolExecutor(LISTINGS_AT_ONCE, thread_name_prefix="fcpin-listing")

    def open(self, repository: Repository) -> RepositoryHandle:
        """The handle of *repository*. No request. Hosts of one registry share what was read."""
        with self._lock:
            if repository not in self._handles:
                self._handles[repository] = RepositoryHandle(repository, self._memo(repository))
            return self._handles[repository]

    def start_listing(self, repositories: Iterable[Repository]) -> None:
        """List these in the background, at most 8 at once; `list_tags` then waits for the listing that has begun.

        A failure is not reported here: `list_tags` raises it, or tries again when it was temporary.
        """
        for handle in map(self.open, dict.fromkeys(repositories)):
            self._pool.submit(_list_quietly, handle)

    def close(self) -> None:
        """Begin no more background listings; those under way end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _memo(self, repository: Repository) -> _Memo:
        host = public_host(repository.host)
        served = replace(repository, host=host)
        if served not in self._memos:
            # A login is looked up under the host that was written first.
            client = self._clients.setdefault(host, Once(lambda: self._client(host, repository.host)))
            self._memos[served] = _Memo(client, served)
        return self._memos[served]

    def _client(self, host: str, written: str) -> RegistryClient:
        settings = self._settings.get(host, _DEFAULTS)
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
        return AcrPersonal(acr, images, api, self._report)

    def _enterprise(self, acr: AcrHost, settings: RegistrySettings, account: Account | None) -> RegistryClient:
        host = acr.public_host
        enterprise = AcrEnterprise(
            acr,
            lambda find: self._distribution(host, settings, RenewedLogin(find, self._clock).find),
            AcrApi(acr.region, credentials=account, endpoint=self._cr_endpoint, retry=self._retry, limits=self._limits),
            instance_id=settings.instance_id,
        )
        if settings.username:
            try:
                enterprise.instance_id()
            except InstanceNotFound as error:
                self._report(f"no push times are known: {error}")
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


def digest_of(record: TagRecord, repository: Repository) -> Digest:
    """The digest of a resolved tag. Raises TagNotFound when it has none."""
    if record.digest is None:
        raise TagNotFound(f"{repository}:{record.tag} has no digest")
    return record.digest


def same_image(repository: ReadableRepository, platform: str) -> SameDigest:
    """Whether two digests are one image: an index and its child for *platform* count as equal.

    The answer costs a read of the first one's manifest where they differ. It raises RegistryError.
    """

    def same(pinned: Digest, resolved: Digest | None) -> bool:
        if resolved is None or pinned == resolved:
            return pinned == resolved
        try:
            manifest = repository.manifest(pinned)
        except TagNotFound:
            return False
        return manifest.digest_for(platform) == resolved

    return same


def compressed_size(repository: ReadableRepository, manifest: Manifest, platform: str) -> int | None:
    """Bytes of the layers that run on *platform*; None where the registry gives none. Two requests for an index.

    Raises RegistryError.
    """
    child = manifest.children.get(platform)
    if child is None or child == manifest.digest:
        return manifest.size
    try:
        return repository.manifest(child).size
    except TagNotFound:
        return None


def require_platform(repository: ReadableRepository, tag: str, digest: Digest, platform: str) -> Manifest:
    """The manifest of an image that runs on *platform*.

    Raises PlatformMissing, TagNotFound when it is gone, RegistryError.
    """
    try:
        manifest = repository.manifest(digest)
    except TagNotFound:
        gone = f"{repository.name}:{tag} resolved to {digest}, which the registry no longer has; run again"
        raise TagNotFound(gone) from None
    if manifest.artifact:
        raise PlatformMissing(
            f"{repository.name}:{tag} is not a container image but an artifact of the type {manifest.artifact}; leave "
            "such tags out with filter_tags or ignore_tags, or push images and artifacts to separate repositories"
        )
    if manifest.digest_for(platform) is None:
        has = ", ".join(sorted(manifest.children)) or manifest.platform or "none"
        raise PlatformMissing(
            f"{repository.name}:{tag} has no {platform} image (it has: {has}); "
            f"build it with --platform {platform} --provenance=false"
        )
    return manifest
