"""`fcpin resolve`, `tags` and `explain --repository` with a real registry."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Answer, fcpin
from tests.support.docker_registry import DockerRegistry, docker_registry

RELEASE = '{"family": {"name": "release"}}'


@pytest.fixture(scope="module")
def registry() -> Iterator[DockerRegistry]:
    with docker_registry() as running:
        running.push("shop/app", "release-0a1b", content="one", created="2026-01-01T00:00:00Z")
        running.push("shop/app", "release-9f9f", content="two", created="2026-01-03T00:00:00Z", index=True)
        running.push("shop/app", "release-5c5c", content="three", created="2026-01-02T00:00:00Z")
        running.push("shop/app", "arm-1", content="arm", platforms=("linux/arm64",))
        yield running


@pytest.fixture(autouse=True)
def no_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def resolve(registry: DockerRegistry, policy: str, *more: str) -> Answer:
    return fcpin("resolve", "--repository", f"{registry.host}/shop/app", "--plain-http", "--policy", policy, *more)


def test_tag_digest_and_image_of_the_newest(registry: DockerRegistry) -> None:
    answer = resolve(registry, RELEASE)
    found: Mapping[str, Any] = answer.json
    assert answer.code == 0
    assert found["tag"] == "release-9f9f"
    assert found["image"] == f"{registry.host}/shop/app:release-9f9f"
    assert found["digest"].startswith("sha256:")
    assert "build time" in found["reason"], "a registry of the OCI protocol gives no push times"
    assert {item["tag"] for item in found["rejected"]} == {"arm-1", "release-0a1b", "release-5c5c"}


def test_no_tag_and_a_kept_pin(registry: DockerRegistry) -> None:
    answer = resolve(registry, '{"family": {"name": "nightly"}}')
    assert answer.code == 3
    assert [answer.json[key] for key in ("tag", "digest", "image")] == [None, None, None]
    answer = resolve(registry, '{"family": {}}', "--current", "arm-2")
    assert answer.code == 0
    assert (answer.json["tag"], answer.json["image"]) == ("arm-2", f"{registry.host}/shop/app:arm-2")


def test_another_endpoint_for_the_same_name(registry: DockerRegistry) -> None:
    where = ["--repository", "registry.example.com/shop/app", "--endpoint", registry.url]
    answer = fcpin("resolve", *where, "--policy", RELEASE)
    assert answer.json["image"] == "registry.example.com/shop/app:release-9f9f"


def test_a_saved_listing_has_the_verdicts_of_the_registry(registry: DockerRegistry) -> None:
    where = ["--repository", f"{registry.host}/shop/app", "--plain-http"]
    saved = fcpin("tags", *where, "--policy", RELEASE)
    assert (saved.code, saved.err) == (0, "")
    rows = [json.loads(line) for line in saved.out.splitlines()]
    assert [row["tag"] for row in rows] == ["arm-1", "release-0a1b", "release-5c5c", "release-9f9f"]
    read = ["created" in row for row in rows]
    assert read == [False, True, True, True], "only the build times that the policy needs are read"
    remote = fcpin("explain", "--policy", RELEASE, *where)
    assert remote.code == 0
    assert "release-9f9f  chosen" in remote.out
    assert fcpin("explain", "--policy", RELEASE, stdin=saved.out).out == remote.out
    names = fcpin("tags", *where)
    assert {tuple(json.loads(line)) for line in names.out.splitlines()} == {("tag",)}, "no image is read"


FAILURES: list[tuple[str, str, str, list[str], int, list[str]]] = [
    # label, repository, policy, more options, exit status, facts
    ("a repository that does not exist", "{host}/shop/nope", RELEASE, ["--plain-http"], 1, ["shop/nope"]),
    ("an image of another platform", "{host}/shop/app", '{"family": {"name": "arm"}}', ["--plain-http"], 1, ["arm-1", "linux/amd64", "linux/arm64"]),
    ("a repository with a tag", "{host}/shop/app:x", RELEASE, [], 2, ["--repository", "remove ':x'"]),
    ("a repository without a host", "app", RELEASE, [], 2, ["--repository", "'app'", "host"]),
    ("an invalid endpoint", "{host}/a/b", RELEASE, ["--endpoint", "ftp://x"], 2, ["--endpoint"]),
    ("two ways to the registry", "{host}/a/b", RELEASE, ["--endpoint", "http://x", "--plain-http"], 2, ["--plain-http"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("repository", "policy", "options", "status", "facts"), [pytest.param(*row[1:], id=row[0]) for row in FAILURES]
)
def test_failures_are_one_line(
    registry: DockerRegistry, repository: str, policy: str, options: list[str], status: int, facts: list[str]
) -> None:
    name = repository.format(host=registry.host)
    answer = fcpin("resolve", "--repository", name, *options, "--policy", policy)
    assert (answer.code, answer.out) == (status, "")
    assert len(answer.err.splitlines()) == 1
    for fact in facts:
        assert fact in answer.err
