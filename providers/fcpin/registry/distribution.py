"""The OCI distribution API: any registry that `docker pull` supports, ACR Personal among them.

Specification: opencontainers/distribution-spec 1.1. Only what a policy needs is read, and only tags are written.
"""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from fcpin.clock import Clock, SystemClock
from fcpin.errors import InvalidImage, RegistryError, RegistryProtocolError, RepositoryNotFound, TagNotFound
from fcpin.http.exchange import LOOPBACK, Response
from fcpin.http.limits import MIB
from fcpin.image import Digest, Manifest, Repository, TagRecord, listed_tag, parse_digest
from fcpin.json_reader import read_json
from fcpin.registry.auth import DELETE, PUSH, Authenticator, FindLogin
from fcpin.registry.base import PushTarget
from fcpin.registry.build_times import BuildTime, BuildTimes
from fcpin.registry.logins import DOCKER_HUB, docker_logins
from fcpin.registry.manifests import (
    MANIFEST_TYPES,
    ManifestDocument,
    UnsupportedManifest,
    created_time,
    platform_name,
    read_manifest,
)
from fcpin.registry.pages import MAX_PAGES, next_page, pages
from fcpin.registry.session import Request, Session, Transport, has_known_code, parse_object

PAGE_SIZE: Final = 1000
_PAGE_MULTIPLE: Final = 50
"""Page sizes of registries are multiples of it."""
_MOST_TAGS: Final = 1_000_000
_MOST_BYTES: Final = 256 * MIB
_LISTING_LIMIT: Final = 32 * MIB
_MANIFEST_LIMIT: Final = 4 * MIB
_AT_ONCE: Final = 8
_DEFAULT_PLATFORM: Final = "linux/amd64"
_WRITTEN: Final = range(200, 300)
_ACCEPT: Final = ", ".join(MANIFEST_TYPES)


class Distribution:
    """The client of one registry. Safe to share between threads.

    *host* is the registry's name, *endpoint* (`https://host[:port]`) another address to send requests to; plain http is
    used for hosts of this machine, and where the endpoint has it. *find_login* is called when the registry first
    requires a login. *build_times* keeps what `created` has found.
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
        self.base = (endpoint or default_endpoint(host)).rstrip("/")
        self.clock = clock or SystemClock()
        self.build_times = build_times
        self.max_pages = max_pages
        transport = transport or Transport()
        self.auth = Authenticator(self.base, find_login or docker_logins(host).find, transport, self.clock)
        self.session = Session(self.base, self.auth, transport)
        self.label = host if urlsplit(self.base).netloc == host else f"{host} (at {self.base})"

    def open(self, name: Repository) -> "DistributionRepository":
        return DistributionRepository(self, name)


class DistributionRepository:
    """One repository of a registry; see RepositoryClient."""

    def __init__(self, registry: Distribution, name: Repository) -> None:
        self.name = name
        self._registry = registry
        self._url = f"{registry.base}/v2/{name.path}"

    def list_tags(self) -> Sequence[TagRecord]:
        """One request per 1,000 tags, or per as many as the registry returns at once; one more after a full page."""
        tags, size, names, fresh = dict[str, None](), 0, list[str](), 0

        def follow(page: Response) -> str | None:
            # A registry that sends no Link may have cut the page off: at what was requested, or at a limit of its own.
            is_full = fresh > 0 and len(names) % _PAGE_MULTIPLE == 0
            return next_page(page) or (_after(page.url, names[-1]) if is_full else None)

        first = f"{self._url}/tags/list?n={PAGE_SIZE}"
        found = pages(self._page, first, follow, clock=self._registry.clock, max_pages=self._registry.max_pages)
        for number, page in enumerate(found, 1):
            known, size = len(tags), size + len(page.body)
            names = _tags(page, self._what(_page_name(number)))
            tags.update(dict.fromkeys(map(listed_tag, names)))
            fresh = len(tags) - known
            if len(tags) > _MOST_TAGS or size > _MOST_BYTES:
                raise RegistryProtocolError(
                    f"{self._what('tags')}: more than {_MOST_TAGS:,} tags or {_MOST_BYTES:,} bytes"
                )
        return [TagRecord(tag) for tag in tags]

    def resolve(self, tag: str) -> TagRecord:
        """One HEAD; a GET as well when Docker-Content-Digest is missing, or to learn why there is no such tag."""
        response = self._get("HEAD", f"{self._url}/manifests/{quote(tag, safe='')}")
        if response.status == 200 and (sent := response.headers.get("Docker-Content-Digest")):
            return TagRecord(tag, self._digest(sent, response))
        digest, _ = self._manifest_body(tag)
        return TagRecord(tag, digest)

    def manifest(self, digest: Digest) -> Manifest:
        """One request for an index, two for a plain image, whose configuration names its platform."""
        document = self._document(digest)
        if document.config is None:
            return Manifest(digest, document.children, is_attested=document.is_attested, artifact=document.artifact)
        return Manifest(digest, platform=platform_name(self._config(document.config)), size=document.size)

    def is_immutable(self) -> bool | None:
        """None, without a request: not part of the protocol. So is `is_private`."""
        return None

    def is_private(self) -> bool | None:
        return None

    def specification(self) -> str:
        return ""

    def push_target(self) -> PushTarget:
        address = urlsplit(self._registry.base)
        return PushTarget(address.netloc, address.scheme == "http", self._registry.auth.login(self.name.path))

    def created(self, tags: Sequence[str]) -> Mapping[str, datetime]:
        """One request for an image with a known build time, two for another, three for an index; eight at once."""
        wanted = list(dict.fromkeys(tags))
        with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="fcpin-created") as pool:
            futures = [pool.submit(self._created, tag) for tag in wanted]
            try:
                times = [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        if self._registry.build_times is not None:
            self._registry.build_times.trim()
        return {tag: time for tag, time in zip(wanted, times, strict=True) if time is not None}

    def add_tag(self, tag: str, digest: Digest, *, like: str) -> None:  # noqa: ARG002 - of the interface
        """The same manifest, byte for byte and of the same media type, under another name."""
        _, manifest = self._manifest_body(digest)
        headers = {"Content-Type": manifest.headers.get("Content-Type", "")}
        put = Request("PUT", f"{self._url}/manifests/{tag}", headers, body=manifest.body, actions=PUSH)
        response = self._send(put)
        if response.status not in _WRITTEN:
            raise self._error(response, f"new tag {tag}", RepositoryNotFound, "push to")

    def delete_tag(self, tag: str) -> None:
        """Deleting a tag alone is optional in the protocol, so its absence is checked afterwards."""
        response = self._send(Request("DELETE", f"{self._url}/manifests/{tag}", {}, actions=DELETE))
        what = f"deletion of the tag {tag}"
        if response.status in {401, 403}:
            raise self._error(response, what, TagNotFound, "delete from")
        with suppress(TagNotFound):
            self.resolve(tag)
            raise RegistryError(
                f"{self._what(what)}: refused (status {response.status}): this registry does not delete single tags"
            )

    def _created(self, tag: str) -> datetime | None:
        times = self._registry.build_times
        try:
            document = self._document(tag)
            known = times.get(document.digest) if times else None
            if known is None:
                known = BuildTime(self._built(document))
                if times is not None:
                    times.put(document.digest, known)
        except (TagNotFound, UnsupportedManifest):
            return None
        return known.created

    def _built(self, document: ManifestDocument) -> datetime | None:
        if document.children:
            # One build makes all platforms of an index; the time of the one that FC runs stands for all.
            child = document.children.get(_DEFAULT_PLATFORM) or next(iter(document.children.values()))
            document = self._document(child)
        return None if document.config is None else created_time(self._config(document.config))

    def _document(self, reference: str) -> ManifestDocument:
        digest, response = self._manifest_body(reference)
        what = self._what(f"manifest {reference}")
        return read_manifest(digest, parse_object(response, what), what)

    def _manifest_body(self, reference: str) -> tuple[Digest, Response]:
        """A manifest by tag or digest, and the digest of what arrived, which must be the requested one."""
        response = self._get("GET", f"{self._url}/manifests/{quote(reference, safe=':')}")
        self._require_ok(response, f"manifest {reference}", TagNotFound)
        promised = reference if reference.startswith("sha256:") else response.headers.get("Docker-Content-Digest")
        return self._verified(response, promised), response

    def _config(self, digest: Digest) -> Mapping[str, object]:
        what = f"configuration {digest}"
        response = self._get("GET", f"{self._url}/blobs/{digest}", elsewhere=True)
        self._require_ok(response, what, TagNotFound)
        self._verified(response, digest)
        return parse_object(response, self._what(what))

    def _page(self, url: str, number: int) -> Response:
        request = Request("GET", url, {"Accept": "application/json"}, limit=_LISTING_LIMIT)
        response = self._send(request)
        if number == 1 and response.status == 400 and not has_known_code(response):
            # It may allow fewer tags at once than were requested.
            response = self._send(replace(request, url=url.partition("?")[0]))
        self._require_ok(response, _page_name(number), RepositoryNotFound)
        return response

    def _get(self, method: str, url: str, *, elsewhere: bool = False) -> Response:
        return self._send(Request(method, url, {"Accept": _ACCEPT}, limit=_MANIFEST_LIMIT, elsewhere=elsewhere))

    def _send(self, request: Request) -> Response:
        return self._registry.session.send(request, self.name)

    def _require_ok(self, response: Response, what: str, missing: type[RegistryError]) -> None:
        if response.status != 200:
            raise self._error(response, what, missing)

    def _error(self, response: Response, what: str, missing: type[RegistryError], right: str = "pull") -> RegistryError:
        return self._registry.session.error(response, self.name, self._what(what), missing, right)

    def _verified(self, response: Response, promised: str | None) -> Digest:
        digest = Digest(f"sha256:{hashlib.sha256(response.body).hexdigest()}")
        if promised not in (None, digest) and self._digest(promised, response) != digest:
            raise RegistryProtocolError(
                f"{self._registry.label}: {urlsplit(response.url).path} has the digest {digest}, expected {promised}"
            )
        return digest

    def _digest(self, text: str, response: Response) -> Digest:
        try:
            return parse_digest(text)
        except InvalidImage:
            raise RegistryProtocolError(
                f"{self._registry.label}: {urlsplit(response.url).path} has the digest {text[:80]!r}; "
                "fcpin supports sha256 only"
            ) from None

    def _what(self, what: str) -> str:
        return f"{self._registry.label}: {what} of {self.name.path}"


def default_endpoint(host: str) -> str:
    """The address of a registry of that name: over TLS unless it is on this machine, as for docker."""
    if host == DOCKER_HUB:
        return "https://registry-1.docker.io"
    local = urlsplit(f"//{host}").hostname in LOOPBACK
    return f"{'http' if local else 'https'}://{host}"


def _page_name(number: int) -> str:
    return "tags" if number == 1 else f"page {number} of the tags"


def _after(url: str, tag: str) -> str:
    """The URL of what a listing has after *tag*, as the distribution specification names it."""
    address, _, query = url.partition("?")
    wanted = [(key, value) for key, value in parse_qsl(query) if key == "n"]
    return f"{address}?{urlencode([*wanted, ('last', tag)], errors='surrogatepass')}"


def _with_surrogates(body: bytes) -> object:
    """Odd names of tags are for the policy to reject."""
    return read_json(body, surrogates=True)


def _tags(page: Response, what: str) -> list[str]:
    listing = parse_object(page, what, _with_surrogates)
    tags = listing.get("tags")
    if tags is None:  # docker-registry's response for a repository whose tags are all gone
        if listing.keys().isdisjoint(("name", "tags")):
            raise RegistryProtocolError(f"{what}: expected a listing of tags, got an object without name and tags")
        return []
    if not isinstance(tags, list):
        raise RegistryProtocolError(f"{what}: expected a list of tags, got {type(tags).__name__}")
    for tag in tags:
        if not isinstance(tag, str):
            raise RegistryProtocolError(f"{what}: expected the name of a tag, got {type(tag).__name__}")
    return tags
