"""`fcpin prune`: pin tags that nothing runs go, all others stay, and each has its reason."""

from pathlib import Path

import pytest

from fcpin.emulator import Emulator
from fcpin.image import parse_digest, pin_tag
from tests.emulator.clients import Functions
from tests.support.command import Answer, fcpin

PATH = "shop/app"
PERSONAL = f"registry.cn-hangzhou.aliyuncs.com/{PATH}"


pytestmark = pytest.mark.usefixtures("key")


def pinned(cloud: Emulator, tag: str) -> str:
    """Push a release and its pin tag."""
    digest = cloud.push(PATH, tag)
    name = pin_tag(parse_digest(digest))
    cloud.retag(PATH, name, to=tag)
    return name


def prune(cloud: Emulator, *more: str, repository: str = "") -> Answer:
    repository = repository or f"{cloud.enterprise_host}/{PATH}"
    endpoints = ("--endpoint", cloud.url, "--cr-endpoint", cloud.url, "--fc-endpoint", cloud.url)
    return fcpin("prune", "--repository", repository, *endpoints, *more)


def run_by(cloud: Emulator, function: str, tag: str) -> None:
    Functions(cloud).create(function, f"{cloud.enterprise_host}/{PATH}:{tag}")


def nothing_was_removed(cloud: Emulator, answer: Answer, *facts: str, tag: str) -> None:
    assert (answer.code, answer.out) == (1, "")
    (line,) = answer.err.splitlines()
    for fact in facts:
        assert fact in line
    assert tag in cloud.tags(PATH)


def test_what_nothing_runs_goes_and_the_rest_stays_with_its_reason(cloud: Emulator) -> None:
    runs, published, unused = (pinned(cloud, f"main-{number}") for number in range(3))
    foreign = "fcpin-000000000000"
    cloud.retag(PATH, foreign, to="main-0")
    run_by(cloud, "checkout", runs)
    run_by(cloud, "basket", published)
    cloud.publish_version("basket")
    cloud.set_image("basket", f"{cloud.enterprise_host}/{PATH}:{runs}")
    assert "its grace ends at" in prune(cloud).out
    assert f"{unused}  would go" in prune(cloud, "--grace", "0s", "--dry-run").out
    assert unused in cloud.tags(PATH)
    answer = prune(cloud, "--grace", "0s")
    assert answer.code == 0, answer
    lines = {line.split()[0]: line for line in answer.out.splitlines()}
    assert "kept" in lines[runs]
    assert "basket runs it" in lines[runs] or "checkout runs it" in lines[runs]
    assert "basket@1 runs it" in lines[published]
    assert "not ours" in lines[foreign]
    assert "removed" in lines[unused]
    assert answer.out.splitlines()[-1].startswith("1 of 4 pin tags removed; functions of cn-hangzhou")
    assert set(cloud.tags(PATH)) == {"main-0", "main-1", "main-2", runs, published, foreign}


def test_where_the_registry_has_no_push_times_only_no_grace_removes(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    unused = pinned(cloud, "main-1")
    run_by(cloud, "checkout", pinned(cloud, "main-2"))
    cloud.set_repository_type(PATH, "PUBLIC")
    answer = prune(cloud, "--region", "cn-hangzhou", repository=f"registry.example.com/{PATH}")
    assert "no push time" in answer.out
    assert unused in cloud.tags(PATH)


LISTINGS = ("GetRepository", "ListRepoTag", "ListFunctions", "ListFunctionVersions", "GetFunction")


def test_nothing_is_removed_when_a_listing_fails_or_has_no_function(cloud: Emulator) -> None:
    tag = pinned(cloud, "main-1")
    nothing_was_removed(cloud, prune(cloud, "--grace", "0s"), "cn-hangzhou: no function at all is listed", tag=tag)
    run_by(cloud, "checkout", "main-1")
    for action in LISTINGS:
        cloud.fail_next(action, status=403, code="NoPrivilege")
        nothing_was_removed(cloud, prune(cloud, "--grace", "0s"), "NoPrivilege", tag=tag)
    cloud.fail_next("ListFunctions", status=200, code="", message="")
    nothing_was_removed(cloud, prune(cloud, "--grace", "0s"), tag=tag)


@pytest.mark.parametrize("named", [PATH, "shop/other"], ids=["to this repository", "to another one"])
def test_nothing_is_removed_while_the_update_of_a_function_has_failed(named: str, cloud: Emulator) -> None:
    """It serves the image before, whatever repository the failed update names."""
    serves = pinned(cloud, "main-1")
    cloud.push(named, "main-2", content="two")
    run_by(cloud, "orders", serves)
    cloud.fail_update("orders")
    cloud.set_image("orders", f"{cloud.enterprise_host}/{named}:main-2")
    facts = ("function orders", "its last update failed", "nothing was removed", "update it again or delete it")
    nothing_was_removed(cloud, prune(cloud, "--grace", "0s"), *facts, tag=serves)
    assert cloud.invoke("orders", cold=True).status == 200


def only_in_the_second_region(cloud: Emulator, tag: str) -> None:
    """The first listing (of the repository's region) is empty, the next one has a function that runs *tag*."""
    container = {"image": f"{cloud.enterprise_host}/{PATH}:{tag}"}
    settings = {"runtime": "custom-container", "customContainerConfig": container}
    cloud.after_next("ListFunctions", "create_function", {"function": "checkout", "settings": settings})


def test_functions_of_every_region_may_run_a_public_image(cloud: Emulator) -> None:
    runs, unused = pinned(cloud, "main-1"), pinned(cloud, "main-2")
    cloud.set_repository_type(PATH, "PUBLIC")
    answer = prune(cloud, "--grace", "0s")
    assert (answer.code, answer.out) == (2, "")
    for fact in ("--region: is required", "RepoType is not PRIVATE", f"{cloud.enterprise_host}/{PATH}"):
        assert fact in answer.err
    answer = prune(cloud, "--grace", "0s", "--region", "cn-shanghai")
    nothing_was_removed(cloud, answer, "cn-shanghai: no function at all is listed", tag=unused)
    only_in_the_second_region(cloud, runs)
    answer = prune(cloud, "--grace", "0s", "--region", "cn-shanghai")
    assert answer.code == 0, answer
    assert f"{runs}  kept      checkout runs it" in answer.out
    assert f"{unused}  removed" in answer.out
    assert answer.out.splitlines()[-1].endswith("functions of cn-hangzhou, cn-shanghai were looked at")


def test_the_region_of_a_private_repository_is_never_empty(cloud: Emulator) -> None:
    runs = pinned(cloud, "main-1")
    only_in_the_second_region(cloud, runs)
    answer = prune(cloud, "--grace", "0s", "--region", "cn-shanghai")
    nothing_was_removed(cloud, answer, "cn-hangzhou: no function at all is listed", tag=runs)


WRONG: list[tuple[str, list[str], str, str]] = [
    ("a registry that any region may pull from", [], "ghcr.io/shop/app", "--region"),
    ("an invalid region", ["--region", "Hangzhou"], "", "--region"),
    ("an invalid grace", ["--grace", "soon"], "", "--grace"),
    ("a repository with a tag", [], f"{PERSONAL}:main-1", "--repository"),
]


@pytest.mark.parametrize(("more", "repository", "fact"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_mistake_is_named(cloud: Emulator, more: list[str], repository: str, fact: str) -> None:
    answer = prune(cloud, *more, repository=repository)
    assert answer.code == 2
    assert fact in answer.err


PAGE = Path(__file__).parent.parent.parent / "docs" / "policies" / "protect.md"


def test_the_page_shows_what_the_command_prints(cloud: Emulator) -> None:
    for number in range(3):
        digest = cloud.push(PATH, f"main-{number}", created="2026-11-01T00:00:00Z")
        cloud.retag(PATH, pin_tag(parse_digest(digest)), to=f"main-{number}")
    names = {digest: name for name, digest in cloud.tags(PATH).items() if name.startswith("fcpin-")}
    run_by(cloud, "checkout", names[cloud.tags(PATH)["main-1"]])
    cloud.publish_version("checkout")
    cloud.set_image("checkout", f"{cloud.enterprise_host}/{PATH}:{names[cloud.tags(PATH)['main-2']]}")
    command, _, shown = PAGE.read_text().partition("$ fcpin prune ")[2].partition("```")[0].partition("\n")
    assert command == f"--repository {cloud.enterprise_host}/{PATH} --grace 0s --dry-run"
    assert prune(cloud, "--grace", "0s", "--dry-run").out == shown
    run_by(cloud, "orders", "main-0")
    cloud.fail_update("orders")
    cloud.set_image("orders", f"{cloud.enterprise_host}/{PATH}:main-1")
    assert prune(cloud, "--grace", "0s").err in PAGE.read_text()
