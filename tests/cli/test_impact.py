"""`fcpin impact`: every function and version that depends on a tag or an image."""

from dataclasses import replace

import pytest

from tests.emulator.clients import fc
from tests.support.command import run
from tests.support.deployed_stack import PATH, DeployedStack
from tests.support.instant import INSTANT


def affected(stack: DeployedStack, image: str) -> dict[str, str]:
    """Effect by function and version."""
    rows = stack.fcpin("impact", image, "--json").json["affected"]
    return {f"{row['function_name']}@{row['version']}": row["effect"] for row in rows}


def test_who_names_the_tag_and_who_runs_its_image(stack: DeployedStack) -> None:
    digest = stack.push("main-1")
    stack.cloud.retag(PATH, "stable", to="main-1")
    stack.push("main-2")
    stack.create("by-tag", "main-1")
    stack.create("by-another-tag", "stable")
    stack.create("another-image", "main-2")
    assert affected(stack, stack.image("main-1")) == {
        "by-tag@LATEST": "by-this-tag",
        "by-another-tag@LATEST": "by-another-tag",
    }
    assert affected(stack, f"{stack.repository}@{digest}") == {
        "by-tag@LATEST": "by-another-tag",
        "by-another-tag@LATEST": "by-another-tag",
    }


def test_a_published_version_depends_on_the_image_that_it_was_published_with(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.push("main-2")
    stack.create("checkout", "main-1")
    stack.cloud.publish_version("checkout")
    stack.cloud.set_image("checkout", stack.image("main-2"))
    stack.cloud.publish_version("checkout")
    stack.cloud.create_alias("checkout", "live", "2", {"1": 0.1})
    (row,) = stack.fcpin("impact", stack.image("main-1"), "--json").json["affected"]
    assert (row["function_name"], row["version"], row["aliases"]) == ("checkout", "1", {"live": 0.1})
    shown = stack.fcpin("impact", stack.image("main-2")).out
    assert "LATEST" in shown
    assert "live 90%" in shown


def test_an_alias_of_a_version_that_was_deleted_names_nothing(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.create("checkout", "main-1")
    for _ in range(2):
        stack.cloud.publish_version("checkout")
    stack.cloud.create_alias("checkout", "live", "1", {"2": 0.1})
    fc(stack.cloud).delete_function_version("checkout", "1")
    rows = stack.fcpin("impact", stack.image("main-1"), "--json").json["affected"]
    assert {row["version"]: row["aliases"] for row in rows} == {"LATEST": {}, "2": {"live": 0.1}}


def test_a_tag_that_was_moved_already_tells_who_is_broken(stack: DeployedStack) -> None:
    stack.push("main", "one")
    stack.create("checkout", "main")
    stack.push("main", "two")
    assert affected(stack, stack.image("main")) == {"checkout@LATEST": "another-digest"}
    stack.cloud.delete_tag(PATH, "main")
    answer = stack.fcpin("impact", stack.image("main"))
    assert answer.code == 10
    assert "which does not exist" in answer.out


OTHERWISE = replace(INSTANT, resolved_digest="child", listed_functions="brief")
FULL = replace(INSTANT, listed_functions="full")


@pytest.mark.parametrize("knobs", [INSTANT, FULL, OTHERWISE], ids=["index, no-status", "index, full", "child, brief"])
def test_with_every_knob_of_an_index_and_lists_of_a_function(stack: DeployedStack) -> None:
    stack.cloud.push(PATH, "main-1", platforms=("linux/amd64", "linux/arm64"))
    stack.create("checkout", "main-1")
    assert affected(stack, stack.image("main-1")) == {"checkout@LATEST": "by-this-tag"}


def test_nobody_depends_on_it(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.push("main-2")
    stack.create("checkout", "main-1")
    answer = stack.fcpin("impact", stack.image("main-2"))
    assert answer.code == 0
    assert "none depend" in answer.out


@pytest.mark.parametrize("knobs", [OTHERWISE], ids=["brief"])
@pytest.mark.parametrize("named", [PATH, "shop/other"], ids=["to this repository", "to another one"])
def test_a_function_whose_update_failed_may_still_run_it(stack: DeployedStack, named: str) -> None:
    stack.push("main-1")
    stack.cloud.push(named, "main-2", content="two")
    stack.create("checkout", "main-1")
    stack.cloud.fail_update("checkout")
    image = f"{stack.cloud.enterprise_host}/{named}:main-2"
    stack.client.update("checkout", {"customContainerConfig": {"image": image}})
    answer = stack.fcpin("impact", stack.image("main-1"))
    assert answer.code == 10
    assert "note: checkout may run it too: its last update failed" in answer.out
    assert stack.fcpin("impact", stack.image("main-1"), "--json").json["uncertain"] == ["checkout"]


def test_a_function_of_fc_2_depends_on_its_image(stack: DeployedStack) -> None:
    stack.push("main-1")
    settings = {"runtime": "custom-container", "customContainerConfig": {"image": stack.image("main-1")}}
    stack.cloud.create_function("shop$checkout", settings)
    assert affected(stack, stack.image("main-1")) == {"shop$checkout@LATEST": "by-this-tag"}
    stack.cloud.fail_next("ListFunctionVersions", status=400, code="InvalidArgument", message="not supported")
    stack.push("main-2")
    answer = stack.fcpin("impact", stack.image("main-2"))
    assert answer.code == 10
    assert "note: shop$checkout may run it too: it is a function of FC 2.0 that could not be read" in answer.out


def test_a_micro_sandbox_depends_on_the_tag_that_it_names_and_maybe_on_others(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.push("main-2")
    sandbox = {"image": stack.image("main-1")}
    stack.cloud.create_function("agent", {"runtime": "micro-sandbox", "microSandboxConfig": sandbox})
    assert affected(stack, stack.image("main-1")) == {"agent@LATEST": "by-this-tag"}
    answer = stack.fcpin("impact", stack.image("main-2"))
    assert answer.code == 10
    assert f"note: agent may run it too: it runs {stack.image('main-1')}, and Function Compute returns no" in answer.out
    stack.cloud.push("shop/other", "main-1")
    assert stack.fcpin("impact", f"{stack.cloud.enterprise_host}/shop/other:main-1").code == 0
    stack.cloud.delete_tag(PATH, "main-1")
    assert affected(stack, stack.image("main-1")) == {"agent@LATEST": "another-digest"}


def test_a_function_whose_image_is_not_valid_may_run_any(stack: DeployedStack) -> None:
    stack.push("main-1")
    sandbox = {"image": stack.image("main-1")}
    stack.cloud.create_function("agent", {"runtime": "micro-sandbox", "microSandboxConfig": sandbox})
    stack.cloud._account.functions.record("agent").wanted.settings["microSandboxConfig"] = {"image": "::::"}
    answer = stack.fcpin("impact", stack.image("main-1"))
    assert answer.code == 10
    assert "note: agent may run it too: it runs '::::', which is not a valid image reference" in answer.out


def test_whether_the_tag_can_be_moved_is_reported(stack: DeployedStack) -> None:
    stack.push("main-1")
    assert "TagImmutability is off" in stack.fcpin("impact", stack.image("main-1")).out
    stack.cloud.set_tag_immutability(PATH)
    assert "TagImmutability is on" in stack.fcpin("impact", stack.image("main-1")).out


@pytest.mark.usefixtures("key")
def test_a_region_without_a_stack(stack: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    stack.push("main-1")
    stack.create("checkout", "main-1")
    url = stack.cloud.url
    where = ["--region", "cn-hangzhou", "--endpoint", url, "--cr-endpoint", url, "--fc-endpoint", url]
    answer = run(["impact", stack.image("main-1"), *where])
    assert answer.code == 10, answer
    assert "checkout" in answer.out


MISTAKES = [
    ("neither a region nor a stack", ["r.example.com/shop/app:1"], "--region: is required"),
    ("no tag", ["r.example.com/shop/app", "--region", "x"], "add :TAG or @DIGEST"),
    ("no image", ["app:1", "--region", "x"], "has no registry host"),
    ("an endpoint that is none", ["r.example.com/a/b:1", "--region", "x", "--fc-endpoint", "ftp://x"], "--fc-endpoint"),
    ("a region that is none", ["r.example.com/a/b:1", "--region", "Hangzhou"], "--region: expected a region"),
    (
        "an endpoint with a stack",
        ["r.example.com/a/b:1", "--stack", "x", "--endpoint", "http://x"],
        "remove this option or --stack",
    ),
    ("another one", ["r.example.com/a/b:1", "--stack", "x", "--cr-endpoint", "http://x"], "--cr-endpoint: "),
]


@pytest.mark.parametrize(("label", "arguments", "text"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_named(label: str, arguments: list[str], text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PULUMI_STACK", "ALICLOUD_REGION"):
        monkeypatch.delenv(name, raising=False)
    answer = run(["impact", *arguments])
    assert answer.code == 2
    assert text in answer.err


def test_what_cannot_be_read_is_a_failure_and_no_all_clear(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.create("checkout", "main-1")
    stack.cloud.fail_next("ListFunctionVersions", status=403, code="AccessDenied", message="not authorized")
    answer = stack.fcpin("impact", stack.image("main-1"))
    assert (answer.code, answer.out) == (1, "")
    assert "ListFunctionVersions" in answer.err
