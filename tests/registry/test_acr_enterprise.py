"""ACR Enterprise through the untouched SDK: paging, counting, and answers that should not be."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.errors import (
    ListingIncomplete,
    RegistryDenied,
    RegistryError,
    RegistryProtocolError,
    RegistryUnavailable,
    RepositoryNotFound,
    TagNotFound,
)
from fcpin.http.credentials import Credentials
from fcpin.http.retries import Retry
from fcpin.image import Digest, Repository
from fcpin.registry.registries import Registries, RepositoryHandle
from fcpin.registry.settings import RegistrySettings
from tests.registry.scripted import Reply, Request, ScriptedServer
from tests.support.clock import ManualClock

HOST = "demo-registry.cn-hangzhou.cr.aliyuncs.com"
REPOSITORY = Repository(HOST, "shop/app")
HEX = "a" * 64
AT_ONCE = Retry(attempts=3, seconds=5, first_wait=0, longest_wait=0)


def enterprise(url: str, key: Credentials, instance_id: str | None = None) -> RepositoryHandle:
    settings = {HOST: RegistrySettings(endpoint=url, instance_id=instance_id)}
    return Registries(settings, credentials=key, cr_endpoint=url, retry=AT_ONCE).open(REPOSITORY)


@pytest.fixture
def knobs() -> Knobs:
    return Knobs(acr_tag_order="newest-first")


def of(cloud: Emulator) -> RepositoryHandle:
    return enterprise(cloud.url, Credentials(cloud.access_key_id, cloud.access_key_secret))


# Against the emulator


def test_a_record_carries_what_acr_knows_of_a_tag(cloud: Emulator) -> None:
    digest = cloud.push("shop/app", "release-1", content="one", created="2026-01-02T03:04:05Z")
    cloud.set_tag_status("shop/app", "release-1", "DELETING")
    listed = of(cloud).list_tags()[0]
    assert listed == of(cloud).resolve("release-1")
    assert (listed.tag, listed.digest, listed.status) == ("release-1", digest, "DELETING")
    assert listed.created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert listed.pushed is not None
    assert abs((listed.pushed - datetime.now(UTC)).total_seconds()) < 60


def test_tag_immutability_costs_no_request_of_its_own(cloud: Emulator) -> None:
    cloud.push("shop/app", "release-1")
    cloud.set_tag_immutability("shop/app")
    registry = of(cloud)
    registry.resolve("release-1")
    cloud.calls.clear()
    assert registry.is_immutable() is True
    assert list(cloud.calls) == []


def test_accelerated_tags_are_listed_for_the_policy_to_judge(cloud: Emulator) -> None:
    cloud.push("shop/app", "v1_accelerated", content="one")
    assert [record.tag for record in of(cloud).list_tags()] == ["v1_accelerated"]


def fill(cloud: Emulator, count: int) -> None:
    digest = cloud.push("shop/app", "v0", content="one")
    for number in range(1, count):
        cloud.retag("shop/app", f"v{number}", to=digest)


def test_one_request_a_page_and_the_ids_are_requested_once(cloud: Emulator) -> None:
    fill(cloud, 201)
    registry = of(cloud)
    cloud.calls.clear()
    assert len(registry.list_tags()) == 201
    registry.resolve("v7")
    counts = {name: cloud.calls.count(name) for name in ("ListInstance", "GetRepository", "ListRepoTag", "GetRepoTag")}
    assert counts == {"ListInstance": 1, "GetRepository": 1, "ListRepoTag": 3, "GetRepoTag": 1}


def test_an_instance_id_that_is_given_is_not_looked_up(cloud: Emulator) -> None:
    cloud.push("shop/app", "v1")
    key = Credentials(cloud.access_key_id, cloud.access_key_secret)
    assert len(enterprise(cloud.url, key, cloud.instance_id).list_tags()) == 1
    assert cloud.calls.count("ListInstance") == 0


def test_a_tag_pushed_between_two_pages_makes_it_list_once_more(cloud: Emulator) -> None:
    fill(cloud, 150)
    cloud.after_next("ListRepoTag", "push", {"repository": "shop/app", "tag": "v150"})
    cloud.calls.clear()
    assert {record.tag for record in of(cloud).list_tags()} == {f"v{number}" for number in range(151)}
    assert cloud.calls.count("ListRepoTag") == 4


@pytest.mark.parametrize("knobs", [Knobs(acr_instance_filter="fuzzy")], ids=["a filter that finds too much"])
def test_only_the_instance_of_exactly_that_name_is_used_on_whatever_page_it_is(cloud: Emulator) -> None:
    for number in range(35):
        cloud.create_instance(f"not-shop-{number}")
    cloud.create_instance("shop")
    directory = Registries(credentials=Credentials(cloud.access_key_id, cloud.access_key_secret), cr_endpoint=cloud.url)
    with pytest.raises(RepositoryNotFound, match="REPO_NOT_EXIST"):
        directory.open(Repository("shop-registry.cn-hangzhou.cr.aliyuncs.com", "shop/app")).list_tags()
    assert cloud.calls.count("ListInstance") == 2
    with pytest.raises(RepositoryNotFound, match=r"'sho'.*instance_id"):
        directory.open(Repository("sho-registry.cn-hangzhou.cr.aliyuncs.com", "shop/app")).list_tags()


SHAPES = [
    Knobs(acr_not_exist="not-success", digest_prefix="bare"),
    Knobs(acr_not_exist="http-404", acr_tag_not_exist_code="IMAGE_NOT_EXIST", digest_prefix="prefixed"),
]


@pytest.mark.parametrize("knobs", SHAPES, ids=["not a success", "a 404 of HTTP, of another code"])
def test_missing_things_and_digests_are_read_in_either_shape(cloud: Emulator) -> None:
    with pytest.raises(RepositoryNotFound, match=r"shop/app.*REPO_NOT_EXIST"):
        of(cloud).list_tags()
    digest = cloud.push("shop/app", "v1")
    with pytest.raises(TagNotFound, match="v2"):
        of(cloud).resolve("v2")
    assert of(cloud).list_tags()[0].digest == digest


def test_a_passing_failure_of_either_shape_is_tried_again(cloud: Emulator) -> None:
    cloud.push("shop/app", "v1")
    cloud.fail_next("ListRepoTag", status=429, code="Throttling.User")
    cloud.fail_next("ListRepoTag", kind="html-502")
    assert len(of(cloud).list_tags()) == 1
    cloud.fail_next("ListRepoTag", times=3, status=503, code="ServiceUnavailable")
    with pytest.raises(RegistryUnavailable, match=r"shop/app.*ListRepoTag.*ServiceUnavailable"):
        of(cloud).list_tags()


def test_a_missing_permission_is_named(cloud: Emulator) -> None:
    cloud.push("shop/app", "v1")
    cloud.fail_next("ListRepoTag", status=403, code="NoPrivilege", message="Access denied for this user.")
    with pytest.raises(RegistryDenied, match="cr:ListRepositoryTag"):
        of(cloud).list_tags()


def test_the_registry_is_entered_with_a_temporary_login_that_is_renewed(cloud: Emulator) -> None:
    clock = ManualClock(datetime.now(UTC))
    registry = Registries(
        {HOST: RegistrySettings(endpoint=cloud.url)},
        credentials=Credentials(cloud.access_key_id, cloud.access_key_secret),
        cr_endpoint=cloud.url,
        clock=clock,
    ).open(REPOSITORY)
    for hours, logins in ((0, 1), (0, 1), (2, 2)):
        clock.advance(hours * 3600)
        digest = Digest(cloud.push("shop/app", "v1", content=f"after {logins}"))
        assert registry.manifest(digest).platform == "linux/amd64"
        assert cloud.calls.count("GetAuthorizationToken") == logins


# Against a server that answers what it should not


def answer(server: ScriptedServer, actions: dict[str, Callable[[Request], Any]]) -> RepositoryHandle:
    """A registry whose API answers by the action in the header; the ids are always found."""
    found: dict[str, Callable[[Request], Any]] = {
        "ListInstance": lambda _: {
            "IsSuccess": True,
            "TotalCount": 1,
            "Instances": [{"InstanceName": "demo", "InstanceId": "cri-1"}],
        },
        "GetRepository": lambda _: {"IsSuccess": True, "RepoId": "crr-1"},
    }

    def reply(request: Request) -> Reply:
        body = (found | actions)[request.headers["x-acs-action"]](request)
        return Reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    server.always("POST", "/", reply)
    server.always("GET", "/", reply)
    return enterprise(server.url, Credentials("key", "s3cret"))


def image(tag: str = "v1", **fields: object) -> dict[str, object]:
    return {"Tag": tag, "Digest": HEX, "ImageUpdate": "1572875608000", "ImageCreate": "1572839125000", **fields}


def listing(total: object, *images: dict[str, object], **fields: object) -> Callable[[Request], Any]:
    return lambda _: {"IsSuccess": True, "TotalCount": total, "PageSize": 100, "Images": list(images), **fields}


def pages(*bodies: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Answer each page with its own body."""

    def page(request: Request) -> Any:
        number = int(request.target.partition("PageNo=")[2].partition("&")[0])
        return bodies[number - 1](request)

    return page


HUNDRED = [image(f"v{number}") for number in range(100)]
SHORT: list[tuple[str, Callable[[Request], Any], str]] = [
    ("a tag is missing", pages(listing("2", image())), "reports 2 tags, but listed 1"),
    ("a tag comes twice", pages(listing("2", image(), image())), "reports 2 tags, but listed 1"),
    (
        "the total differs",
        pages(listing("101", *HUNDRED), listing("102", image("v100"))),
        "reports 101 or 102 tags, but listed 101",
    ),
]


@pytest.mark.parametrize(("page", "reason"), [row[1:] for row in SHORT], ids=[row[0] for row in SHORT])
def test_a_listing_that_stays_short_is_never_returned(
    page: Callable[[Request], Any], reason: str, server: ScriptedServer
) -> None:
    with pytest.raises(ListingIncomplete, match=reason):
        answer(server, {"ListRepoTag": page}).list_tags()
    first = [request for request in server.requests if "ListRepoTag" in request.headers["x-acs-action"]]
    assert len([request for request in first if "PageNo=1" in request.target]) == 2


def test_a_server_that_gives_smaller_pages_is_requested_for_more_of_them(server: ScriptedServer) -> None:
    images = [image(f"v{number}") for number in range(70)]
    found = pages(*(listing("70", *images[start : start + 30], PageSize=30) for start in (0, 30, 60)))
    assert len(answer(server, {"ListRepoTag": found}).list_tags()) == 70


def test_a_denial_of_getrepotag_names_its_three_rights(server: ScriptedServer) -> None:
    refused = {"GetRepoTag": lambda _: {"IsSuccess": False, "Code": "NoPrivilege"}}
    with pytest.raises(RegistryDenied) as denied:
        answer(server, refused).resolve("v1")
    for right in ("cr:GetRepositoryTag", "cr:ListRepositoryTag", "cr:GetRepoTag", "repository/<instance id>"):
        assert right in str(denied.value)


def test_a_tag_with_an_odd_name_does_not_lose_the_others(server: ScriptedServer) -> None:
    tags = answer(server, {"ListRepoTag": listing("3", image("7.51.0"), image("-ot-beta"), image("a\nb"))})
    assert [record.tag for record in tags.list_tags()] == ["7.51.0", "-ot-beta", "a\\nb"]


FINE = {"IsSuccess": True, "TotalCount": "1", "Images": [image()]}
NOT_FOUND = {"IsSuccess": False, "Code": "REPO_NOT_EXIST"}
ANSWERS: list[tuple[str, Any, type[RegistryError], str]] = [
    ("success is missing", {"TotalCount": "0"}, RegistryProtocolError, "IsSuccess"),
    ("success is a text", {**FINE, "IsSuccess": "true"}, RegistryProtocolError, "$.IsSuccess"),
    ("the repository is gone", NOT_FOUND, RepositoryNotFound, "REPO_NOT_EXIST"),
    ("the instance is gone", {**NOT_FOUND, "Code": "INSTANCE_NOT_EXIST"}, RepositoryNotFound, "INSTANCE_"),
    ("it fails", {"IsSuccess": False, "Code": "SystemError"}, RegistryUnavailable, "SystemError"),
    ("access is denied", {"IsSuccess": False, "Code": "NoPrivilege"}, RegistryDenied, "cr:ListRepositoryTag"),
    ("there is no total", {"IsSuccess": True, "Images": []}, RegistryProtocolError, "number of entries"),
    ("the total is absurd", {**FINE, "TotalCount": "9" * 12}, RegistryProtocolError, "number of entries"),
    ("the total has 5,000 digits", {**FINE, "TotalCount": "9" * 5000}, RegistryProtocolError, "entries"),
    ("a tag is not text", {**FINE, "Images": [image(Tag=7)]}, RegistryProtocolError, "tag"),
    ("pages have no size", {**FINE, "PageSize": -1}, RegistryProtocolError, "size of a page"),
    ("there are too many pages", {**FINE, "TotalCount": "999999", "PageSize": 1}, RegistryProtocolError, "pages"),
    ("a digest is masked", {**FINE, "Images": [image(Digest="67bf****")]}, RegistryProtocolError, "digest"),
    ("a time is in words", {**FINE, "Images": [image(ImageUpdate="now")]}, RegistryProtocolError, "time"),
]


@pytest.mark.parametrize(("body", "kind", "fact"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_an_answer_in_which(body: Any, kind: type[RegistryError], fact: str, server: ScriptedServer) -> None:
    with pytest.raises(kind) as refused:
        answer(server, {"ListRepoTag": lambda _: body}).list_tags()
    assert type(refused.value) is kind
    assert all(text in str(refused.value) for text in (fact, "shop/app"))
    assert "s3cret" not in str(refused.value)


def test_times_may_be_numbers_texts_or_absent(server: ScriptedServer) -> None:
    bodies = iter([image(ImageUpdate=1572875608000, ImageCreate=0), image(ImageUpdate=None, Digest=None)])
    registry = answer(server, {"GetRepoTag": lambda _: {"IsSuccess": True, **next(bodies)}})
    record = registry.resolve("v1")
    assert (record.pushed, record.created) == (datetime(2019, 11, 4, 13, 53, 28, tzinfo=UTC), None)
    with pytest.raises(RegistryProtocolError, match="returned no digest"):
        registry.resolve("v1")


def test_an_api_that_cannot_be_reached_is_unavailable() -> None:
    with ScriptedServer() as server:
        url = server.url
    with pytest.raises(RegistryUnavailable, match=r"ListInstance.*connection refused"):
        enterprise(url, Credentials("key", "s3cret")).list_tags()


def test_a_proxy_is_not_used_for_an_api_on_this_machine(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert answer(server, {"ListRepoTag": listing("1", image())}).list_tags()[0].tag == "v1"


ONE_OF_TWO: dict[str, Any] = {"TotalCount": 2, "Instances": [{"InstanceName": "x", "InstanceId": "cri-2"}]}
INSTANCES: list[tuple[str, list[dict[str, Any]], str]] = [
    ("the first page again", [ONE_OF_TWO] * 2, "again"),
    ("an empty page before the last", [ONE_OF_TWO, {"TotalCount": 2, "Instances": []}], "an empty page"),
    ("a total of text", [{"TotalCount": "many", "Instances": []}], "the number of entries"),
]


@pytest.mark.parametrize(("bodies", "fact"), [row[1:] for row in INSTANCES], ids=[row[0] for row in INSTANCES])
def test_instances_that_do_not_add_up_are_no_absence_of_an_instance(
    bodies: list[dict[str, Any]], fact: str, server: ScriptedServer
) -> None:
    pages = iter(bodies)
    registry = answer(server, {"ListInstance": lambda _: {"IsSuccess": True, **next(pages)}})
    with pytest.raises(RegistryProtocolError, match=fact):
        registry.list_tags()


NAMESAKES = [
    ("GetRepoTag", image("v2"), lambda registry: registry.resolve("v1")),
    ("GetRepository", {"RepoId": "crr-1", "RepoName": "web"}, lambda registry: registry.is_immutable()),
]


@pytest.mark.parametrize(("action", "body", "call"), NAMESAKES, ids=[row[0] for row in NAMESAKES])
def test_an_answer_about_another_thing_is_not_believed(
    action: str, body: dict[str, Any], call: Callable[[RepositoryHandle], Any], server: ScriptedServer
) -> None:
    registry = answer(server, {action: lambda _: {"IsSuccess": True, **body}})
    with pytest.raises(RegistryProtocolError, match=r"expected .* with .*, got"):
        call(registry)
