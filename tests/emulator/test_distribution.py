"""The OCI distribution API over plain HTTP: tokens, tags, manifests, blobs, uploads, and the specification's error codes."""

import hashlib
import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcpin.emulator import Emulator, Knobs
from tests.emulator.clients import Registry

IMAGE_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
DIRECT = Knobs(oci_blob_redirect=False)


@pytest.fixture
def shop(registry: Registry) -> Registry:
    """A client that may do everything in shop/app."""
    registry.login("repository:shop/app:pull,push,delete")
    return registry


def code(answer: Any) -> tuple[int, str]:
    return answer.status, answer.json()["errors"][0]["code"]


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


# tokens


def test_the_challenge_names_the_token_server(cloud: Emulator, registry: Registry) -> None:
    ping = registry.request("GET", "/v2/")
    assert code(ping) == (401, "UNAUTHORIZED")
    assert ping.headers["www-authenticate"] == f'Bearer realm="{cloud.url}/auth",service="registry.emulator"'
    tags = registry.request("GET", "/v2/shop/app/tags/list").headers["www-authenticate"]
    assert tags.endswith(',scope="repository:shop/app:pull"')
    upload = registry.request("POST", "/v2/shop/app/blobs/uploads/").headers["www-authenticate"]
    assert upload.endswith(',scope="repository:shop/app:pull,push"')


def test_a_token_opens_what_was_requested(cloud: Emulator, registry: Registry) -> None:
    cloud.push("shop/app", "main")
    cloud.push("shop/web", "main")
    answer = registry.login("repository:shop/app:pull")
    assert answer.json()["access_token"] == answer.json()["token"]
    assert answer.json()["expires_in"] == 300
    assert registry.request("GET", "/v2/").status == 200
    assert registry.request("GET", "/v2/shop/app/tags/list").json() == {"name": "shop/app", "tags": ["main"]}
    refused = registry.request("GET", "/v2/shop/web/tags/list")
    assert code(refused) == (401, "UNAUTHORIZED")
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    assert code(registry.request("DELETE", "/v2/shop/app/manifests/main")) == (401, "UNAUTHORIZED")


def test_a_wrong_password_gets_no_token(registry: Registry) -> None:
    assert code(registry.login("repository:shop/app:pull", password="wrong")) == (401, "UNAUTHORIZED")


def test_without_a_login_only_public_repositories_are_readable(cloud: Emulator, registry: Registry) -> None:
    for name in ("open", "closed"):
        cloud.push(f"shop/{name}", "main")
    cloud.set_repository_type("shop/open", "PUBLIC")
    registry.login("repository:shop/open:pull,push&scope=repository:shop/closed:pull", user="")
    assert registry.request("GET", "/v2/shop/open/tags/list").status == 200
    assert registry.request("POST", "/v2/shop/open/blobs/uploads/").status == 401
    assert registry.request("GET", "/v2/shop/closed/tags/list").status == 401


@pytest.mark.parametrize("knobs", [Knobs(oci_token_seconds=60)])
def test_a_token_expires(cloud: Emulator, shop: Registry) -> None:
    cloud.push("shop/app", "main")
    assert shop.request("GET", "/v2/shop/app/tags/list").status == 200
    cloud.advance(60)
    expired = shop.request("GET", "/v2/shop/app/tags/list")
    assert (expired.status, 'error="invalid_token"' in expired.headers["www-authenticate"]) == (401, True)
    shop.login("repository:shop/app:pull")
    assert shop.request("GET", "/v2/shop/app/tags/list").status == 200


@pytest.mark.parametrize("forged", ["{signed}.AAAA", "a.b.c", "x"])
def test_a_token_that_is_not_ours(shop: Registry, forged: str) -> None:
    shop.token = forged.format(signed=shop.token.rpartition(".")[0])
    assert code(shop.request("GET", "/v2/shop/app/tags/list")) == (401, "UNAUTHORIZED")


def test_a_token_for_another_service_opens_nothing_here(cloud: Emulator, registry: Registry) -> None:
    url = f"{cloud.url}/auth?service=elsewhere&scope=repository:shop/app:pull"
    headers = {"authorization": "Basic " + "ZW11bGF0b3I6ZW11bGF0b3ItcGFzc3dvcmQ="}
    registry.token = registry.http.request("GET", url, headers=headers).json()["token"]
    assert registry.request("GET", "/v2/shop/app/tags/list").status == 401


# tags


def pages(shop: Registry, path: str) -> list[list[str]]:
    found = []
    while path:
        answer = shop.request("GET", path)
        found.append(answer.json()["tags"])
        link = re.fullmatch(r'<(/v2/[^>]+)>; rel="next"', answer.headers.get("link", ""))
        path = link[1] if link else ""
    return found


@pytest.mark.parametrize("knobs", [Knobs(oci_page_size=3)])
def test_tags_come_in_pages(cloud: Emulator, shop: Registry) -> None:
    for name in "edcba":
        cloud.push("shop/app", name)
    assert pages(shop, "/v2/shop/app/tags/list") == [["a", "b", "c"], ["d", "e"]]
    assert pages(shop, "/v2/shop/app/tags/list?n=2") == [["a", "b"], ["c", "d"], ["e"]]
    assert pages(shop, "/v2/shop/app/tags/list?n=100") == [["a", "b", "c"], ["d", "e"]]
    assert pages(shop, "/v2/shop/app/tags/list?last=cc") == [["d", "e"]]
    assert pages(shop, "/v2/shop/app/tags/list?last=e") == [[]]
    assert code(shop.request("GET", "/v2/shop/app/tags/list?n=x")) == (400, "PAGINATION_NUMBER_INVALID")


@pytest.mark.parametrize("knobs", [Knobs(oci_sorted=False)])
def test_tags_may_come_as_they_were_pushed(cloud: Emulator, shop: Registry) -> None:
    for name in "bca":
        cloud.push("shop/app", name)
    assert pages(shop, "/v2/shop/app/tags/list?n=2") == [["b", "c"], ["a"]]


# manifests


def test_a_manifest_is_found_by_tag_and_by_digest(cloud: Emulator, shop: Registry) -> None:
    digest = cloud.push("shop/app", "main")
    for reference in ("main", digest):
        head = shop.request("HEAD", f"/v2/shop/app/manifests/{reference}")
        get = shop.request("GET", f"/v2/shop/app/manifests/{reference}", headers={"accept": IMAGE_TYPE})
        assert (
            head.headers["docker-content-digest"] == get.headers["docker-content-digest"] == digest == sha256(get.data)
        )
        assert head.headers["content-type"] == get.headers["content-type"] == IMAGE_TYPE
        assert int(head.headers["content-length"]) == len(get.data)
        assert head.data == b""


def test_an_index_names_a_manifest_for_every_platform(cloud: Emulator, shop: Registry) -> None:
    cloud.push("shop/app", "main", platforms=("linux/amd64", "linux/arm64/v8"))
    index = shop.request("GET", "/v2/shop/app/manifests/main", headers={"accept": f"{INDEX_TYPE}, {IMAGE_TYPE}"}).json()
    assert [child["platform"] for child in index["manifests"]] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux", "variant": "v8"},
    ]
    for child in index["manifests"]:
        answer = shop.request("GET", f"/v2/shop/app/manifests/{child['digest']}")
        assert len(answer.data) == child["size"]


def test_a_manifest_of_a_type_that_was_not_requested(cloud: Emulator, shop: Registry) -> None:
    cloud.push("shop/app", "main", index=True)
    answer = shop.request("GET", "/v2/shop/app/manifests/main", headers={"accept": IMAGE_TYPE})
    assert code(answer) == (404, "MANIFEST_UNKNOWN")
    assert shop.request("GET", "/v2/shop/app/manifests/main", headers={"accept": "*/*"}).status == 200


def test_equal_content_has_an_equal_digest(cloud: Emulator) -> None:
    first = cloud.push("shop/app", "one", content="same")
    cloud.advance(3600)
    assert cloud.push("shop/web", "two", content="same") == first
    assert cloud.push("shop/app", "three", content="other") != first
    assert cloud.push("shop/app", "four", content="same", created="2026-01-01T00:00:00Z") != first


def test_a_deleted_digest_takes_its_tags_with_it(cloud: Emulator, shop: Registry) -> None:
    digest = cloud.push("shop/app", "one", content="same")
    cloud.push("shop/app", "two", content="same")
    cloud.push("shop/app", "three", content="other")
    assert shop.request("DELETE", "/v2/shop/app/manifests/two").status == 202
    assert shop.request("HEAD", f"/v2/shop/app/manifests/{digest}").status == 200
    assert shop.request("DELETE", f"/v2/shop/app/manifests/{digest}").status == 202
    assert pages(shop, "/v2/shop/app/tags/list") == [["three"]]
    assert code(shop.request("DELETE", f"/v2/shop/app/manifests/{digest}")) == (404, "MANIFEST_UNKNOWN")


NOT_THERE = [
    ("a repository", "GET", "/v2/shop/none/tags/list", (404, "NAME_UNKNOWN")),
    ("a tag", "GET", "/v2/shop/app/manifests/none", (404, "MANIFEST_UNKNOWN")),
    ("a digest", "GET", f"/v2/shop/app/manifests/{sha256(b'')}", (404, "MANIFEST_UNKNOWN")),
    ("a blob", "GET", f"/v2/shop/app/blobs/{sha256(b'')}", (404, "BLOB_UNKNOWN")),
    ("an upload", "PATCH", "/v2/shop/app/blobs/uploads/abc", (404, "BLOB_UPLOAD_UNKNOWN")),
    ("a method", "PUT", "/v2/shop/app/tags/list", (405, "UNSUPPORTED")),
    ("an endpoint", "GET", "/v2/_catalog", (405, "UNSUPPORTED")),
    ("a name in capitals", "GET", "/v2/Shop/app/tags/list", (400, "NAME_INVALID")),
]


@pytest.mark.parametrize(("label", "method", "path", "expected"), NOT_THERE, ids=[row[0] for row in NOT_THERE])
def test_what_is_not_there(
    cloud: Emulator, registry: Registry, label: str, method: str, path: str, expected: tuple[int, str]
) -> None:
    cloud.push("shop/app", "main")
    registry.login("repository:shop/app:pull,push&scope=repository:shop/none:pull")
    assert code(registry.request(method, path)) == expected


# blobs and uploads


def config_digest(shop: Registry) -> str:
    return str(shop.request("GET", "/v2/shop/app/manifests/main").json()["config"]["digest"])


@pytest.mark.parametrize("knobs", [DIRECT])
def test_a_blob_is_read(cloud: Emulator, shop: Registry) -> None:
    cloud.push("shop/app", "main", created="2026-01-02T03:04:05Z")
    path = f"/v2/shop/app/blobs/{config_digest(shop)}"
    config = shop.request("GET", path)
    assert config.json()["created"] == "2026-01-02T03:04:05Z"
    assert (config.json()["os"], config.json()["architecture"]) == ("linux", "amd64")
    assert int(shop.request("HEAD", path).headers["content-length"]) == len(config.data)


def test_a_blob_is_somewhere_else_and_needs_no_token_there(cloud: Emulator, shop: Registry) -> None:
    cloud.push("shop/app", "main")
    digest = config_digest(shop)
    moved = shop.request("GET", f"/v2/shop/app/blobs/{digest}")
    location = moved.headers["location"]
    assert (moved.status, location.startswith("http://localhost:")) == (307, True)
    assert shop.request("GET", location).status == 400, "object storage refuses two kinds of credentials"
    shop.token = ""
    assert sha256(shop.request("GET", location).data) == digest
    assert code(shop.request("GET", location[:-4] + "0000")) == (403, "DENIED")


def put_image(shop: Registry, tag: str, config: bytes) -> Any:
    """Push an image of one config and no layer, the config by one POST."""
    digest = sha256(config)
    assert shop.request("POST", f"/v2/shop/app/blobs/uploads/?digest={digest}", body=config).status == 201
    descriptor = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": len(config)}
    manifest = {"schemaVersion": 2, "mediaType": IMAGE_TYPE, "config": descriptor, "layers": []}
    headers = {"content-type": IMAGE_TYPE}
    return shop.request("PUT", f"/v2/shop/app/manifests/{tag}", body=json.dumps(manifest).encode(), headers=headers)


def test_an_image_is_pushed(cloud: Emulator, shop: Registry) -> None:
    pushed = put_image(shop, "main", b'{"os": "linux", "architecture": "amd64"}')
    assert pushed.status == 201
    digest = pushed.headers["docker-content-digest"]
    assert pushed.headers["location"] == f"/v2/shop/app/manifests/{digest}"
    assert shop.request("HEAD", "/v2/shop/app/manifests/main").headers["docker-content-digest"] == digest


@pytest.mark.parametrize("knobs", [DIRECT])
@given(chunks=st.lists(st.binary(max_size=64), min_size=1, max_size=6))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_blob_arrives_whole_however_it_is_cut(cloud: Emulator, chunks: list[bytes]) -> None:
    shop = Registry(cloud)
    shop.login("repository:shop/app:pull,push")
    upload = shop.request("POST", "/v2/shop/app/blobs/uploads/")
    location, sent = upload.headers["location"], 0
    for chunk in chunks[:-1]:
        headers = {"content-range": f"{sent}-{max(sent + len(chunk) - 1, sent)}"}
        answer = shop.request("PATCH", location, body=chunk, headers=headers)
        sent += len(chunk)
        assert (answer.status, answer.headers["range"]) == (202, f"0-{max(sent - 1, 0)}")
        location = answer.headers["location"]
    whole = b"".join(chunks)
    assert shop.request("PUT", f"{location}?digest={sha256(whole)}", body=chunks[-1]).status == 201
    assert shop.request("GET", f"/v2/shop/app/blobs/{sha256(whole)}").data == whole
    shop.http.clear()


def test_a_chunk_out_of_order_is_refused_and_the_upload_goes_on(shop: Registry) -> None:
    location = shop.request("POST", "/v2/shop/app/blobs/uploads/").headers["location"]
    shop.request("PATCH", location, body=b"abc", headers={"content-range": "0-2"})
    wrong = shop.request("PATCH", location, body=b"xyz", headers={"content-range": "7-9"})
    assert code(wrong) == (416, "BLOB_UPLOAD_INVALID")
    progress = shop.request("GET", location)
    assert (progress.status, progress.headers["range"]) == (204, "0-2")
    assert shop.request("PUT", f"{location}?digest={sha256(b'abcd')}", body=b"d").status == 201
    assert shop.request("GET", location).status == 404


def test_a_cancelled_upload_is_gone(shop: Registry) -> None:
    location = shop.request("POST", "/v2/shop/app/blobs/uploads/").headers["location"]
    assert shop.request("DELETE", location).status == 204
    assert code(shop.request("PATCH", location, body=b"abc")) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_content_with_another_digest(shop: Registry) -> None:
    path = f"/v2/shop/app/blobs/uploads/?digest={sha256(b'one')}"
    assert code(shop.request("POST", path, body=b"two")) == (400, "DIGEST_INVALID")
    location = shop.request("POST", "/v2/shop/app/blobs/uploads/").headers["location"]
    assert code(shop.request("PUT", location, body=b"two")) == (400, "DIGEST_INVALID")


def test_a_blob_is_mounted_from_another_repository(cloud: Emulator, registry: Registry) -> None:
    cloud.push("shop/app", "main")
    registry.login("repository:shop/app:pull&scope=repository:shop/web:pull,push")
    digest = config_digest(registry)
    path = f"/v2/shop/web/blobs/uploads/?mount={digest}"
    assert registry.request("POST", f"{path}&from=shop/app").status == 201
    assert registry.request("HEAD", f"/v2/shop/web/blobs/{digest}").status == 200
    assert registry.request("POST", f"{path}&from=shop/none").status == 202


BAD_MANIFESTS: list[tuple[str, bytes, str, str, str]] = [
    ("no JSON", b"no", IMAGE_TYPE, "main", "MANIFEST_INVALID"),
    ("an unknown type", b"{}", "text/plain", "main", "MANIFEST_INVALID"),
    (
        "a config that is not there",
        json.dumps({"config": {"digest": sha256(b"")}, "layers": []}).encode(),
        IMAGE_TYPE,
        "main",
        "MANIFEST_BLOB_UNKNOWN",
    ),
    (
        "a child that is not there",
        json.dumps({"manifests": [{"digest": sha256(b"")}]}).encode(),
        INDEX_TYPE,
        "main",
        "MANIFEST_BLOB_UNKNOWN",
    ),
    ("a digest that is another's", b'{"manifests": []}', INDEX_TYPE, sha256(b""), "DIGEST_INVALID"),
    ("a tag that cannot be", b'{"manifests": []}', INDEX_TYPE, "-x", "TAG_INVALID"),
]


@pytest.mark.parametrize(
    ("label", "body", "media_type", "reference", "expected"), BAD_MANIFESTS, ids=[row[0] for row in BAD_MANIFESTS]
)
def test_a_manifest_that_is_refused(
    shop: Registry, label: str, body: bytes, media_type: str, reference: str, expected: str
) -> None:
    headers = {"content-type": media_type}
    assert code(shop.request("PUT", f"/v2/shop/app/manifests/{reference}", body=body, headers=headers))[1] == expected
