"""`fcpin prune`: pin tags that nothing runs go, whatever else there is stays, and everything has its reason."""

import pytest

from emulator import Emulator
from fcpin.image import parse_digest
from fcpin.policy.protect import pin_tag
from tests.cli.test_select import Answer, fcpin
from tests.emulator.clients import Functions

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


def test_what_nothing_runs_goes_and_the_rest_stays_with_its_reason(cloud: Emulator) -> None:
    runs, published, unused = (pinned(cloud, f"main-{number}") for number in range(3))
    foreign = "fcpin-000000000000"
    cloud.retag(PATH, foreign, to="main-0")
    run_by(cloud, "checkout", runs)
    run_by(cloud, "basket", published)
    cloud.publish_version("basket")
    cloud.set_image("basket", f"{cloud.enterprise_host}/{PATH}:{runs}")
    answer = prune(cloud, "--grace", "0s")
    assert answer.status == 0, answer
    lines = {line.split()[0]: line for line in answer.out.splitlines()}
    assert "kept" in lines[runs]
    assert "basket runs it" in lines[runs] or "checkout runs it" in lines[runs]
    assert "basket@1 runs it" in lines[published]
    assert "not ours" in lines[foreign]
    assert "removed" in lines[unused]
    assert answer.out.splitlines()[-1].startswith("1 of 4 pin tags removed; functions of cn-hangzhou")
    assert set(cloud.tags(PATH)) == {"main-0", "main-1", "main-2", runs, published, foreign}


def test_a_dry_run_removes_nothing(cloud: Emulator) -> None:
    unused = pinned(cloud, "main-1")
    answer = prune(cloud, "--grace", "0s", "--dry-run")
    assert f"{unused}  would go" in answer.out
    assert unused in cloud.tags(PATH)


def test_what_was_pushed_lately_has_its_grace(cloud: Emulator) -> None:
    unused = pinned(cloud, "main-1")
    assert "its grace ends at" in prune(cloud).out
    assert unused in cloud.tags(PATH)


def test_where_no_push_times_are_told_only_no_grace_removes(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path_factory.mktemp("docker")))
    unused = pinned(cloud, "main-1")
    cloud.set_repository_type(PATH, "PUBLIC")
    answer = prune(cloud, "--region", "cn-hangzhou", repository=f"registry.example.com/{PATH}")
    assert "no push time" in answer.out
    assert unused in cloud.tags(PATH)


@pytest.mark.parametrize("action", ["ListRepoTag", "ListFunctions", "ListFunctionVersions"])
def test_nothing_is_removed_when_something_cannot_be_listed(cloud: Emulator, action: str) -> None:
    unused = pinned(cloud, "main-1")
    run_by(cloud, "checkout", "main-1")
    cloud.set_image("checkout", f"{PERSONAL}:main-1")
    cloud.fail_next(action, status=403, code="NoPrivilege")
    answer = prune(cloud, "--grace", "0s")
    assert (answer.status, answer.out) == (1, "")
    assert len(answer.err.splitlines()) == 1
    assert unused in cloud.tags(PATH)


WRONG: list[tuple[str, list[str], str, str]] = [
    ("a registry that any region may pull from", [], "ghcr.io/shop/app", "--region"),
    ("a region that is none", ["--region", "Hangzhou"], "", "--region"),
    ("a grace that is none", ["--grace", "soon"], "", "--grace"),
    ("a repository with a tag", [], f"{PERSONAL}:main-1", "--repository"),
]


@pytest.mark.parametrize(("more", "repository", "fact"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_written_wrong_is_said(cloud: Emulator, more: list[str], repository: str, fact: str) -> None:
    answer = prune(cloud, *more, repository=repository)
    assert answer.status == 2
    assert fact in answer.err
