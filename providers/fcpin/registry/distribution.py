"""The OCI distribution API: any registry that `docker pull` can talk to, ACR Personal among them.

Specification: opencontainers/distribution-spec 1.1. Only what a policy needs is read, and nothing but tags is written.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlsplit

from fcpin.clock import Clock, SystemClock
from fcpin.errors import InvalidImage, RegistryError, RegistryProtocolError, RepositoryNotFound, TagNotFound
from fcpin.image import Digest, Manifest, Repository, TagRecord, is_tag, parse_digest
from fcpin.registry.auth import DELETE, PUSH, Authenticator
from fcpin.registry.base import PushTarget
from fcpin.registry.build_times import BuildTime, BuildTimes
from fcpin.registry.docker_config import DOCKER_HUB, Login, find_login
from fcpin.registry.manifests import (
    MANIFEST_TYPES,
    ManifestDocument,
    UnsupportedManifest,
    created_time,
    platform_name,
    read_manifest,
)
from fcpin.registry.oci_errors import parse_object
from fcpin.registry.paging import MAX_PAGES, pages
from fcpin.registry.pools import LOOPBACK
from fcpin.registry.session import Request, Session
from fcpin.registry.transport import MIB, Answer, Transport

PAGE_SIZE: Final = 1000
_LISTING_LIMIT: Final = 32 * MIB
_MANIFEST_LIMIT: Final = 4 * MIB
_AT_ONCE: Final = 8
_DEFAULT_PLATFORM: Final = "linux/amd64"
_WRITTEN: Final = range(200, 300)
_ACCEPT: Final = ", ".join(MANIFEST_TYPES)


class Distribution:
    """Reads and tags the images of one registry. Safe to share between threads.

    *host* is the registry's name, *endpoint* (`https://host[:port]`) another address to ask it at; plain http is
    used for hosts of this machine only, or when the endpoint says so. *find_login* is called when the registry
    first wants to know who we are. *build_times* keeps what `created` has found.
    """

    def __init__(
        self,
        host: str,
        *,
        endpoint: str | None = None,
        find_login: Callable[[], Login] | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
        build_times: BuildTimes | None = None,
        max_pages: int = MAX_PAGES,
    ) -> None:
        self._host = host
        self._base = (endpoint or default_endpoint(host)).rstrip("/")
        transport = transport or Transport()
        find_login = find_login or (lambda: find_docker_login(host))
        self._auth = Authenticator(self._base, find_login, transport, clock or SystemClock())
        self._session = Session(self._base, self._auth, transport)
        self._build_times = build_times
        self._max_pages = max_pages

    def list_tags(self, repository: Repository) -> Sequence[TagRecord]:
        """One request per 1,000 tags, or per as many as the registry gives at once."""
        asked = self._asked("tags", repository)
        tags = dict[str, None]()
        first = f"{self._url(repository)}/tags/list?n={PAGE_SIZE}"
        for page in pages(lambda url: self._listing(url, repository), first, max_pages=self._max_pages):
            tags.update(dict.fromkeys(_tags(page, asked)))
        return [TagRecord(tag) for tag in tags]

    def resolve(self, repository: Repository, tag: str) -> TagRecord:
        """One HEAD; a GET as well when Docker-Content-Digest is missing, or to learn why there is no such tag."""
        answer = self._get("HEAD", f"{self._url(repository)}/manifests/{quote(tag, safe='')}", repository)
        if answer.status == 200 and (sent := answer.headers.get("Docker-Content-Digest")):
            return TagRecord(tag, self._digest(sent, answer))
        digest, _ = self._manifest_body(repository, tag)
        return TagRecord(tag, digest)

    def manifest(self, repository: Repository, digest: Digest) -> Manifest:
        """One request for an index, two for a plain image, whose configuration names its platform."""
        document = self._document(repository, digest)
        if document.config is None:
            return Manifest(digest, children=document.children, is_attested=document.is_attested)
        platform = platform_name(self._config(repository, document.config))
        return Manifest(digest, platform=platform, size=document.size)

    def is_immutable(self, repository: Repository) -> bool | None:  # noqa: ARG002 - the protocol knows nothing of it
        """None: nothing is asked."""
        return None

    def push_target(self) -> PushTarget:
        """The address that is asked here, and the login that was found for it."""
        address = urlsplit(self._base)
        return PushTarget(address.netloc, address.scheme == "http", self._auth.login())

    def created(self, repository: Repository, tags: Sequence[str]) -> Mapping[str, datetime]:
        """One request for an image that was looked into before, two for another, three for an index; eight at once."""
        wanted = list(dict.fromkeys(tags))
        with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="fcpin-created") as pool:
            futures = [pool.submit(self._created, repository, tag) for tag in wanted]
            try:
                times = [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        if self._build_times is not None:
            self._build_times.trim()
        return {tag: time for tag, time in zip(wanted, times, strict=True) if time is not None}

    def add_tag(self, repository: Repository, tag: str, digest: Digest, *, like: str) -> None:  # noqa: ARG002 - the seam's
        """The same manifest, byte for byte and of the same media type, under another name."""
        _, manifest = self._manifest_body(repository, digest)
        put = Request(
            "PUT",
            f"{self._url(repository)}/manifests/{tag}",
            {"Content-Type": manifest.headers.get("Content-Type", "")},
            body=manifest.body,
            actions=PUSH,
        )
        answer = self._session.ask(put, repository)
        if answer.status not in _WRITTEN:
            raise self._session.refusal(
                answer, self._asked(f"new tag {tag}", repository), RepositoryNotFound, "push to"
            )

    def delete_tag(self, repository: Repository, tag: str) -> None:
        """Deleting a name alone is optional in the protocol, so it is looked at afterwards."""
        delete = Request("DELETE", f"{self._url(repository)}/manifests/{tag}", {}, actions=DELETE)
        answer = self._session.ask(delete, repository)
        asked = self._asked(f"deletion of the tag {tag}", repository)
        if answer.status in {401, 403}:
            raise self._session.refusal(answer, asked, TagNotFound, "delete from")
        with suppress(TagNotFound):
            self.resolve(repository, tag)
            raise RegistryError(f"{asked}: refused (status {answer.status}): this registry deletes no single tags")

    def _created(self, repository: Repository, tag: str) -> datetime | None:
        try:
            document = self._document(repository, tag)
            known = self._build_times.get(document.digest) if self._build_times else None
            if known is None:
                known = BuildTime(self._built(repository, document))
                if self._build_times is not None:
                    self._build_times.put(document.digest, known)
        except (TagNotFound, UnsupportedManifest):
            return None
        return known.created

    def _built(self, repository: Repository, document: ManifestDocument) -> datetime | None:
        if document.children:
            # One build makes all platforms of an index; the one that FC runs speaks for them.
            child = document.children.get(_DEFAULT_PLATFORM) or next(iter(document.children.values()))
            document = self._document(repository, child)
        return None if document.config is None else created_time(self._config(repository, document.config))

    def _document(self, repository: Repository, reference: str) -> ManifestDocument:
        digest, answer = self._manifest_body(repository, reference)
        asked = self._asked(f"manifest {reference}", repository)
        return read_manifest(digest, parse_object(answer, asked), asked)

    def _manifest_body(self, repository: Repository, reference: str) -> tuple[Digest, Answer]:
        """A manifest by tag or digest, and the digest of what arrived; it must be the one that was asked for."""
        url = f"{self._url(repository)}/manifests/{quote(reference, safe=':')}"
        answer = self._ok(self._get("GET", url, repository), f"manifest {reference}", repository, TagNotFound)
        promised = reference if reference.startswith("sha256:") else answer.headers.get("Docker-Content-Digest")
        return self._verified(answer, promised), answer

    def _config(self, repository: Repository, digest: Digest) -> Mapping[str, object]:
        url = f"{self._url(repository)}/blobs/{digest}"
        answer = self._ok(self._get("GET", url, repository), f"configuration {digest}", repository, TagNotFound)
        self._verified(answer, digest)
        return parse_object(answer, self._asked(f"configuration {digest}", repository))

    def _listing(self, url: str, repository: Repository) -> Answer:
        return self._ok(self._get("GET", url, repository, _LISTING_LIMIT), "tags", repository, RepositoryNotFound)

    def _get(self, method: str, url: str, repository: Repository, limit: int = _MANIFEST_LIMIT) -> Answer:
        headers = {"Accept": "application/json" if "/tags/list" in url else _ACCEPT}
        return self._session.ask(Request(method, url, headers, limit=limit), repository)

    def _ok(self, answer: Answer, what: str, repository: Repository, missing: type[RegistryError]) -> Answer:
        if answer.status == 200:
            return answer
        raise self._session.refusal(answer, self._asked(what, repository), missing)

    def _verified(self, answer: Answer, promised: str | None) -> Digest:
        digest = Digest(f"sha256:{hashlib.sha256(answer.body).hexdigest()}")
        if promised is not None and self._digest(promised, answer) != digest:
            raise RegistryProtocolError(
                f"{self._host}: {urlsplit(answer.url).path} has the digest {digest}, expected {promised}"
            )
        return digest

    def _digest(self, text: str, answer: Answer) -> Digest:
        try:
            return parse_digest(text)
        except InvalidImage:
            raise RegistryProtocolError(
                f"{self._host}: {urlsplit(answer.url).path} has the digest {text[:80]!r}; fcpin can sha256 only"
            ) from None

    def _url(self, repository: Repository) -> str:
        return f"{self._base}/v2/{repository.path}"

    def _asked(self, what: str, repository: Repository) -> str:
        at = "" if urlsplit(self._base).netloc == self._host else f" (at {self._base})"
        return f"{self._host}{at}: {what} of {repository.path}"


def default_endpoint(host: str) -> str:
    """Where a registry of that name is asked: over TLS, unless it is on this machine, as docker does it."""
    if host == DOCKER_HUB:
        return "https://registry-1.docker.io"
    local = urlsplit(f"//{host}").hostname in LOOPBACK
    return f"{'http' if local else 'https'}://{host}"


def find_docker_login(*hosts: str) -> Login:
    """The login that docker has for the first of *hosts*. Raises RegistryDenied when it cannot be read."""
    return find_login(hosts)


def _tags(page: Answer, asked: str) -> Iterable[str]:
    tags = parse_object(page, asked).get("tags")
    if tags is None:  # docker-registry's answer for a repository whose tags are all gone
        return []
    if not isinstance(tags, list):
        raise RegistryProtocolError(f"{asked}: expected a list of tags, got {type(tags).__name__}")
    for tag in tags:
        if not isinstance(tag, str) or not is_tag(tag):
            raise RegistryProtocolError(f"{asked}: {str(tag)[:80]!r} is no tag")
    return tags
