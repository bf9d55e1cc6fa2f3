"""The OCI distribution API: any registry that `docker pull` can talk to, ACR Personal among them.

Specification: opencontainers/distribution-spec 1.1. Only what a policy needs is read, and nothing but tags is written.
"""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from fcpin.clock import Clock, SystemClock
from fcpin.errors import InvalidImage, RegistryError, RegistryProtocolError, RepositoryNotFound, TagNotFound
from fcpin.http.exchange import LOOPBACK, Response
from fcpin.http.limits import MIB
from fcpin.image import Digest, Manifest, Repository, TagRecord, acr_host, listed_tag, parse_digest
from fcpin.registry.auth import DELETE, PUSH, Authenticator
from fcpin.registry.base import PushTarget
from fcpin.registry.build_times import BuildTime, BuildTimes
from fcpin.registry.docker_config import DOCKER_HUB, DockerLogins, FindLogin
from fcpin.registry.manifests import (
    MANIFEST_TYPES,
    ManifestDocument,
    UnsupportedManifest,
    created_time,
    platform_name,
    read_manifest,
)
from fcpin.registry.oci_errors import has_known_code, parse_object
from fcpin.registry.paging import MAX_PAGES, next_page, pages
from fcpin.registry.session import Request, Session
from fcpin.registry.transport import Transport

PAGE_SIZE: Final = 1000
_ROUND: Final = 50
"""What the page sizes of registries are multiples of."""
_MOST_TAGS: Final = 1_000_000
_MOST_BYTES: Final = 256 * MIB
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
        find_login: FindLogin | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
        build_times: BuildTimes | None = None,
        max_pages: int = MAX_PAGES,
    ) -> None:
        self._host = host
        self._base = (endpoint or default_endpoint(host)).rstrip("/")
        transport = transport or Transport()
        find_login = find_login or docker_logins(host).find
        self._clock = clock or SystemClock()
        self._auth = Authenticator(self._base, find_login, transport, self._clock)
        self._session = Session(self._base, self._auth, transport)
        self._build_times = build_times
        self._max_pages = max_pages

    def list_tags(self, repository: Repository) -> Sequence[TagRecord]:
        """One request per 1,000 tags, or per as many as the registry gives at once; one more after a full page."""
        tags, size, names, fresh = dict[str, None](), 0, list[str](), 0

        def follow(page: Response) -> str | None:
            # A registry that sends no Link may have cut the page off: at what was requested, or at a limit of its own.
            is_full = fresh > 0 and len(names) % _ROUND == 0
            return next_page(page) or (_after(page.url, names[-1]) if is_full else None)

        fetch = partial(self._page, repository)
        first = f"{self._url(repository)}/tags/list?n={PAGE_SIZE}"
        answers = pages(fetch, first, follow, clock=self._clock, max_pages=self._max_pages)
        for number, page in enumerate(answers, 1):
            known, size = len(tags), size + len(page.body)
            names = _tags(page, self._asked(_what(number), repository))
            tags.update(dict.fromkeys(map(listed_tag, names)))
            fresh = len(tags) - known
            if len(tags) > _MOST_TAGS or size > _MOST_BYTES:
                raise RegistryProtocolError(
                    f"{self._asked('tags', repository)}: more than {_MOST_TAGS:,} tags or {_MOST_BYTES:,} bytes"
                )
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
            return Manifest(digest, document.children, is_attested=document.is_attested, artifact=document.artifact)
        platform = platform_name(self._config(repository, document.config))
        return Manifest(digest, platform=platform, size=document.size)

    def is_immutable(self, repository: Repository) -> bool | None:  # noqa: ARG002 - the protocol knows nothing of it
        """None: nothing is asked."""
        return None

    def is_private(self, repository: Repository) -> bool | None:  # noqa: ARG002 - not part of the protocol
        """None, without a request."""
        return None

    def push_target(self, repository: Repository) -> PushTarget:
        """The address that is used here, and the login for *repository*."""
        address = urlsplit(self._base)
        return PushTarget(address.netloc, address.scheme == "http", self._auth.login(repository.path))

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
                answer, repository, self._asked(f"new tag {tag}", repository), RepositoryNotFound, "push to"
            )

    def delete_tag(self, repository: Repository, tag: str) -> None:
        """Deleting a name alone is optional in the protocol, so it is looked at afterwards."""
        delete = Request("DELETE", f"{self._url(repository)}/manifests/{tag}", {}, actions=DELETE)
        answer = self._session.ask(delete, repository)
        asked = self._asked(f"deletion of the tag {tag}", repository)
        if answer.status in {401, 403}:
            raise self._session.refusal(answer, repository, asked, TagNotFound, "delete from")
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

    def _manifest_body(self, repository: Repository, reference: str) -> tuple[Digest, Response]:
        """A manifest by tag or digest, and the digest of what arrived; it must be the one that was asked for."""
        url = f"{self._url(repository)}/manifests/{quote(reference, safe=':')}"
        answer = self._ok(self._get("GET", url, repository), f"manifest {reference}", repository, TagNotFound)
        promised = reference if reference.startswith("sha256:") else answer.headers.get("Docker-Content-Digest")
        return self._verified(answer, promised), answer

    def _config(self, repository: Repository, digest: Digest) -> Mapping[str, object]:
        url = f"{self._url(repository)}/blobs/{digest}"
        answer = self._get("GET", url, repository, elsewhere=True)
        answer = self._ok(answer, f"configuration {digest}", repository, TagNotFound)
        self._verified(answer, digest)
        return parse_object(answer, self._asked(f"configuration {digest}", repository))

    def _page(self, repository: Repository, url: str, number: int) -> Response:
        request = Request("GET", url, {"Accept": "application/json"}, limit=_LISTING_LIMIT)
        answer = self._session.ask(request, repository)
        if number == 1 and answer.status == 400 and not has_known_code(answer):
            # It may allow fewer tags at once than were requested.
            answer = self._session.ask(replace(request, url=url.partition("?")[0]), repository)
        return self._ok(answer, _what(number), repository, RepositoryNotFound)

    def _get(self, method: str, url: str, repository: Repository, *, elsewhere: bool = False) -> Response:
        request = Request(method, url, {"Accept": _ACCEPT}, limit=_MANIFEST_LIMIT, elsewhere=elsewhere)
        return self._session.ask(request, repository)

    def _ok(self, answer: Response, what: str, repository: Repository, missing: type[RegistryError]) -> Response:
        if answer.status == 200:
            return answer
        raise self._session.refusal(answer, repository, self._asked(what, repository), missing)

    def _verified(self, answer: Response, promised: str | None) -> Digest:
        digest = Digest(f"sha256:{hashlib.sha256(answer.body).hexdigest()}")
        if promised is not None and self._digest(promised, answer) != digest:
            raise RegistryProtocolError(
                f"{self._host}: {urlsplit(answer.url).path} has the digest {digest}, expected {promised}"
            )
        return digest

    def _digest(self, text: str, answer: Response) -> Digest:
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


def docker_logins(host: str) -> DockerLogins:
    """Where docker has the logins for the registry at *host*: under that name, or another one of the same registry."""
    acr = acr_host(host)
    return DockerLogins((host, *(acr.hosts if acr else ())))


def _what(page: int) -> str:
    return "tags" if page == 1 else f"page {page} of the tags"


def _after(url: str, tag: str) -> str:
    """The address of what a listing has after *tag*, as the distribution specification names it."""
    address, _, query = url.partition("?")
    wanted = [(key, value) for key, value in parse_qsl(query) if key == "n"]
    return f"{address}?{urlencode([*wanted, ('last', tag)], errors='surrogatepass')}"


def _tags(page: Response, asked: str) -> list[str]:
    listing = parse_object(page, asked)
    tags = listing.get("tags")
    if tags is None:  # docker-registry's answer for a repository whose tags are all gone
        if listing.keys().isdisjoint(("name", "tags")):
            raise RegistryProtocolError(f"{asked}: expected a listing of tags, got an object without name and tags")
        return []
    if not isinstance(tags, list):
        raise RegistryProtocolError(f"{asked}: expected a list of tags, got {type(tags).__name__}")
    for tag in tags:
        if not isinstance(tag, str):
            raise RegistryProtocolError(f"{asked}: expected the name of a tag, got {type(tag).__name__}")
    return tags
