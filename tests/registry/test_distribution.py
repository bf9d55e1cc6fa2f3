"""The OCI client against a server that answers what it should not."""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from fcpin.errors import (
    FcpinError,
    PlatformMissing,
    RegistryDenied,
    RegistryError,
    RegistryProtocolError,
    RegistryUnavailable,
    RepositoryNotFound,
    TagNotFound,
)
from fcpin.http.exchange import Response
from fcpin.http.limits import MIB
from fcpin.http.retries import Retry
from fcpin.image import Digest, Repository
from fcpin.lookup import require_platform
from fcpin.policy import Policy, Ranking
from fcpin.registry.auth import ANONYMOUS, Login
from fcpin.registry.distribution import Distribution, DistributionRepository, default_endpoint
from fcpin.registry.pages import next_page
from fcpin.registry.registries import Registries
from fcpin.registry.session import Transport
from tests.registry.scripted import NO_ANSWER, Reply, Request, ScriptedServer
from tests.support.clock import ManualClock

TAGS = "/v2/shop/app/tags/list"
V1 = "/v2/shop/app/manifests/v1"
DIGEST = f"sha256:{'a' * 64}"
AT_ONCE = Retry(attempts=3, seconds=5, first_wait=0, longest_wait=0)


@pytest.fixture
def other() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def client(server: ScriptedServer, login: Login = ANONYMOUS, max_pages: int = 50) -> DistributionRepository:
    registry = Distribution(
        server.host, find_login=lambda _: login, transport=Transport(retry=AT_ONCE), max_pages=max_pages
    )
    return registry.open(repository(server))


def repository(server: ScriptedServer) -> Repository:
    return Repository(server.host, "shop/app")


def names(server: ScriptedServer) -> list[str]:
    return [record.tag for record in client(server).list_tags()]


def sha256(body: bytes) -> Digest:
    return Digest(f"sha256:{hashlib.sha256(body).hexdigest()}")


def next_link(target: str) -> Mapping[str, str]:
    return {"Link": f'<{target}>; rel="next"'}


# Listing


def test_pages_are_followed_and_a_tag_that_comes_twice_is_listed_once(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(json={"tags": ["a", "b"]}, headers=next_link(f"{TAGS}?n=1000&last=b"))
    server.expect("GET", TAGS).answer(json={"tags": ["b", "c"]}, headers=next_link("list?n=1000&last=c"))
    server.expect("GET", TAGS).answer(json={"tags": []})
    assert names(server) == ["a", "b", "c"]
    assert [request.target for request in server.requests] == [
        f"{TAGS}?n=1000",
        f"{TAGS}?n=1000&last=b",
        f"{TAGS}?n=1000&last=c",
    ]


def test_a_repository_whose_tags_are_all_gone_has_no_tags(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(json={"name": "shop/app", "tags": None})
    assert names(server) == []


OTHER_LINKS: list[tuple[str, str]] = [
    ("a link to the page before", '<{here}>; rel="prev"'),
    ("links of two other relations", '<{here}>; rel=first, <{here}>; rel="last"'),
    ("a link to a document", '<https://docs.example.com/a,b>; rel="describedby https://example.com/rel"; title="x"'),
    ("no content", " , "),
]


@pytest.mark.parametrize(("label", "link"), OTHER_LINKS, ids=[row[0] for row in OTHER_LINKS])
def test_the_listing_ends_with(label: str, link: str, server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers={"Link": link.format(here=TAGS)})
    assert names(server) == ["a"]


UNREADABLE_LINKS: list[tuple[str, str]] = [
    ("an address without its brackets", "{here}?last=a&n=1000; rel=next"),
    ("no relation", "<{here}?last=a>"),
    ("an empty relation", '<{here}?last=a>; rel=""'),
    ("a relation without a value", "<{here}?last=a>; rel"),
    ("a relation of spaces", '<{here}?last=a>; rel=" "'),
    ("a relation in single quotes", "<{here}?last=a>; rel='next'"),
    ("no link at all", "next"),
    ("half a link", "<{here}?last=a"),
    ("half a relation", '<{here}?last=a>; rel="next'),
    ("a readable link behind an unreadable one", 'nonsense, <{here}?last=a>; rel="next"'),
    ("an unreadable link behind a readable one", '<{here}>; rel="prev", {here}?last=a; rel=next'),
    ("a relation inside of a title", '<{here}?last=a>; title="; rel=next"'),
]


@pytest.mark.parametrize(("label", "link"), UNREADABLE_LINKS, ids=[row[0] for row in UNREADABLE_LINKS])
def test_a_link_that_cannot_be_read_is_never_the_end(label: str, link: str, server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(json={"tags": ["1.0.0"]}, headers={"Link": link.format(here=TAGS)})
    with pytest.raises(RegistryProtocolError, match="Link header is not valid") as refused:
        names(server)
    assert server.host in str(refused.value)
    assert str(refused.value).isprintable()


def test_two_next_pages_are_one_too_many(server: ScriptedServer) -> None:
    link = f'<{TAGS}?last=a>; rel="next", <{TAGS}?last=b>; rel="next"'
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers={"Link": link})
    with pytest.raises(RegistryProtocolError, match="more than one next page"):
        names(server)


@given(st.text(alphabet='<>;,="\\ \tnextrel/?\x1cé', max_size=60))
def test_no_link_header_breaks_the_reader(header: str) -> None:
    url = f"https://registry.example.com{TAGS}"
    with contextlib.suppress(RegistryProtocolError):
        next_page(Response(url, 200, urllib3.HTTPHeaderDict({"Link": header}), b""))


def test_the_relation_is_the_first_one_and_in_any_case(server: ScriptedServer) -> None:
    link = f'<{TAGS}?last=a>; title="a; rel=prev"; REL = Next; rel=prev'
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers={"Link": link})
    server.expect("GET", TAGS).answer(json={"tags": ["b"]})
    assert names(server) == ["a", "b"]


class Paged:
    """A registry that lists in alphabetical order, and sends no Link."""

    def __init__(self, server: ScriptedServer, count: int, *, most: int, ignores: str = "") -> None:
        self.tags = [f"t{number:05}" for number in range(count)]
        self._most, self._ignores = most, ignores
        self._server = server
        server.always("GET", TAGS, self._page)

    def _page(self, request: Request) -> Reply:
        query = {key: value for key, (value,) in parse_qs(urlsplit(request.target).query).items()}
        last, size = query.get("last", ""), min(int(query.get("n", self._most)), self._most)
        rest = self.tags if "last" in self._ignores else [tag for tag in self.tags if tag > last]
        return Reply(200, json.dumps({"tags": rest[:size]}).encode())


PAGED: list[tuple[str, int, int, int]] = [
    ("as many as were requested, and there are more", 2345, 1000, 3),
    ("as many as were requested, and no more", 1000, 1000, 2),
    ("as many as were requested, twice", 2000, 1000, 3),
    ("a limit of the registry's own", 245, 100, 3),
    ("a limit of the registry's own, and no more", 100, 100, 2),
    ("a smaller limit of the registry's own", 120, 50, 3),
    ("fewer than were requested", 999, 1000, 1),
    ("more than were requested", 2345, 5000, 3),
    ("none", 0, 1000, 1),
]


@pytest.mark.parametrize(("label", "count", "most", "requests"), PAGED, ids=[row[0] for row in PAGED])
def test_a_full_page_without_a_link(label: str, count: int, most: int, requests: int, server: ScriptedServer) -> None:
    registry = Paged(server, count, most=most)
    assert names(server) == registry.tags
    assert len(server.requests) == requests


def test_what_follows_a_full_page_is_requested_for_by_its_last_tag(server: ScriptedServer) -> None:
    Paged(server, 1145, most=1000)
    names(server)
    assert [request.target for request in server.requests] == [f"{TAGS}?n=1000", f"{TAGS}?n=1000&last=t00999"]


def test_a_registry_that_always_lists_everything_is_called_once_more(server: ScriptedServer) -> None:
    registry = Paged(server, 1000, most=1000, ignores="last")
    assert names(server) == registry.tags
    assert len(server.requests) == 2


def test_a_registry_that_refuses_to_go_on_after_a_full_page_is_no_listing(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(json={"tags": [f"t{number:04}" for number in range(1000)]})
    server.expect("GET", TAGS).answer(400)
    with pytest.raises(RegistryError, match=r"page 2 of the tags of shop/app: refused \(status 400\)"):
        names(server)


@pytest.mark.parametrize("code", ["TOO_MANY_TAGS_REQUESTED", "PAGINATION_NUMBER_INVALID", ""])
def test_a_registry_that_refuses_the_page_size_is_called_without_one(server: ScriptedServer, code: str) -> None:
    errors = {"errors": [{"code": code, "message": "max 100"}]} if code else None
    server.expect("GET", TAGS).answer(400, json=errors)
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers=next_link(f"{TAGS}?last=a"))
    server.expect("GET", TAGS).answer(json={"tags": ["b"]})
    assert names(server) == ["a", "b"]
    assert [request.target for request in server.requests] == [f"{TAGS}?n=1000", TAGS, f"{TAGS}?last=a"]


def test_a_registry_that_refuses_without_a_page_size_too_is_not_requested_again(server: ScriptedServer) -> None:
    for _ in range(2):
        server.expect("GET", TAGS).answer(400, body=b"<html>no</html>")
    with pytest.raises(RegistryError, match=r"tags of shop/app: refused \(status 400\)"):
        names(server)


@pytest.mark.parametrize("status", [400, 404, 403])
def test_an_error_names_the_page(server: ScriptedServer, status: int) -> None:
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers=next_link("/lost/prefix?last=a"))
    server.expect("GET", "/lost/prefix").answer(status)
    with pytest.raises(RegistryError, match="page 2 of the tags of shop/app"):
        names(server)


def test_an_answer_that_is_no_listing_names_the_page(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers=next_link(f"{TAGS}?last=a"))
    server.expect("GET", TAGS).answer(body=b"<html>Welcome</html>")
    with pytest.raises(RegistryProtocolError, match="page 2 of the tags of shop/app: expected a JSON object"):
        names(server)


def test_a_tag_with_an_odd_name_is_rejected_and_the_others_are_not(server: ScriptedServer) -> None:
    odd = ["-ot-beta", "a b", "\x1b[31mred", "\ud800", "x" * 129, ""]
    server.expect("GET", TAGS).answer(json={"tags": ["7.50.0", "7.51.0", *odd]})
    tags = client(server).list_tags()
    selection = Ranking(Policy.from_spec({"semver": {"range": "*"}}), tags).select()
    assert selection.chosen is not None
    assert selection.chosen.tag == "7.51.0"
    invalid = [one for one in selection.rejected if "is not a valid tag" in one.reason]
    assert len(invalid) == len(odd)
    assert all(one.tag.isprintable() for one in invalid)
    assert "-ot-beta" in {one.tag for one in invalid}


def test_a_listing_that_takes_too_long_is_unavailable(server: ScriptedServer) -> None:
    clock = ManualClock()

    def page(request: Request) -> Reply:
        clock.advance(120)
        number = len(server.requests)
        return Reply(200, json.dumps({"tags": [f"t{number}"]}).encode(), next_link(f"{TAGS}?last=t{number}"))

    server.always("GET", TAGS, page)
    slow = Distribution(server.host, find_login=lambda _: ANONYMOUS, transport=Transport(retry=AT_ONCE), clock=clock)
    with pytest.raises(RegistryUnavailable, match="not complete after 300 s"):
        slow.open(repository(server)).list_tags()
    assert len(server.requests) == 3


def test_the_address_of_a_page_has_a_limit(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers=next_link(f"{TAGS}?last={'a' * 20_000}"))
    with pytest.raises(RegistryProtocolError, match="characters") as refused:
        names(server)
    assert len(str(refused.value)) < 500


# Redirects


@pytest.mark.parametrize("path", [TAGS, V1])
def test_another_host_s_answer_is_not_believed(path: str, server: ScriptedServer, other: ScriptedServer) -> None:
    for _ in range(2):
        server.always("GET", path, lambda _: Reply(302, b"", {"Location": f"{other.url}{path}"}))
        server.always("HEAD", path, lambda _: Reply(302, b"", {"Location": f"{other.url}{path}"}))
    with pytest.raises(RegistryProtocolError, match=f"to another host, {other.host}"):
        client(server).list_tags() if path == TAGS else client(server).resolve("v1")
    assert other.requests == []


def test_a_redirect_on_the_same_host_is_followed(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(307, headers={"Location": "/v2/moved/app/tags/list"})
    server.expect("GET", "/v2/moved/app/tags/list").answer(json={"tags": ["v1"]})
    assert names(server) == ["v1"]


# What is no image


ARTIFACTS: list[tuple[str, dict[str, Any], str]] = [
    (
        "a Helm chart",
        {"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": DIGEST}},
        "application/vnd.cncf.helm.config.v1+json",
    ),
    (
        "an artifact of OCI 1.1",
        {
            "artifactType": "application/vnd.example.sbom",
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": DIGEST},
        },
        "application/vnd.example.sbom",
    ),
    (
        "a module of WebAssembly",
        {"config": {"mediaType": "application/vnd.wasm.config.v0+json", "digest": DIGEST}},
        "application/vnd.wasm.config.v0+json",
    ),
]


@pytest.mark.parametrize(("label", "fields", "kind"), ARTIFACTS, ids=[row[0] for row in ARTIFACTS])
def test_an_artifact_is_named_with_its_type(
    label: str, fields: dict[str, Any], kind: str, server: ScriptedServer
) -> None:
    body = json.dumps({"schemaVersion": 2, **fields}).encode()
    server.expect("GET", f"/v2/shop/app/manifests/{sha256(body)}").answer(body=body)
    with pytest.raises(PlatformMissing, match="is not a container image") as refused:
        require_platform(Registries().open(repository(server)), "v1", sha256(body), "linux/amd64")
    assert kind in str(refused.value)
    assert "--platform" not in str(refused.value)


def test_the_next_page_is_found_among_other_links(server: ScriptedServer) -> None:
    link = f'<{TAGS}?first>; title="a, b"; rel=first, <{TAGS}?last=a>; title="x"; rel="next nofollow"'
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers={"Link": link})
    server.expect("GET", TAGS).answer(json={"tags": ["b"]})
    assert names(server) == ["a", "b"]


def test_a_next_page_on_another_host_is_not_followed(server: ScriptedServer, other: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers=next_link(f"{other.url}{TAGS}?last=a"))
    with pytest.raises(RegistryProtocolError, match="another origin"):
        names(server)


def test_a_next_page_by_another_scheme_is_not_followed(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers=next_link(f"https://{server.host}{TAGS}?last=a"))
    with pytest.raises(RegistryProtocolError, match="another origin"):
        names(server)


def test_a_listing_that_leads_back_to_itself_is_refused(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers=next_link(f"{TAGS}?last=a"))
    server.expect("GET", TAGS).answer(json={"tags": ["b"]}, headers=next_link(f"{TAGS}?n=1000"))
    with pytest.raises(RegistryProtocolError, match="already read"):
        names(server)


def test_a_listing_without_end_is_refused(server: ScriptedServer) -> None:
    def page(request: Request) -> Reply:
        number = len(server.requests)
        return Reply(200, json.dumps({"tags": [f"t{number}"]}).encode(), next_link(f"{TAGS}?last=t{number}"))

    server.always("GET", TAGS, page)
    with pytest.raises(RegistryProtocolError, match="after 50 pages"):
        names(server)
    assert len(server.requests) == 50


LISTINGS: list[tuple[str, bytes]] = [
    ("a web page", b"<html>Welcome</html>"),
    ("a list", b"[]"),
    ("tags that are no list", b'{"tags": "v1"}'),
    ("a tag that is no text", b'{"tags": [1]}'),
    ("a tag that is a list", b'{"tags": [["v1"]]}'),
    ("an empty object", b"{}"),
    ("an object of another operation", b'{"errors": []}'),
    ("half an answer", b'{"tags": ["v1"'),
    ("a very deep answer", b"[" * 100_000),
]


@pytest.mark.parametrize(("label", "body"), LISTINGS, ids=[row[0] for row in LISTINGS])
def test_no_tags_are_read_from(label: str, body: bytes, server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(body=body, headers={"Content-Type": "text/html"})
    with pytest.raises(RegistryProtocolError, match="tags of shop/app"):
        names(server)


def test_a_later_page_of_another_shape_is_not_the_end_of_the_listing(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(json={"tags": ["v1"]}, headers=next_link(f"{TAGS}?last=v1"))
    server.expect("GET", TAGS).answer(json={})
    with pytest.raises(RegistryProtocolError, match="page 2 of the tags of shop/app: expected a listing of tags, got"):
        names(server)


def test_a_body_beyond_the_limit_is_not_read_to_its_end(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(body=b" " * (33 * MIB))
    with pytest.raises(RegistryProtocolError, match="exceeds 33,554,432 bytes"):
        names(server)


# Retrying


def test_throttling_is_waited_for(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(429, headers={"Retry-After": "0"})
    server.expect("GET", TAGS).answer(json={"tags": ["v1"]})
    assert names(server) == ["v1"]


def test_a_connection_that_breaks_is_tried_again(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(NO_ANSWER)
    server.expect("GET", TAGS).answer(json={"tags": ["v1"]})
    assert names(server) == ["v1"]


def test_a_gateway_that_answers_html_is_unavailable_after_three_attempts(server: ScriptedServer) -> None:
    for _ in range(3):
        server.expect("GET", TAGS).answer(502, body=b"<html>Bad Gateway</html>")
    with pytest.raises(RegistryUnavailable, match=f"{server.host} returned 502 for GET {TAGS}"):
        names(server)


def test_a_wait_that_is_too_long_is_not_waited(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(429, headers={"Retry-After": "3600"})
    with pytest.raises(RegistryUnavailable, match="429"):
        names(server)


def test_what_is_no_passing_failure_is_not_tried_again(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(418, body=b"teapot")
    with pytest.raises(RegistryError, match="status 418"):
        names(server)


def test_a_registry_that_cannot_be_reached_reports_why() -> None:
    with ScriptedServer() as server:
        gone = server
    with pytest.raises(RegistryUnavailable, match=f"{gone.host} cannot be reached: connection refused"):
        names(gone)


# Refusals


REFUSALS: list[tuple[str, int, str, type[FcpinError]]] = [
    ("an unknown name is a missing repository", 404, "NAME_UNKNOWN", RepositoryNotFound),
    ("a bare 404 to a listing is a missing repository", 404, "", RepositoryNotFound),
    ("unauthorized is denied", 403, "UNAUTHORIZED", RegistryDenied),
    ("denied is denied", 403, "DENIED", RegistryDenied),
    ("a bare 403 is denied", 403, "", RegistryDenied),
    ("the code goes before the status", 400, "TOOMANYREQUESTS", RegistryUnavailable),
    ("an unknown code counts as its status", 404, "NOT_FOUND", RepositoryNotFound),
]


@pytest.mark.parametrize(("label", "status", "code", "kind"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_refused(label: str, status: int, code: str, kind: type[FcpinError], server: ScriptedServer) -> None:
    errors = {"errors": [{"code": code, "message": "because\x1b[31m\nso"}]} if code else None
    server.expect("GET", TAGS).answer(status, json=errors)
    with pytest.raises(kind) as refused:
        names(server)
    assert type(refused.value) is kind
    assert all(fact in str(refused.value) for fact in (server.host, "shop/app", code))
    assert str(refused.value).isprintable()


# Digests


def test_resolving_costs_one_request(server: ScriptedServer) -> None:
    server.expect("HEAD", V1).answer(headers={"Docker-Content-Digest": DIGEST})
    assert client(server).resolve("v1").digest == DIGEST
    accepted = server.requests[0].headers["accept"]
    assert [kind in accepted for kind in ("oci.image.index.v1", "manifest.list.v2", "image.manifest.v1", "v2+json")]


def test_a_registry_that_sends_no_digest_has_its_manifest_hashed(server: ScriptedServer) -> None:
    server.expect("HEAD", V1).answer()
    server.expect("GET", V1).answer(body=b"{}")
    assert client(server).resolve("v1").digest == sha256(b"{}")


def test_a_registry_that_cannot_head_is_called_by_get(server: ScriptedServer) -> None:
    server.expect("HEAD", V1).answer(405)
    server.expect("GET", V1).answer(body=b"{}", headers={"Docker-Content-Digest": sha256(b"{}")})
    assert client(server).resolve("v1").digest == sha256(b"{}")


def test_a_missing_tag_is_reported_from_a_missing_repository(server: ScriptedServer) -> None:
    for code, kind in (("MANIFEST_UNKNOWN", TagNotFound), ("NAME_UNKNOWN", RepositoryNotFound)):
        server.expect("HEAD", V1).answer(404)
        server.expect("GET", V1).answer(404, json={"errors": [{"code": code, "message": "no"}]})
        with pytest.raises(kind):
            client(server).resolve("v1")


def test_a_digest_of_another_kind_is_refused(server: ScriptedServer) -> None:
    server.expect("HEAD", V1).answer(headers={"Docker-Content-Digest": f"sha512:{'a' * 128}"})
    with pytest.raises(RegistryProtocolError, match="sha256 only"):
        client(server).resolve("v1")


def test_a_manifest_that_is_not_the_one_requested_is_refused(server: ScriptedServer) -> None:
    server.expect("GET", f"/v2/shop/app/manifests/{DIGEST}").answer(body=b'{"manifests": []}')
    with pytest.raises(RegistryProtocolError, match=f"expected {DIGEST}"):
        client(server).manifest(Digest(DIGEST))


def test_a_configuration_that_is_not_the_one_requested_is_refused(server: ScriptedServer) -> None:
    manifest = plain(b"{}")
    server.expect("GET", f"/v2/shop/app/manifests/{sha256(manifest)}").answer(body=manifest)
    server.expect("GET", f"/v2/shop/app/blobs/{sha256(b'{}')}").answer(body=b'{"os": "linux"}')
    with pytest.raises(RegistryProtocolError, match=f"expected {sha256(b'{}')}"):
        client(server).manifest(sha256(manifest))


def plain(config: bytes) -> bytes:
    return json.dumps({"schemaVersion": 2, "config": {"digest": sha256(config)}}).encode()


# Platforms and times


def serve_image(server: ScriptedServer, reference: str, config: Any) -> Digest:
    blob = json.dumps(config).encode()
    manifest = plain(blob)
    server.always("GET", f"/v2/shop/app/manifests/{reference}", lambda _: Reply(200, manifest))
    server.always("GET", f"/v2/shop/app/manifests/{sha256(manifest)}", lambda _: Reply(200, manifest))
    server.always("GET", f"/v2/shop/app/blobs/{sha256(blob)}", lambda _: Reply(200, blob))
    return sha256(manifest)


def test_children_of_an_index_are_known_by_platform_and_attestations_are_not(server: ScriptedServer) -> None:
    digests = [f"sha256:{number:064}" for number in range(6)]
    note = {"vnd.docker.reference.type": "attestation-manifest"}
    index = json.dumps(
        {
            "manifests": [
                {"digest": digests[5], "platform": {"os": "linux", "architecture": "amd64"}, "annotations": note},
                {"digest": digests[0], "platform": {"os": "linux", "architecture": "amd64"}},
                {"digest": digests[1], "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
                {"digest": digests[2], "platform": {"os": "unknown", "architecture": "unknown"}},
                {"digest": digests[3]},
                {"digest": digests[4], "platform": {"os": "linux", "architecture": "amd64"}},
            ]
        }
    ).encode()
    server.expect("GET", f"/v2/shop/app/manifests/{sha256(index)}").answer(body=index)
    manifest = client(server).manifest(sha256(index))
    assert manifest.children == {"linux/amd64": digests[0], "linux/arm64/v8": digests[1]}
    assert manifest.digest_for("linux/amd64") == digests[0]
    assert manifest.is_attested


ATTESTED: list[tuple[str, dict[str, Any], bool]] = [
    ("noted by buildx", {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}, True),
    ("of the platform that buildx gives them", {"platform": {"os": "unknown", "architecture": "unknown"}}, True),
    ("another image", {"platform": {"os": "linux", "architecture": "arm64"}}, False),
    ("no platform at all", {}, False),
]


@pytest.mark.parametrize(("what", "child", "is_attested"), ATTESTED, ids=[row[0] for row in ATTESTED])
def test_attestations_of_an_index_are_noticed(
    server: ScriptedServer, what: str, child: dict[str, Any], is_attested: bool
) -> None:
    index = json.dumps({"manifests": [{"digest": f"sha256:{1:064}", **child}]}).encode()
    server.expect("GET", f"/v2/shop/app/manifests/{sha256(index)}").answer(body=index)
    assert client(server).manifest(sha256(index)).is_attested is is_attested


CONFIGS: list[tuple[str, Any, str]] = [
    ("system and architecture", {"os": "linux", "architecture": "amd64"}, "linux/amd64"),
    ("and a variant", {"os": "linux", "architecture": "arm", "variant": "v7"}, "linux/arm/v7"),
    ("a chart, which runs nowhere", {"name": "chart"}, ""),
    ("numbers, which are no platform", {"os": 1, "architecture": 2}, ""),
]


@pytest.mark.parametrize(("label", "config", "platform"), CONFIGS, ids=[row[0] for row in CONFIGS])
def test_the_platform_of_a_plain_image_is(label: str, config: Any, platform: str, server: ScriptedServer) -> None:
    digest = serve_image(server, "v1", config)
    assert client(server).manifest(digest).platform == platform


@pytest.mark.parametrize("body", [b'{"schemaVersion": 1}', b'{"config": 5}', b'{"manifests": [5]}', b"{}"])
def test_what_is_no_image_is_refused(body: bytes, server: ScriptedServer) -> None:
    server.expect("GET", f"/v2/shop/app/manifests/{sha256(body)}").answer(body=body)
    with pytest.raises(RegistryProtocolError, match="expected an image or an index"):
        client(server).manifest(sha256(body))


TIMES: list[tuple[str, Any, datetime | None]] = [
    ("in nanoseconds", "2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)),
    ("in another zone", "2026-01-02T03:04:05+08:00", datetime(2026, 1, 1, 19, 4, 5, tzinfo=UTC)),
    ("reproducible", "1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
    ("never set", "0001-01-01T00:00:00Z", None),
    ("missing", None, None),
    ("in words", "yesterday", None),
]


@pytest.mark.parametrize(("label", "text", "moment"), TIMES, ids=[row[0] for row in TIMES])
def test_built(label: str, text: Any, moment: datetime | None, server: ScriptedServer) -> None:
    serve_image(server, "v1", {"created": text})
    times = client(server).created(["v1", "v1"])
    assert times == ({} if moment is None else {"v1": moment})


def test_an_index_was_built_when_its_amd64_child_was(server: ScriptedServer) -> None:
    arm = serve_image(server, "arm", {"architecture": "arm64", "created": "2026-01-01T00:00:00Z"})
    amd = serve_image(server, "amd", {"architecture": "amd64", "created": "2026-01-02T03:04:05Z"})
    platforms = ((arm, "arm64"), (amd, "amd64"))
    children = [{"digest": digest, "platform": {"os": "linux", "architecture": name}} for digest, name in platforms]
    server.expect("GET", V1).answer(json={"manifests": children})
    assert client(server).created(["v1"]) == {"v1": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}


def test_tags_that_vanished_and_things_that_are_no_image_have_no_time(server: ScriptedServer) -> None:
    serve_image(server, "v1", {"created": "2026-01-02T03:04:05Z"})
    server.expect("GET", "/v2/shop/app/manifests/gone").answer(404)
    assert set(client(server).created(["v1", "gone"])) == {"v1"}
    server.expect("GET", "/v2/shop/app/manifests/old").answer(body=b'{"schemaVersion": 1}')
    assert client(server).created(["old"]) == {}


def test_a_failure_among_many_times_is_raised(server: ScriptedServer) -> None:
    serve_image(server, "v1", {"created": "2026-01-02T03:04:05Z"})
    server.expect("GET", "/v2/shop/app/manifests/v2").answer(403)
    with pytest.raises(RegistryDenied):
        client(server).created(["v1", "v2"])


# Redirects


def test_a_blob_is_fetched_where_it_is_kept_without_our_credentials(
    server: ScriptedServer, other: ScriptedServer
) -> None:
    config = b'{"os": "linux", "architecture": "amd64"}'
    manifest = plain(config)
    path = f"/v2/shop/app/manifests/{sha256(manifest)}"
    server.expect("GET", path).answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
    server.expect("GET", path).answer(body=manifest)
    blob = f"/v2/shop/app/blobs/{sha256(config)}"
    server.expect("GET", blob).answer(307, headers={"Location": f"{other.url}/bucket?Signature=1"})
    other.expect("GET", "/bucket").answer(body=config)
    login = Login("stack config", "ci", "s3cret")
    assert client(server, login).manifest(sha256(manifest)).platform == "linux/amd64"
    assert server.seen("Authorization")[2] == login.basic
    assert other.seen("Authorization") == [None]


REDIRECTS: list[tuple[str, str]] = [
    ("nowhere", ""),
    ("to a file", "file:///etc/passwd"),
    ("in a circle", TAGS),
    ("to an address with a user", "http://a@127.0.0.1/"),
]


@pytest.mark.parametrize(("label", "location"), REDIRECTS, ids=[row[0] for row in REDIRECTS])
def test_a_redirect_is_refused(label: str, location: str, server: ScriptedServer) -> None:
    server.always("GET", TAGS, lambda _: Reply(302, headers={"Location": location} if location else {}))
    with pytest.raises(RegistryProtocolError, match=r"redirect|Location|no address"):
        names(server)
    assert len(server.requests) <= 4


ADDRESSES = ["http://[::1", "http://host:99999/x", "http://host:port/x", "http://user:secret@host/x", "mailto:x"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_none_is_refused_as_next_page_redirect_and_token_server(
    address: str, server: ScriptedServer
) -> None:
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers=next_link(address))
    server.expect("GET", TAGS).answer(307, headers={"Location": address})
    server.expect("GET", TAGS).answer(401, headers={"WWW-Authenticate": f'Bearer realm="{address}"'})
    for _ in range(3):
        with pytest.raises(RegistryProtocolError, match=r"not a valid URL|another origin"):
            names(server)


def test_a_refusal_of_any_shape_is_one_line(server: ScriptedServer) -> None:
    for body in (b"[" * 100_000, b'{"errors": "x"}', b'{"errors": [5]}', b'{"errors": [' + b'{"code":"X"},' * 9999):
        server.expect("GET", TAGS).answer(403, body=body)
        with pytest.raises(RegistryDenied, match="status 403"):
            names(server)
    server.expect("GET", TAGS).answer(403, json={"errors": [{"code": "X" * 999}] * 999})
    with pytest.raises(RegistryDenied) as denied:
        names(server)
    assert len(str(denied.value)) < 1000


def test_half_a_body_is_no_body(server: ScriptedServer) -> None:
    body = b'{"tags": ["v1"]}'
    server.expect("GET", TAGS).answer(body=body, headers={"Content-Length": str(len(body) + 5), "Connection": "close"})
    server.expect("GET", TAGS).answer(json={"tags": ["v1", "v2"]})
    assert names(server) == ["v1", "v2"]


def test_a_login_that_no_one_requested_is_not_looked_up(server: ScriptedServer) -> None:
    def find_login(_path: str) -> Login:
        raise AssertionError("no login is required")

    server.expect("GET", TAGS).answer(404)
    with pytest.raises(RepositoryNotFound, match="no such repository"):
        Distribution(server.host, find_login=find_login).open(repository(server)).list_tags()


ENDPOINTS: list[tuple[str, str]] = [
    ("registry.cn-hangzhou.aliyuncs.com", "https://registry.cn-hangzhou.aliyuncs.com"),
    ("registry.example.com:5000", "https://registry.example.com:5000"),
    ("localhost:5000", "http://localhost:5000"),
    ("127.0.0.1:5000", "http://127.0.0.1:5000"),
    ("docker.io", "https://registry-1.docker.io"),
]


@pytest.mark.parametrize(("host", "endpoint"), ENDPOINTS)
def test_a_host_is_called_over_tls_unless_it_is_this_machine(host: str, endpoint: str) -> None:
    assert default_endpoint(host) == endpoint
