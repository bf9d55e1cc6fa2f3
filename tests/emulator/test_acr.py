"""ACR Enterprise Edition through its SDK: pages, types, and what does not exist."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_cr20181201 import models
from alibabacloud_cr20181201.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException

from fcpin.emulator import Emulator, Knobs
from tests.emulator.clients import Registry, cr


@pytest.fixture
def sdk(cloud: Emulator) -> Client:
    return cr(cloud)


def repo_id(cloud: Emulator, sdk: Client, name: str = "app") -> str:
    request = models.GetRepositoryRequest(instance_id=cloud.instance_id, repo_namespace_name="shop", repo_name=name)
    return str(sdk.get_repository(request).body.repo_id)


def tags(cloud: Emulator, sdk: Client, **page: Any) -> models.ListRepoTagResponseBody:
    request = models.ListRepoTagRequest(instance_id=cloud.instance_id, repo_id=repo_id(cloud, sdk), **page)
    return sdk.list_repo_tag(request).body


def test_there_is_one_instance(cloud: Emulator, sdk: Client) -> None:
    listed = sdk.list_instance(models.ListInstanceRequest()).body
    assert (listed.is_success, listed.code, listed.total_count) == (True, "success", 1)
    only = listed.instances[0]
    assert (only.instance_id, only.instance_name, only.instance_status) == (cloud.instance_id, "demo", "RUNNING")
    assert only.create_time.isdecimal(), "a text of milliseconds"
    one = sdk.get_instance(models.GetInstanceRequest(instance_id=cloud.instance_id)).body
    assert (one.instance_name, one.create_time) == ("demo", int(only.create_time))


@pytest.mark.parametrize(
    ("knobs", "found"), [(Knobs(), 1), (Knobs(acr_instance_filter="fuzzy"), 2)], ids=["exact", "fuzzy"]
)
def test_instances_are_found_by_name(cloud: Emulator, sdk: Client, found: int) -> None:
    other = cloud.create_instance("demo-2")
    listed = sdk.list_instance(models.ListInstanceRequest(instance_name="demo")).body
    assert len(listed.instances) == found
    assert sdk.list_repository(models.ListRepositoryRequest(instance_id=other)).body.total_count == "0"


def test_endpoints_name_the_hosts(cloud: Emulator, sdk: Client) -> None:
    request = models.GetInstanceEndpointRequest(instance_id=cloud.instance_id, endpoint_type="Internet")
    one = sdk.get_instance_endpoint(request).body
    assert [(domain.domain, domain.type) for domain in one.domains] == [(cloud.enterprise_host, "SYSTEM")]
    listed = sdk.list_instance_endpoint(models.ListInstanceEndpointRequest(instance_id=cloud.instance_id)).body
    assert [endpoint.domains[0].domain for endpoint in listed.endpoints] == [
        "demo-registry.cn-hangzhou.cr.aliyuncs.com",
        "demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com",
    ]


def test_repositories_appear_by_being_pushed(cloud: Emulator, sdk: Client) -> None:
    cloud.push("shop/app", "main")
    cloud.push("shop/web", "main")
    cloud.push("other/app", "main")
    request = models.ListRepositoryRequest(instance_id=cloud.instance_id, repo_namespace_name="shop")
    listed = sdk.list_repository(request).body
    assert listed.total_count == "2", "a text"
    assert [one.repo_name for one in listed.repositories] == ["app", "web"]
    by_id = sdk.get_repository(
        models.GetRepositoryRequest(instance_id=cloud.instance_id, repo_id=listed.repositories[0].repo_id)
    ).body
    assert (by_id.repo_namespace_name, by_id.repo_name, by_id.repo_type) == ("shop", "app", "PRIVATE")
    assert isinstance(by_id.create_time, int)
    assert by_id.tag_immutability is False


def test_a_tag_has_the_types_of_the_documentation(cloud: Emulator, sdk: Client) -> None:
    digest = cloud.push("shop/app", "release-1", created="2026-01-02T03:04:05Z")
    listed = tags(cloud, sdk)
    assert (listed.is_success, listed.page_no, listed.page_size, listed.total_count) == (True, 1, 30, "1")
    image = listed.images[0]
    assert (image.tag, image.digest, image.status) == ("release-1", digest.removeprefix("sha256:"), "NORMAL")
    assert image.image_create == "1767323045000"
    assert image.image_update.isdecimal()
    assert image.image_size > 0
    request = models.GetRepoTagRequest(instance_id=cloud.instance_id, repo_id=repo_id(cloud, sdk), tag="release-1")
    one = sdk.get_repo_tag(request).body
    assert (one.digest, one.image_create, one.image_update) == (image.digest, 1767323045000, int(image.image_update))


@pytest.mark.parametrize("knobs", [Knobs(digest_prefix="prefixed")])
def test_digests_may_have_their_prefix(cloud: Emulator, sdk: Client) -> None:
    digest = cloud.push("shop/app", "release-1")
    assert tags(cloud, sdk).images[0].digest == digest


def test_push_times_grow_however_fast_the_pushes(cloud: Emulator, sdk: Client) -> None:
    for number in range(20):
        cloud.push("shop/app", f"release-{number}", content="one")
    times = {image.tag: int(image.image_update) for image in tags(cloud, sdk).images}
    assert sorted(times, key=times.__getitem__) == [f"release-{number}" for number in range(20)]
    assert len(set(times.values())) == 20


def test_a_tag_being_deleted_has_that_status(cloud: Emulator, sdk: Client) -> None:
    cloud.push("shop/app", "release-1")
    cloud.set_tag_status("shop/app", "release-1", "DELETING")
    assert tags(cloud, sdk).images[0].status == "DELETING"


ORDERS: list[tuple[Knobs, list[str]]] = [
    (Knobs(), ["c", "a", "b"]),
    (Knobs(acr_tag_order="name"), ["a", "b", "c"]),
    (Knobs(acr_tag_order="scattered"), ["c", "b", "a"]),
]


@pytest.mark.parametrize(("knobs", "order"), ORDERS, ids=[row[0].acr_tag_order for row in ORDERS])
def test_the_order_of_tags_is_a_knob(cloud: Emulator, sdk: Client, order: list[str]) -> None:
    for name in ("b", "a", "c"):
        cloud.push("shop/app", name)
    assert [image.tag for image in tags(cloud, sdk).images] == order


def by_number(cloud: Emulator, sdk: Client) -> list[str]:
    return [image.tag for number in (1, 2, 3) for image in tags(cloud, sdk, page_no=number, page_size=2).images]


def by_token(cloud: Emulator, sdk: Client) -> list[str]:
    found, token = [], None
    while True:
        page = tags(cloud, sdk, max_results=2, next_token=token)
        found += [image.tag for image in page.images]
        token = page.next_token
        if not token:
            return found


@pytest.mark.parametrize("read", [by_number, by_token])
@pytest.mark.parametrize("knobs", [Knobs(acr_tag_order="name")])
def test_pages_hold_every_tag_once(cloud: Emulator, sdk: Client, read: Callable[[Emulator, Client], list[str]]) -> None:
    for name in "abcde":
        cloud.push("shop/app", name)
    assert read(cloud, sdk) == list("abcde")


@pytest.mark.parametrize("knobs", [Knobs(acr_next_token=False)])
def test_an_old_instance_does_not_know_tokens(cloud: Emulator, sdk: Client) -> None:
    for name in "abc":
        cloud.push("shop/app", name)
    page = tags(cloud, sdk, max_results=2)
    assert (page.next_token, page.page_no, len(page.images)) == (None, 1, 3)


def test_a_push_between_two_pages_repeats_a_tag(cloud: Emulator, sdk: Client) -> None:
    for name in "abcd":
        cloud.push("shop/app", name)
    cloud.after_next("ListRepoTag", "push", {"repository": "shop/app", "tag": "e"})
    found = by_number(cloud, sdk)
    assert found == ["d", "c", "c", "b", "a"]


@pytest.mark.parametrize("page", [{"page_size": 101}, {"page_no": 0}, {"max_results": 101}, {"next_token": "x"}])
def test_a_page_that_cannot_be(cloud: Emulator, sdk: Client, page: dict[str, Any]) -> None:
    cloud.push("shop/app", "main")
    assert (tags(cloud, sdk, **page).is_success, tags(cloud, sdk, **page).code) == (False, "PARAMETER_ERROR")


def no_repository(cloud: Emulator, sdk: Client) -> Any:
    return sdk.list_repo_tag(models.ListRepoTagRequest(instance_id=cloud.instance_id, repo_id="crr-none")).body


def no_instance(cloud: Emulator, sdk: Client) -> Any:
    return sdk.get_instance(models.GetInstanceRequest(instance_id="cri-none")).body


def no_tag(cloud: Emulator, sdk: Client) -> Any:
    cloud.push("shop/app", "main")
    request = models.GetRepoTagRequest(instance_id=cloud.instance_id, repo_id=repo_id(cloud, sdk), tag="none")
    return sdk.get_repo_tag(request).body


MISSING: list[tuple[Callable[[Emulator, Client], Any], str]] = [
    (no_repository, "REPO_NOT_EXIST"),
    (no_instance, "INSTANCE_NOT_EXIST"),
    (no_tag, "IMAGE_NOT_EXIST"),
]


@pytest.mark.parametrize(("ask", "code"), MISSING, ids=[row[1] for row in MISSING])
@pytest.mark.parametrize("knobs", [Knobs(acr_tag_not_exist_code="IMAGE_NOT_EXIST")])
def test_what_does_not_exist_is_no_success(
    cloud: Emulator, sdk: Client, ask: Callable[[Emulator, Client], Any], code: str
) -> None:
    body = ask(cloud, sdk)
    assert (body.is_success, body.code) == (False, code)


@pytest.mark.parametrize(("ask", "code"), MISSING, ids=[row[1] for row in MISSING])
@pytest.mark.parametrize("knobs", [Knobs(acr_not_exist="http-404", acr_tag_not_exist_code="IMAGE_NOT_EXIST")])
def test_what_does_not_exist_may_be_an_http_error(
    cloud: Emulator, sdk: Client, ask: Callable[[Emulator, Client], Any], code: str
) -> None:
    with pytest.raises(ClientException) as missing:
        ask(cloud, sdk)
    assert (missing.value.status_code, missing.value.code) == (404, code)


def test_a_missing_parameter_is_named(sdk: Client) -> None:
    with pytest.raises(ClientException) as missing:
        sdk.list_repo_tag(models.ListRepoTagRequest())
    assert (missing.value.status_code, missing.value.code) == (400, "MissingInstanceId")


def test_an_unsupported_call_is_refused_by_name(cloud: Emulator, sdk: Client) -> None:
    with pytest.raises(ClientException, match="emulator does not have ListChain") as missing:
        sdk.list_chain(models.ListChainRequest(instance_id=cloud.instance_id))
    assert missing.value.code == "InvalidAction.NotFound"


def test_a_tag_is_made_of_another_and_deleted(cloud: Emulator, sdk: Client) -> None:
    digest = cloud.push("shop/app", "main").removeprefix("sha256:")
    made = sdk.create_repo_tag(
        models.CreateRepoTagRequest(
            instance_id=cloud.instance_id, namespace_name="shop", repo_name="app", from_tag="main", to_tag="pin-1"
        )
    ).body
    assert made.is_success
    assert {image.tag: image.digest for image in tags(cloud, sdk).images} == {"main": digest, "pin-1": digest}
    request = models.DeleteRepoTagRequest(instance_id=cloud.instance_id, repo_id=repo_id(cloud, sdk), tag="main")
    assert sdk.delete_repo_tag(request).body.is_success
    assert [image.tag for image in tags(cloud, sdk).images] == ["pin-1"]


def test_an_immutable_tag_is_not_moved(cloud: Emulator, sdk: Client, registry: Registry) -> None:
    cloud.push("shop/app", "main", content="one")
    other = cloud.push("shop/app", "next", content="two")
    cloud.set_tag_immutability("shop/app")
    assert sdk.get_repository(
        models.GetRepositoryRequest(instance_id=cloud.instance_id, repo_namespace_name="shop", repo_name="app")
    ).body.tag_immutability
    moved = sdk.create_repo_tag(
        models.CreateRepoTagRequest(
            instance_id=cloud.instance_id, namespace_name="shop", repo_name="app", from_tag="next", to_tag="main"
        )
    ).body
    assert (moved.is_success, moved.code) == (False, "TAG_IMMUTABLE")
    registry.login("repository:shop/app:pull,push")
    manifest = registry.request("GET", f"/v2/shop/app/manifests/{other}")
    headers = {"content-type": manifest.headers["content-type"]}
    pushed = registry.request("PUT", "/v2/shop/app/manifests/main", body=manifest.data, headers=headers)
    assert (pushed.status, pushed.json()["errors"][0]["code"]) == (403, "DENIED")


def test_a_temporary_login_pulls_until_it_expires(cloud: Emulator, sdk: Client, registry: Registry) -> None:
    cloud.push("shop/app", "main")
    login = sdk.get_authorization_token(
        models.GetAuthorizationTokenRequest(instance_id=cloud.instance_id, expires_in_hours=2)
    ).body
    assert login.temp_username == "cr_temp_user"
    assert isinstance(login.expire_time, int)
    pair = {"user": login.temp_username, "password": login.authorization_token}
    assert registry.login("repository:shop/app:pull", **pair).status == 200
    assert registry.request("GET", "/v2/shop/app/tags/list").json()["tags"] == ["main"]
    cloud.advance(2 * 3600)
    assert registry.login("repository:shop/app:pull", **pair).status == 401


def test_the_wire_keeps_the_types_that_the_sdk_hides(cloud: Emulator, sdk: Client) -> None:
    """The models convert nothing: what they show is what the JSON holds."""
    cloud.push("shop/app", "main")
    body = json.loads(json.dumps(tags(cloud, sdk).to_map()))
    assert [type(body[key]) for key in ("TotalCount", "PageNo", "IsSuccess")] == [str, int, bool]
    assert [type(body["Images"][0][key]) for key in ("ImageCreate", "ImageUpdate", "ImageSize")] == [str, str, int]


# namespaces and repositories


def namespace(cloud: Emulator, sdk: Client, name: str = "shop", **settings: Any) -> Any:
    request = models.CreateNamespaceRequest(instance_id=cloud.instance_id, namespace_name=name, **settings)
    return sdk.create_namespace(request).body


def get_namespace(cloud: Emulator, sdk: Client, name: str = "shop") -> Any:
    return sdk.get_namespace(models.GetNamespaceRequest(instance_id=cloud.instance_id, namespace_name=name)).body


def repository(cloud: Emulator, sdk: Client, name: str = "app", **settings: Any) -> Any:
    wanted = {"repo_type": "PRIVATE", "summary": "Images", **settings}
    request = models.CreateRepositoryRequest(
        instance_id=cloud.instance_id, repo_namespace_name="shop", repo_name=name, **wanted
    )
    return sdk.create_repository(request).body


def get_repository(cloud: Emulator, sdk: Client, name: str = "app") -> Any:
    request = models.GetRepositoryRequest(instance_id=cloud.instance_id, repo_namespace_name="shop", repo_name=name)
    return sdk.get_repository(request).body


def test_a_namespace_is_made_changed_and_listed(cloud: Emulator, sdk: Client) -> None:
    assert namespace(cloud, sdk, auto_create_repo=True, default_repo_type="PUBLIC").is_success
    made = get_namespace(cloud, sdk)
    assert (made.namespace_name, made.namespace_status) == ("shop", "NORMAL")
    assert (made.auto_create_repo, made.default_repo_type) == (True, "PUBLIC")
    assert made.namespace_id.startswith("crn-")
    request = models.UpdateNamespaceRequest(
        instance_id=cloud.instance_id, namespace_name="shop", auto_create_repo=False
    )
    assert sdk.update_namespace(request).body.is_success
    assert (get_namespace(cloud, sdk).auto_create_repo, get_namespace(cloud, sdk).default_repo_type) == (
        False,
        "PUBLIC",
    )
    namespace(cloud, sdk, "demo")
    cloud.push("web/app", "main")
    listed = sdk.list_namespace(models.ListNamespaceRequest(instance_id=cloud.instance_id, page_size=2)).body
    assert (listed.total_count, [one.namespace_name for one in listed.namespaces]) == ("3", ["demo", "shop"])
    named = models.ListNamespaceRequest(instance_id=cloud.instance_id, namespace_name="web")
    assert [one.auto_create_repo for one in sdk.list_namespace(named).body.namespaces] == [True]


def test_a_repository_is_made_changed_and_deleted(cloud: Emulator, sdk: Client) -> None:
    namespace(cloud, sdk)
    made = repository(cloud, sdk, repo_type="PUBLIC", summary="Images of a shop", detail="long", tag_immutability=True)
    found = get_repository(cloud, sdk)
    assert (made.is_success, made.repo_id) == (True, found.repo_id)
    assert (found.repo_type, found.tag_immutability, found.detail) == ("PUBLIC", True, "long")
    assert found.summary == "Images of a shop"
    update: dict[str, Any] = {"instance_id": cloud.instance_id, "repo_type": "PRIVATE", "summary": "New"}
    changed = sdk.update_repository(models.UpdateRepositoryRequest(repo_id=found.repo_id, **update)).body
    assert changed.is_success
    found = get_repository(cloud, sdk)
    assert (found.repo_type, found.summary, found.detail, found.tag_immutability) == ("PRIVATE", "New", "long", True)
    update |= {"repo_namespace_name": "shop", "repo_name": "app", "tag_immutability": False}
    assert sdk.update_repository(models.UpdateRepositoryRequest(**update)).body.is_success
    assert get_repository(cloud, sdk).tag_immutability is False
    request = models.DeleteRepositoryRequest(instance_id=cloud.instance_id, repo_id=found.repo_id)
    assert sdk.delete_repository(request).body.is_success
    assert get_repository(cloud, sdk).code == "REPO_NOT_EXIST"


def test_a_namespace_takes_its_repositories_with_it(cloud: Emulator, sdk: Client) -> None:
    cloud.push("shop/app", "main")
    cloud.push("shopping/app", "main")
    request = models.DeleteNamespaceRequest(instance_id=cloud.instance_id, namespace_name="shop")
    assert sdk.delete_namespace(request).body.is_success
    assert get_namespace(cloud, sdk).code == "NAMESPACE_NOT_EXIST"
    assert get_repository(cloud, sdk).code == "REPO_NOT_EXIST"
    assert get_namespace(cloud, sdk, "shopping").is_success
    assert cloud.tags("shopping/app")


def test_a_push_makes_repositories_where_the_namespace_allows_it(
    cloud: Emulator, sdk: Client, registry: Registry
) -> None:
    namespace(cloud, sdk, auto_create_repo=False)
    registry.login("repository:shop/app:pull,push")
    refused = registry.request("POST", "/v2/shop/app/blobs/uploads/")
    assert (refused.status, refused.json()["errors"][0]["code"]) == (403, "DENIED")
    assert get_repository(cloud, sdk).code == "REPO_NOT_EXIST"
    repository(cloud, sdk)
    assert registry.request("POST", "/v2/shop/app/blobs/uploads/").status == 202
    namespace(cloud, sdk, "web", auto_create_repo=True, default_repo_type="PUBLIC")
    registry.login("repository:web/app:pull,push")
    assert registry.request("POST", "/v2/web/app/blobs/uploads/").status == 202
    found = models.ListRepositoryRequest(instance_id=cloud.instance_id, repo_namespace_name="web")
    assert [one.repo_type for one in sdk.list_repository(found).body.repositories] == ["PUBLIC"]


REFUSED: list[tuple[str, Callable[[Emulator, Client], Any], str]] = [
    ("the namespace exists", lambda cloud, sdk: namespace(cloud, sdk), "NAMESPACE_ALREADY_EXIST"),
    ("the repository exists", lambda cloud, sdk: repository(cloud, sdk), "REPO_ALREADY_EXIST"),
    ("a name of one letter", lambda cloud, sdk: namespace(cloud, sdk, "a"), "PARAMETER_ERROR"),
    ("a name of 121 letters", lambda cloud, sdk: namespace(cloud, sdk, "a" * 121), "PARAMETER_ERROR"),
    ("a name with capitals", lambda cloud, sdk: namespace(cloud, sdk, "Shop"), "PARAMETER_ERROR"),
    ("a repository with capitals", lambda cloud, sdk: repository(cloud, sdk, "App"), "PARAMETER_ERROR"),
    ("a type", lambda cloud, sdk: repository(cloud, sdk, "new", repo_type="SECRET"), "PARAMETER_ERROR"),
    ("a default type", lambda cloud, sdk: namespace(cloud, sdk, "new", default_repo_type="NONE"), "PARAMETER_ERROR"),
]


@pytest.mark.parametrize(("label", "call", "code"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_made_is_no_success(
    cloud: Emulator, sdk: Client, label: str, call: Callable[[Emulator, Client], Any], code: str
) -> None:
    namespace(cloud, sdk)
    repository(cloud, sdk)
    body = call(cloud, sdk)
    assert (body.is_success, body.code) == (False, code)
    listed = sdk.list_repository(models.ListRepositoryRequest(instance_id=cloud.instance_id)).body
    assert (get_namespace(cloud, sdk, "new").code, listed.total_count) == ("NAMESPACE_NOT_EXIST", "1")


def test_a_repository_needs_its_namespace(cloud: Emulator, sdk: Client) -> None:
    assert repository(cloud, sdk).code == "NAMESPACE_NOT_EXIST"
    namespace(cloud, sdk)
    with pytest.raises(ClientException) as missing:
        repository(cloud, sdk, summary=None)
    assert (missing.value.status_code, missing.value.code) == (400, "MissingSummary")


def test_another_instance_holds_none(cloud: Emulator, sdk: Client) -> None:
    other = cloud.create_instance("other")
    namespace(cloud, sdk)
    listed = sdk.list_namespace(models.ListNamespaceRequest(instance_id=other)).body
    assert (listed.total_count, listed.namespaces) == ("0", [])
    made = sdk.create_namespace(models.CreateNamespaceRequest(instance_id=other, namespace_name="web")).body
    assert (made.is_success, made.code) == (False, "INSTANCE_NOT_SUPPORT")
