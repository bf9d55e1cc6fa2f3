"""The OCI client against a server that answers what it should not."""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from hypothesis import given, settings
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
from fcpin.policy import Policy, Ranking
from fcpin.registry.auth import ANONYMOUS, Login
from fcpin.registry.distribution import Distribution, DistributionRepository, default_endpoint
from fcpin.registry.pages import next_page
from fcpin.registry.registries import Registries, require_platform
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


URL = f"https://registry.example.com{TAGS}"


def page_with(link: str) -> Response:
    return Response(URL, 200, urllib3.HTTPHeaderDict({"Link": link.format(here=TAGS)}), b"")


LINKS: list[tuple[str, str, str | None]] = [
    ("a link to the page before", '<{here}>; rel="prev"', None),
    ("links of two other relations", '<{here}>; rel=first, <{here}>; rel="last"', None),
    ("a document", '<https://docs.example.com/a,b>; rel="describedby https://example.com/rel"; title="x"', None),
    ("no content", " , ", None),
    ("the first relation, in any case", '<?last=a>; title="a; rel=prev"; REL = Next; rel=prev', "?last=a"),
    ("next among others", '<?first>; title="a, b"; rel=first, <?last=a>; rel="next nofollow"', "?last=a"),
]


@pytest.mark.parametrize(("link", "query"), [row[1:] for row in LINKS], ids=[row[0] for row in LINKS])
def test_a_link_header_names_the_next_page_or_none(link: str, query: str | None) -> None:
    assert next_page(page_with(link)) == (None if query is None else URL + query)


NO_LINKS: list[tuple[str, str, str]] = [
    ("an address without its brackets", "{here}?last=a&n=1000; rel=next", "is not valid"),
    ("no relation", "<{here}?last=a>", "is not valid"),
    ("an empty relation", '<{here}?last=a>; rel=""', "is not valid"),
    ("a relation without a value", "<{here}?last=a>; rel", "is not valid"),
    ("a relation in single quotes", "<{here}?last=a>; rel='next'", "is not valid"),
    ("half a link", "<{here}?last=a", "is not valid"),
    ("half a relation", '<{here}?last=a>; rel="next', "is not valid"),
    ("a readable link after an unreadable one", 'nonsense, <{here}?last=a>; rel="next"', "is not valid"),
    ("an unreadable link after a readable one", '<{here}>; rel="prev", {here}?last=a; rel=next', "is not valid"),
    ("a relation inside of a title", '<{here}?last=a>; title="; rel=next"', "is not valid"),
    ("two next pages", '<?last=a>; rel="next", <?last=b>; rel="next"', "more than one next page"),
    ("another host", "<https://other.example.com{here}>; rel=next", "another origin"),
    ("another scheme", "<http://registry.example.com{here}>; rel=next", "another origin"),
    ("a long address", f"<?last={'a' * 20_000}>; rel=next", "characters"),
]


@pytest.mark.parametrize(("link", "reason"), [row[1:] for row in NO_LINKS], ids=[row[0] for row in NO_LINKS])
def test_a_link_header_that_cannot_be_used_is_never_the_end(link: str, reason: str) -> None:
    with pytest.raises(RegistryProtocolError, match=reason) as refused:
        next_page(page_with(link))
    assert "registry.example.com" in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 500


@settings(max_examples=30)
@given(st.text(alphabet='<>;,="\\ \tnextrel/?\x1cé', max_size=60))
def test_no_link_header_breaks_the_reader(header: str) -> None:
    with contextlib.suppress(RegistryProtocolError):
        next_page(Response(URL, 200, urllib3.HTTPHeaderDict({"Link": header}), b""))


class Paged:
    """A registry that lists in alphabetical order, and sends no Link."""

    def __init__(self, server: ScriptedServer, count: int, most: int) -> None:
        """*most* is the registry's limit of a page; 0 lists every tag always."""
        self.tags = [f"t{number:05}" for number in range(count)]
        self._most = most
        server.always("GET", TAGS, self._page)

    def _page(self, request: Request) -> Reply:
        query = {key: value for key, (value,) in parse_qs(urlsplit(request.target).query).items()}
        size = min(int(query.get("n", self._most)), self._most) or len(self.tags)
        rest = [tag for tag in self.tags if tag > query.get("last", "") or not self._most]
        return Reply(200, json.dumps({"tags": rest[:size]}).encode())


PAGED: list[tuple[str, int, int, int]] = [
    ("as many as were requested, and there are more", 2345, 1000, 3),
    ("as many as were requested, and no more", 1000, 1000, 2),
    ("a limit of the registry's own", 245, 100, 3),
    ("a limit of the registry's own, and no more", 100, 100, 2),
    ("a smaller limit of the registry's own", 120, 50, 3),
    ("fewer than were requested", 999, 1000, 1),
    ("more than were requested", 2345, 5000, 3),
    ("everything, always", 1000, 0, 2),
    ("none", 0, 1000, 1),
]


@pytest.mark.parametrize(("label", "count", "most", "requests"), PAGED, ids=[row[0] for row in PAGED])
def test_a_full_page_without_a_link(label: str, count: int, most: int, requests: int, server: ScriptedServer) -> None:
    registry = Paged(server, count, most)
    assert names(server) == registry.tags
    assert len(server.requests) == requests


@pytest.mark.parametrize("code", ["TOO_MANY_TAGS_REQUESTED", "PAGINATION_NUMBER_INVALID", ""])
def test_a_registry_that_refuses_the_page_size_is_called_without_one(server: ScriptedServer, code: str) -> None:
    errors = {"errors": [{"code": code, "message": "max 100"}]} if code else None
    server.expect("GET", TAGS).answer(400, json=errors)
    server.expect("GET", TAGS).answer(json={"tags": ["a"]}, headers=next_link(f"{TAGS}?last=a"))
    server.expect("GET", TAGS).answer(json={"tags": ["b"]})
    assert names(server) == ["a", "b"]
    assert [request.target for request in server.requests] == [f"{TAGS}?n=1000", TAGS, f"{TAGS}?last=a"]


SECOND_PAGES: list[tuple[int, bytes, str]] = [
    (400, b"", r"refused \(status 400\)"),
    (403, b"", "status 403"),
    (404, b"", "no such repository"),
    (200, b"<html>Welcome</html>", "expected a JSON object"),
    (200, b"{}", "expected a listing of tags, got"),
]


@pytest.mark.parametrize(("status", "body", "reason"), SECOND_PAGES)
def test_an_error_names_the_page(server: ScriptedServer, status: int, body: bytes, reason: str) -> None:
    server.expect("GET", TAGS).answer(json={"tags": [f"t{number:04}" for number in range(1000)]})
    server.expect("GET", TAGS).answer(status, body=body)
    with pytest.raises(RegistryError, match=f"page 2 of the tags of shop/app: .*{reason}"):
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


# Redirects


@pytest.mark.parametrize("path", [TAGS, V1])
def test_another_host_s_answer_is_not_believed(path: str, server: ScriptedServer, other: ScriptedServer) -> None:
    for _ in range(2):
        server.always("GET", path, lambda _: Reply(302, b"", {"Location": f"{other.url}{path}"}))
        server.always("HEAD", path, lambda _: Reply(302, b"", {"Location": f"{other.url}{path}"}))
    with pytest.raises(RegistryProtocolError, match=f"to another host, {other.host}"):
        client(server).list_tags() if path == TAGS else client(server).resolve("v1")
    assert other.requests == []


def test_a_redirect_on_the_same_host_is_followed_and_not_in_a_circle(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(307, headers={"Location": "/v2/moved/app/tags/list"})
    server.expect("GET", "/v2/moved/app/tags/list").answer(json={"tags": ["v1"]})
    assert names(server) == ["v1"]
    server.always("GET", TAGS, lambda _: Reply(302, headers={"Location": TAGS}))
    with pytest.raises(RegistryProtocolError, match="redirect"):
        names(server)
    assert len(server.requests) <= 6


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
    ("tags that are not a list", b'{"tags": "v1"}'),
    ("a tag that is not text", b'{"tags": [1]}'),
    ("an empty object", b"{}"),
    ("half an answer", b'{"tags": ["v1"'),
    ("a very deep answer", b"[" * 100_000),
]


@pytest.mark.parametrize(("label", "body"), LISTINGS, ids=[row[0] for row in LISTINGS])
def test_no_tags_are_read_from(label: str, body: bytes, server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(body=body, headers={"Content-Type": "text/html"})
    with pytest.raises(RegistryProtocolError, match="tags of shop/app"):
        names(server)


def test_a_body_beyond_the_limit_is_not_read_to_its_end(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(body=b" " * (33 * MIB))
    with pytest.raises(RegistryProtocolError, match="exceeds 33,554,432 bytes"):
        names(server)


# Retrying


def test_a_gateway_that_answers_html_is_unavailable_after_three_attempts(server: ScriptedServer) -> None:
    for _ in range(3):
        server.expect("GET", TAGS).answer(502, body=b"<html>Bad Gateway</html>")
    with pytest.raises(RegistryUnavailable, match=f"{server.host} returned 502 for GET {TAGS}"):
        names(server)


def test_a_broken_connection_and_throttling_are_tried_again_and_other_refusals_are_not(server: ScriptedServer) -> None:
    server.expect("GET", TAGS).answer(NO_ANSWER)
    server.expect("GET", TAGS).answer(429, headers={"Retry-After": "0"})
    server.expect("GET", TAGS).answer(json={"tags": None})
    assert names(server) == []
    server.expect("GET", TAGS).answer(429, headers={"Retry-After": "3600"})
    with pytest.raises(RegistryUnavailable, match="429"):
        names(server)
    server.expect("GET", TAGS).answer(418, body=b"teapot")
    with pytest.raises(RegistryError, match="status 418"):
        names(server)
    for _ in range(2):  # also without a page size
        server.expect("GET", TAGS).answer(400, body=b"<html>no</html>")
    with pytest.raises(RegistryError, match=r"tags of shop/app: refused \(status 400\)"):
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


def test_resolving_costs_one_request_where_the_registry_sends_the_digest(server: ScriptedServer) -> None:
    server.expect("HEAD", V1).answer(headers={"Docker-Content-Digest": DIGEST})
    assert client(server).resolve("v1").digest == DIGEST
    accepted = server.requests[0].headers["accept"]
    assert [kind in accepted for kind in ("oci.image.index.v1", "manifest.list.v2", "image.manifest.v1", "v2+json")]
    for status, headers in ((200, {}), (405, {"Docker-Content-Digest": sha256(b"{}")})):
        server.expect("HEAD", V1).answer(status)
        server.expect("GET", V1).answer(body=b"{}", headers=headers)
        assert client(server).resolve("v1").digest == sha256(b"{}")
    for code, kind in (("MANIFEST_UNKNOWN", TagNotFound), ("NAME_UNKNOWN", RepositoryNotFound)):
        server.expect("HEAD", V1).answer(404)
        server.expect("GET", V1).answer(404, json={"errors": [{"code": code, "message": "no"}]})
        with pytest.raises(kind):
            client(server).resolve("v1")


def test_a_digest_of_another_kind_is_refused(server: ScriptedServer) -> None:
    server.expect("HEAD", V1).answer(headers={"Docker-Content-Digest": f"sha512:{'a' * 128}"})
    with pytest.raises(RegistryProtocolError, match="sha256 only"):
        client(server).resolve("v1")


def test_content_that_is_not_the_one_requested_is_refused(server: ScriptedServer) -> None:
    server.expect("GET", f"/v2/shop/app/manifests/{DIGEST}").answer(body=b'{"manifests": []}')
    with pytest.raises(RegistryProtocolError, match=f"expected {DIGEST}"):
        client(server).manifest(Digest(DIGEST))
    manifest = plain(b"{}")
    server.expect("GET", f"/v2/shop/app/manifests/{sha256(manifest)}").answer(body=manifest)
    server.expect("GET", f"/v2/shop/app/blobs/{sha256(b'{}')}").answer(body=b'{"os": "linux"}')
    with pytest.raises(RegistryProtocolError, match=f"expected {sha256(b'{}')}"):
        client(server).manifest(sha256(manifest))


def test_what_is_not_an_image_is_named_with_its_type(server: ScriptedServer) -> None:
    kind = "application/vnd.cncf.helm.config.v1+json"
    body = json.dumps({"schemaVersion": 2, "config": {"mediaType": kind, "digest": DIGEST}}).encode()
    server.expect("GET", f"/v2/shop/app/manifests/{sha256(body)}").answer(body=body)
    with pytest.raises(PlatformMissing, match=f"is not a container image.*{re.escape(kind)}") as refused:
        require_platform(Registries().open(repository(server)), "v1", sha256(body), "linux/amd64")
    assert "--platform" not in str(refused.value)


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


ADDRESSES = ["http://[::1", "http://host:99999/x", "http://user:secret@host/x", "mailto:x"]


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
