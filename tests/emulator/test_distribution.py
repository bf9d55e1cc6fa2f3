"""The OCI distribution API over plain HTTP: tokens, tags, manifests, blobs, uploads and error codes."""

import hashlib
import json
import re
from typing import Any

import pytest
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcpin.emulator import Emulator, Knobs
from tests.emulator.clients import Registry

IMAGE_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
DIRECT = Knobs(oci_blob_redirect=False)


@pytest.fixture
def shop(registry: Registry) -> Registry:
    """A client with every right in shop/app."""
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


def test_invalid_tokens(cloud: Emulator, shop: Registry) -> None:
    signed, path = shop.token.rpartition(".")[0], "/v2/shop/app/tags/list"
    for shop.token in (f"{signed}.AAAA", "a.b.c", "x"):
        assert code(shop.request("GET", path)) == (401, "UNAUTHORIZED")
    headers = urllib3.make_headers(basic_auth=f"{cloud.username}:{cloud.password}")
    url = f"{cloud.url}/auth?service=elsewhere&scope=repository:shop/app:pull"
    shop.token = shop.http.request("GET", url, headers=headers).json()["token"]
    assert shop.request("GET", path).status == 401, "a token for another service"
    assert code(shop.login("repository:shop/app:pull", password="wrong")) == (401, "UNAUTHORIZED")


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
    path = "/v2/shop/app/manifests"
    index = shop.request("GET", f"{path}/main", headers={"accept": f"{INDEX_TYPE}, {IMAGE_TYPE}"}).json()
    assert [child["platform"] for child in index["manifests"]] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux", "variant": "v8"},
    ]
    for child in index["manifests"]:
        assert len(shop.request("GET", f"{path}/{child['digest']}").data) == child["size"]
    assert code(shop.request("GET", f"{path}/main", headers={"accept": IMAGE_TYPE})) == (404, "MANIFEST_UNKNOWN")
    assert shop.request("GET", f"{path}/main", headers={"accept": "*/*"}).status == 200


def test_a_deleted_digest_takes_its_tags_with_it(cloud: Emulator, shop: Registry) -> None:
    digest = cloud.push("shop/app", "one", content="same")
    cloud.push("shop/app", "two", content="same")
    cloud.push("shop/app", "three", content="other")
    assert shop.request("DELETE", "/v2/shop/app/manifests/two").status == 202
    assert shop.request("HEAD", f"/v2/shop/app/manifests/{digest}").status == 200
    assert shop.request("DELETE", f"/v2/shop/app/manifests/{digest}").status == 202
    assert pages(shop, "/v2/shop/app/tags/list") == [["three"]]
    assert code(shop.request("DELETE", f"/v2/shop/app/manifests/{digest}")) == (404, "MANIFEST_UNKNOWN")


UNKNOWN = [
    ("GET", "/v2/shop/none/tags/list", (404, "NAME_UNKNOWN")),
    ("GET", "/v2/shop/app/manifests/none", (404, "MANIFEST_UNKNOWN")),
    ("GET", f"/v2/shop/app/manifests/{sha256(b'')}", (404, "MANIFEST_UNKNOWN")),
    ("GET", f"/v2/shop/app/blobs/{sha256(b'')}", (404, "BLOB_UNKNOWN")),
    ("PATCH", "/v2/shop/app/blobs/uploads/abc", (404, "BLOB_UPLOAD_UNKNOWN")),
    ("PUT", "/v2/shop/app/tags/list", (405, "UNSUPPORTED")),
    ("GET", "/v2/_catalog", (405, "UNSUPPORTED")),
    ("GET", "/v2/Shop/app/tags/list", (400, "NAME_INVALID")),
]


def test_what_does_not_exist(cloud: Emulator, registry: Registry) -> None:
    cloud.push("shop/app", "main")
    registry.login("repository:shop/app:pull,push&scope=repository:shop/none:pull")
    for method, path, expected in UNKNOWN:
        assert code(registry.request(method, path)) == expected, path


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


def test_a_blob_is_redirected_to_a_url_that_needs_no_token(cloud: Emulator, shop: Registry) -> None:
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
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def test_uploads(shop: Registry) -> None:
    path = "/v2/shop/app/blobs/uploads/"
    location = shop.request("POST", path).headers["location"]
    shop.request("PATCH", location, body=b"abc", headers={"content-range": "0-2"})
    wrong = shop.request("PATCH", location, body=b"xyz", headers={"content-range": "7-9"})
    assert code(wrong) == (416, "BLOB_UPLOAD_INVALID")
    progress = shop.request("GET", location)
    assert (progress.status, progress.headers["range"]) == (204, "0-2")
    assert shop.request("PUT", f"{location}?digest={sha256(b'abcd')}", body=b"d").status == 201
    assert shop.request("GET", location).status == 404
    location = shop.request("POST", path).headers["location"]
    assert code(shop.request("PUT", location, body=b"two")) == (400, "DIGEST_INVALID")
    assert shop.request("DELETE", location).status == 204
    assert code(shop.request("PATCH", location, body=b"abc")) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert code(shop.request("POST", f"{path}?digest={sha256(b'one')}", body=b"two")) == (400, "DIGEST_INVALID")


def test_a_blob_is_mounted_from_another_repository(cloud: Emulator, registry: Registry) -> None:
    cloud.push("shop/app", "main")
    registry.login("repository:shop/app:pull&scope=repository:shop/web:pull,push")
    digest = config_digest(registry)
    path = f"/v2/shop/web/blobs/uploads/?mount={digest}"
    assert registry.request("POST", f"{path}&from=shop/app").status == 201
    assert registry.request("HEAD", f"/v2/shop/web/blobs/{digest}").status == 200
    assert registry.request("POST", f"{path}&from=shop/none").status == 202


NO_CONFIG = json.dumps({"config": {"digest": sha256(b"")}, "layers": []}).encode()
NO_CHILD = json.dumps({"manifests": [{"digest": sha256(b"")}]}).encode()
EMPTY = b'{"manifests": []}'
INVALID_MANIFESTS: list[tuple[bytes, str, str, str]] = [
    (b"no", IMAGE_TYPE, "main", "MANIFEST_INVALID"),
    (b"{}", "text/plain", "main", "MANIFEST_INVALID"),
    (NO_CONFIG, IMAGE_TYPE, "main", "MANIFEST_BLOB_UNKNOWN"),
    (NO_CHILD, INDEX_TYPE, "main", "MANIFEST_BLOB_UNKNOWN"),
    (EMPTY, INDEX_TYPE, sha256(b""), "DIGEST_INVALID"),
    (EMPTY, INDEX_TYPE, "-x", "TAG_INVALID"),
]


def test_invalid_manifests(shop: Registry) -> None:
    for body, media_type, reference, expected in INVALID_MANIFESTS:
        headers = {"content-type": media_type}
        answer = shop.request("PUT", f"/v2/shop/app/manifests/{reference}", body=body, headers=headers)
        assert code(answer)[1] == expected
