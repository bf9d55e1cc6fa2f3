"""ACR Enterprise Edition through its SDK."""

from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_cr20181201 import models
from alibabacloud_tea_openapi.exceptions import ClientException

from fcpin.emulator import Emulator, Knobs
from tests.emulator.clients import Acr, Registry, code


@pytest.fixture
def acr(cloud: Emulator) -> Acr:
    return Acr(cloud)


def namespace(acr: Acr, name: str = "shop", **settings: Any) -> Any:
    return acr("CreateNamespace", namespace_name=name, **settings)


def repository(acr: Acr, name: str = "app", **settings: Any) -> Any:
    settings = {"repo_type": "PRIVATE", "summary": "Images", **settings}
    return acr("CreateRepository", repo_namespace_name="shop", repo_name=name, **settings)


def get_namespace(acr: Acr, name: str = "shop") -> Any:
    return acr("GetNamespace", namespace_name=name)


def get_repository(acr: Acr, name: str = "app") -> Any:
    return acr("GetRepository", repo_namespace_name="shop", repo_name=name)


def test_instances_and_their_endpoints(cloud: Emulator, acr: Acr) -> None:
    listed = acr("ListInstance")
    assert (listed.is_success, listed.code, listed.total_count) == (True, "success", 1)
    only = listed.instances[0]
    assert (only.instance_id, only.instance_name, only.instance_status) == (cloud.instance_id, "demo", "RUNNING")
    assert (acr("GetInstance").instance_name, acr("GetInstance").create_time) == ("demo", int(only.create_time))
    domains = acr("GetInstanceEndpoint", endpoint_type="Internet").domains
    assert [(domain.domain, domain.type) for domain in domains] == [(cloud.enterprise_host, "SYSTEM")]
    assert [endpoint.domains[0].domain for endpoint in acr("ListInstanceEndpoint").endpoints] == [
        "demo-registry.cn-hangzhou.cr.aliyuncs.com",
        "demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com",
    ]


@pytest.mark.parametrize(
    ("knobs", "found"), [(Knobs(), 1), (Knobs(acr_instance_filter="fuzzy"), 2)], ids=["exact", "fuzzy"]
)
def test_instances_are_found_by_name(cloud: Emulator, acr: Acr, found: int) -> None:
    cloud.create_instance("demo-2")
    assert len(acr("ListInstance", instance_name="demo").instances) == found


def test_another_instance_is_empty(cloud: Emulator, acr: Acr) -> None:
    other = cloud.create_instance("other")
    cloud.push("shop/app", "main")
    assert acr("ListRepository", instance_id=other).total_count == "0"
    listed = acr("ListNamespace", instance_id=other)
    assert (listed.total_count, listed.namespaces) == ("0", [])
    assert namespace(acr, instance_id=other).code == "INSTANCE_NOT_SUPPORT"


def test_a_push_creates_a_repository(cloud: Emulator, acr: Acr) -> None:
    for path in ("shop/app", "shop/web", "other/app"):
        cloud.push(path, "main")
    listed = acr("ListRepository", repo_namespace_name="shop")
    assert (listed.total_count, [one.repo_name for one in listed.repositories]) == ("2", ["app", "web"])
    by_id = acr("GetRepository", repo_id=listed.repositories[0].repo_id)
    assert (by_id.repo_namespace_name, by_id.repo_name, by_id.repo_type) == ("shop", "app", "PRIVATE")
    assert isinstance(by_id.create_time, int)
    assert by_id.tag_immutability is False


@pytest.mark.parametrize(
    "knobs", [Knobs(), Knobs(digest_prefix="prefixed")], ids=lambda knobs: str(knobs.digest_prefix)
)
def test_a_tag_has_the_types_of_the_documentation(cloud: Emulator, acr: Acr, knobs: Knobs) -> None:
    digest = cloud.push("shop/app", "release-1", created="2026-01-02T03:04:05Z")
    cloud.set_tag_status("shop/app", "release-1", "DELETING")
    listed = acr.tags()
    assert (listed.is_success, listed.page_no, listed.page_size, listed.total_count) == (True, 1, 30, "1")
    image = listed.images[0]
    shown = digest if knobs.digest_prefix == "prefixed" else digest.removeprefix("sha256:")
    assert (image.tag, image.digest, image.status) == ("release-1", shown, "DELETING")
    assert image.image_create == "1767323045000"
    assert image.image_update.isdecimal()
    assert isinstance(image.image_size, int)
    one = acr("GetRepoTag", repo_id=acr.repository_id(), tag="release-1")
    assert (one.digest, one.image_create, one.image_update) == (shown, 1767323045000, int(image.image_update))


def test_push_times_are_strictly_increasing(cloud: Emulator, acr: Acr) -> None:
    for number in range(20):
        cloud.push("shop/app", f"release-{number}", content="one")
    times = {image.tag: int(image.image_update) for image in acr.tags().images}
    assert sorted(times, key=times.__getitem__) == [f"release-{number}" for number in range(20)]
    assert len(set(times.values())) == 20


def by_number(acr: Acr) -> list[str]:
    return [image.tag for number in (1, 2, 3) for image in acr.tags(page_no=number, page_size=2).images]


def by_token(acr: Acr) -> list[str]:
    found, token = [], None
    while True:
        page = acr.tags(max_results=2, next_token=token)
        found += [image.tag for image in page.images]
        token = page.next_token
        if not token:
            return found


ORDERS: list[tuple[Knobs, str]] = [
    (Knobs(), "ceadb"),
    (Knobs(acr_tag_order="name"), "abcde"),
    (Knobs(acr_tag_order="scattered"), "dcbea"),
]


@pytest.mark.parametrize(("knobs", "order"), ORDERS, ids=[row[0].acr_tag_order for row in ORDERS])
def test_pages_hold_every_tag_once_in_the_order_of_the_knob(cloud: Emulator, acr: Acr, order: str) -> None:
    for name in "bdaec":
        cloud.push("shop/app", name)
    assert by_number(acr) == by_token(acr) == list(order)


@pytest.mark.parametrize("knobs", [Knobs(acr_next_token=False)])
def test_an_instance_without_tokens(cloud: Emulator, acr: Acr) -> None:
    for name in "abc":
        cloud.push("shop/app", name)
    page = acr.tags(max_results=2)
    assert (page.next_token, page.page_no, len(page.images)) == (None, 1, 3)


def test_a_push_between_two_pages_repeats_a_tag(cloud: Emulator, acr: Acr) -> None:
    for name in "abcd":
        cloud.push("shop/app", name)
    cloud.after_next("ListRepoTag", "push", {"repository": "shop/app", "tag": "e"})
    assert by_number(acr) == ["d", "c", "c", "b", "a"]


@pytest.mark.parametrize("page", [{"page_size": 101}, {"page_no": 0}, {"max_results": 101}, {"next_token": "x"}])
def test_invalid_pages(shared: Emulator, page: dict[str, Any]) -> None:
    listed = Acr(shared).tags(**page)
    assert (listed.is_success, listed.code) == (False, "PARAMETER_ERROR")


MISSING: list[tuple[str, Callable[[Acr], Any]]] = [
    ("REPO_NOT_EXIST", lambda acr: acr("ListRepoTag", repo_id="crr-none")),
    ("INSTANCE_NOT_EXIST", lambda acr: acr("GetInstance", instance_id="cri-none")),
    ("IMAGE_NOT_EXIST", lambda acr: acr("GetRepoTag", repo_id=acr.repository_id(), tag="none")),
]


@pytest.mark.parametrize("shape", ["not-success", "http-404"])
def test_what_does_not_exist(shape: Any) -> None:
    knobs = Knobs(acr_not_exist=shape, acr_tag_not_exist_code="IMAGE_NOT_EXIST")
    with Emulator(knobs=knobs).serve() as cloud:
        cloud.push("shop/app", "main")
        for expected, call in MISSING:
            if shape == "http-404":
                assert code(call, Acr(cloud)) == (404, expected)
            else:
                body = call(Acr(cloud))
                assert (body.is_success, body.code) == (False, expected)


def test_calls_that_the_gateway_rejects(shared: Emulator) -> None:
    acr = Acr(shared)
    assert code(acr.sdk.list_repo_tag, models.ListRepoTagRequest()) == (400, "MissingInstanceId")
    assert code(repository, acr, "new", summary=None) == (400, "MissingSummary")
    with pytest.raises(ClientException, match="emulator does not have ListChain") as missing:
        acr("ListChain")
    assert missing.value.code == "InvalidAction.NotFound"


def test_a_tag_is_created_from_another_and_deleted(cloud: Emulator, acr: Acr, registry: Registry) -> None:
    digest = cloud.push("shop/app", "main")
    path = {"namespace_name": "shop", "repo_name": "app"}
    assert acr("CreateRepoTag", **path, from_tag="main", to_tag="pin-1").is_success
    assert cloud.tags("shop/app") == {"main": digest, "pin-1": digest}
    assert acr("DeleteRepoTag", repo_id=acr.repository_id(), tag="main").is_success
    assert list(cloud.tags("shop/app")) == ["pin-1"]
    cloud.push("shop/app", "next", content="two")
    cloud.set_tag_immutability("shop/app")
    assert get_repository(acr).tag_immutability
    assert acr("CreateRepoTag", **path, from_tag="next", to_tag="pin-1").code == "TAG_IMMUTABLE"
    registry.login("repository:shop/app:pull,push")
    manifest = registry.request("GET", "/v2/shop/app/manifests/next")
    headers = {"content-type": manifest.headers["content-type"]}
    pushed = registry.request("PUT", "/v2/shop/app/manifests/pin-1", body=manifest.data, headers=headers)
    assert (pushed.status, pushed.json()["errors"][0]["code"]) == (403, "DENIED")


def test_a_temporary_login_pulls_until_it_expires(cloud: Emulator, acr: Acr, registry: Registry) -> None:
    cloud.push("shop/app", "main")
    login = acr("GetAuthorizationToken", expires_in_hours=2)
    assert login.temp_username == "cr_temp_user"
    assert isinstance(login.expire_time, int)
    pair = {"user": login.temp_username, "password": login.authorization_token}
    assert registry.login("repository:shop/app:pull", **pair).status == 200
    assert registry.request("GET", "/v2/shop/app/tags/list").json()["tags"] == ["main"]
    cloud.advance(2 * 3600)
    assert registry.login("repository:shop/app:pull", **pair).status == 401


def test_a_namespace_is_created_updated_listed_and_deleted(cloud: Emulator, acr: Acr) -> None:
    assert repository(acr).code == "NAMESPACE_NOT_EXIST"
    assert namespace(acr, auto_create_repo=True, default_repo_type="PUBLIC").is_success
    found = get_namespace(acr)
    assert (found.namespace_name, found.namespace_status, found.namespace_id[:4]) == ("shop", "NORMAL", "crn-")
    assert (found.auto_create_repo, found.default_repo_type) == (True, "PUBLIC")
    assert acr("UpdateNamespace", namespace_name="shop", auto_create_repo=False).is_success
    assert (get_namespace(acr).auto_create_repo, get_namespace(acr).default_repo_type) == (False, "PUBLIC")
    namespace(acr, "demo")
    cloud.push("web/app", "main")
    cloud.push("shop/app", "main")
    cloud.push("shopping/app", "main")
    listed = acr("ListNamespace", page_size=2)
    assert (listed.total_count, [one.namespace_name for one in listed.namespaces]) == ("4", ["demo", "shop"])
    assert [one.auto_create_repo for one in acr("ListNamespace", namespace_name="web").namespaces] == [True]
    assert acr("DeleteNamespace", namespace_name="shop").is_success
    assert (get_namespace(acr).code, get_repository(acr).code) == ("NAMESPACE_NOT_EXIST", "REPO_NOT_EXIST")
    assert cloud.tags("shopping/app")


def test_a_repository_is_created_updated_and_deleted(acr: Acr) -> None:
    namespace(acr)
    made = repository(acr, repo_type="PUBLIC", summary="Images of a shop", detail="long", tag_immutability=True)
    found = get_repository(acr)
    assert (made.is_success, made.repo_id) == (True, found.repo_id)
    assert (found.repo_type, found.tag_immutability, found.detail) == ("PUBLIC", True, "long")
    assert found.summary == "Images of a shop"
    update: dict[str, Any] = {"repo_type": "PRIVATE", "summary": "New"}
    assert acr("UpdateRepository", repo_id=found.repo_id, **update).is_success
    changed = get_repository(acr)
    assert (changed.repo_type, changed.summary, changed.detail) == ("PRIVATE", "New", "long")
    assert changed.tag_immutability is True
    by_name = {"repo_namespace_name": "shop", "repo_name": "app", "tag_immutability": False}
    assert acr("UpdateRepository", **update, **by_name).is_success
    assert get_repository(acr).tag_immutability is False
    assert acr("DeleteRepository", repo_id=found.repo_id).is_success
    assert get_repository(acr).code == "REPO_NOT_EXIST"


def test_a_push_creates_repositories_where_the_namespace_allows_it(acr: Acr, registry: Registry) -> None:
    namespace(acr, auto_create_repo=False)
    registry.login("repository:shop/app:pull,push")
    denied = registry.request("POST", "/v2/shop/app/blobs/uploads/")
    assert (denied.status, denied.json()["errors"][0]["code"]) == (403, "DENIED")
    assert get_repository(acr).code == "REPO_NOT_EXIST"
    repository(acr)
    assert registry.request("POST", "/v2/shop/app/blobs/uploads/").status == 202
    namespace(acr, "web", auto_create_repo=True, default_repo_type="PUBLIC")
    registry.login("repository:web/app:pull,push")
    assert registry.request("POST", "/v2/web/app/blobs/uploads/").status == 202
    listed = acr("ListRepository", repo_namespace_name="web")
    assert [one.repo_type for one in listed.repositories] == ["PUBLIC"]


INVALID: list[tuple[str, Callable[[Acr], Any], str]] = [
    ("the namespace exists", lambda acr: namespace(acr), "NAMESPACE_ALREADY_EXIST"),
    ("the repository exists", lambda acr: repository(acr), "REPO_ALREADY_EXIST"),
    ("a name of one letter", lambda acr: namespace(acr, "a"), "PARAMETER_ERROR"),
    ("a name of 121 letters", lambda acr: namespace(acr, "a" * 121), "PARAMETER_ERROR"),
    ("a name with capitals", lambda acr: namespace(acr, "Shop"), "PARAMETER_ERROR"),
    ("a repository with capitals", lambda acr: repository(acr, "App"), "PARAMETER_ERROR"),
    ("a type", lambda acr: repository(acr, "new", repo_type="SECRET"), "PARAMETER_ERROR"),
    ("a default type", lambda acr: namespace(acr, "new", default_repo_type="NONE"), "PARAMETER_ERROR"),
]


@pytest.mark.parametrize(("label", "call", "expected"), INVALID, ids=[row[0] for row in INVALID])
def test_invalid_namespaces_and_repositories(
    shared: Emulator, label: str, call: Callable[[Acr], Any], expected: str
) -> None:
    acr = Acr(shared)
    body = call(acr)
    assert (body.is_success, body.code) == (False, expected)
    assert (get_namespace(acr, "new").code, acr("ListRepository").total_count) == ("NAMESPACE_NOT_EXIST", "1")
