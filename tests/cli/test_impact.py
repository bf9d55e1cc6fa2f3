"""`fcpin impact`: every function and version that depends on a tag or an image; the rules are in tests/stack."""

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


def test_functions_that_name_the_tag_or_run_its_image(stack: DeployedStack) -> None:
    digest = stack.push("main-1")
    stack.cloud.retag(PATH, "stable", to="main-1")
    for tag in ("main-2", "main-3"):
        stack.push(tag)
    for name, tag in (("by-tag", "main-1"), ("by-another-tag", "stable"), ("another-image", "main-2")):
        stack.create(name, tag)
    by_tag = {"by-tag@LATEST": "by-this-tag", "by-another-tag@LATEST": "by-another-tag"}
    assert affected(stack, stack.image("main-1")) == by_tag
    assert affected(stack, f"{stack.repository}@{digest}") == dict.fromkeys(by_tag, "by-another-tag")
    unused = stack.fcpin("impact", stack.image("main-3"))
    assert unused.code == 0
    assert "none depend" in unused.out
    assert "TagImmutability is off" in unused.out
    stack.push("main-1", "moved")
    assert affected(stack, stack.image("main-1")) == {"by-tag@LATEST": "another-digest"}
    stack.cloud.delete_tag(PATH, "main-1")
    stack.cloud.set_tag_immutability(PATH)
    deleted = stack.fcpin("impact", stack.image("main-1"))
    assert deleted.code == 10
    assert "which does not exist" in deleted.out
    assert "TagImmutability is on" in deleted.out


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
    fc(stack.cloud).delete_function_version("checkout", "2")
    (row,) = stack.fcpin("impact", stack.image("main-2"), "--json").json["affected"]
    assert (row["version"], row["aliases"]) == ("LATEST", {}), "an alias of a version that was deleted names nothing"


BRIEF = replace(INSTANT, resolved_digest="child", listed_functions="brief")
FULL = replace(INSTANT, listed_functions="full")


@pytest.mark.parametrize("knobs", [INSTANT, FULL, BRIEF], ids=["index, no-status", "index, full", "child, brief"])
def test_with_every_knob_of_an_index_and_lists_of_a_function(stack: DeployedStack) -> None:
    stack.cloud.push(PATH, "main-1", platforms=("linux/amd64", "linux/arm64"))
    stack.create("checkout", "main-1")
    assert affected(stack, stack.image("main-1")) == {"checkout@LATEST": "by-this-tag"}


def test_a_function_that_may_run_it_is_a_note_and_counts(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.push("main-2")
    stack.create("checkout", "main-1")
    stack.cloud.fail_update("checkout")
    stack.client.update("checkout", {"customContainerConfig": {"image": stack.image("main-2")}})
    sandbox = {"runtime": "micro-sandbox", "microSandboxConfig": {"image": stack.image("main-2")}}
    stack.cloud.create_function("agent", sandbox)
    answer = stack.fcpin("impact", stack.image("main-1"))
    assert answer.code == 10
    for note in (
        "note: checkout may run it too: its last update failed",
        f"note: agent may run it too: it runs {stack.image('main-2')}, and Function Compute returns no",
    ):
        assert note in answer.out
    assert stack.fcpin("impact", stack.image("main-1"), "--json").json["uncertain"] == ["agent", "checkout"]


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
    ("an invalid endpoint", ["r.example.com/a/b:1", "--region", "x", "--fc-endpoint", "ftp://x"], "--fc-endpoint"),
    ("an invalid region", ["r.example.com/a/b:1", "--region", "Hangzhou"], "--region: expected a region"),
    ("a stack and --endpoint", ["r.example.com/a/b:1", "--stack", "x", "--endpoint", "http://x"], "or --stack"),
    ("a stack and --cr-endpoint", ["r.example.com/a/b:1", "--stack", "x", "--cr-endpoint", "http://x"], "or --stack"),
]


@pytest.mark.parametrize(("arguments", "text"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_named(arguments: list[str], text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PULUMI_STACK", "ALICLOUD_REGION"):
        monkeypatch.delenv(name, raising=False)
    answer = run(["impact", *arguments])
    assert answer.code == 2
    assert text in answer.err


def test_a_failed_listing_is_a_failure_and_no_all_clear(stack: DeployedStack) -> None:
    stack.push("main-1")
    stack.create("checkout", "main-1")
    stack.cloud.fail_next("ListFunctionVersions", status=403, code="AccessDenied", message="not authorized")
    answer = stack.fcpin("impact", stack.image("main-1"))
    assert (answer.code, answer.out) == (1, "")
    assert "ListFunctionVersions" in answer.err
