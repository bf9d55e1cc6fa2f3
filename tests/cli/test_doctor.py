"""`fcpin doctor`: one line for each check, as a table or as JSON; the checks are in tests/test_doctor.py."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fcpin.emulator import Emulator
from tests.support.command import Answer, run
from tests.support.deployed_stack import PATH, DeployedStack
from tests.support.examples import examples

PAGE = Path(__file__).parent.parent.parent / "docs" / "doctor.md"


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALICLOUD_ACCESS_KEY", "ALICLOUD_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


def deployed(stack: DeployedStack) -> None:
    stack.push("main-11")
    stack.deploy("checkout", "main-11")


def checks(answer: Answer) -> Mapping[str, Mapping[str, Any]]:
    return {check["name"]: check for check in answer.json["checks"]}


def test_a_stack_that_lacks_nothing(stack: DeployedStack) -> None:
    deployed(stack)
    stack.cloud.set_tag_immutability(PATH)
    answer = stack.fcpin("doctor", "--json")
    assert answer.code == 0
    assert answer.json["ok"] is True
    assert {check["status"] for check in answer.json["checks"]} == {"ok", "not tried"}
    rights = ("ListInstance", "GetAuthorizationToken", "GetRepository", "ListRepositoryTag", "GetRepositoryTag")
    for name in (*(f"cr:{right} {PATH}" for right in (*rights, "PullRepository")), "fc:GetFunction checkout", "clock"):
        assert checks(answer)[name]["status"] == "ok"


def test_a_stack_that_cannot_be_read_or_no_engine(stack: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = stack.fcpin("doctor", "--json", stack="nope")
    assert answer.code == 1
    assert "no stack named 'nope'" in checks(answer)["stack"]["detail"]
    assert checks(answer)["fcpin"]["status"] == "ok"
    monkeypatch.setenv("PATH", "/nowhere")
    answer = stack.fcpin("doctor", "--json")
    assert answer.code == 1
    assert "not on PATH" in checks(answer)["engine"]["detail"]


@pytest.mark.usefixtures("key")
def test_without_a_stack(stack: DeployedStack) -> None:
    deployed(stack)
    cloud = stack.cloud
    where = ["--region", "cn-hangzhou", "--fc-endpoint", cloud.url, "--cr-endpoint", cloud.url]
    repository = ["--repository", stack.repository, "--endpoint", cloud.url]
    assert checks(run(["doctor", "--json"]))["Function Compute"]["status"] == "not tried", "there is no region"
    answer = run(["doctor", "--json", *where[2:], *repository])
    assert answer.code == 0, "the region is that of the repository"
    assert "ALICLOUD_ACCESS_KEY of the environment" in checks(answer)["credentials"]["detail"]
    assert checks(answer)["fc:ListFunctions in cn-hangzhou"]["status"] == "ok"
    assert checks(answer)[f"cr:PullRepository {PATH}"]["status"] == "ok"
    cloud.set_key_active(False)
    answer = run(["doctor", "--json", *where])
    assert checks(answer)["fc:ListFunctions in cn-hangzhou"]["status"] == "problem", "nothing else proves the key"


def test_no_secret_is_printed(stack: DeployedStack) -> None:
    deployed(stack)
    for format_ in ((), ("--json",)):
        answer = stack.fcpin("doctor", *format_)
        assert stack.cloud.access_key_secret not in answer.out + answer.err


def the_same_in_every_run(text: str) -> str:
    for pattern in (r"\d+ ms", r"127\.0\.0\.1:\d+", r"cr[ir]-[0-9a-z]+", r"\d+\.\d+\.\d+", r"request [\w-]+", r"  +"):
        text = re.sub(pattern, "…", text)
    return text


def test_every_example_of_its_page_answers_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Emulator().serve() as cloud:
        stack = DeployedStack(tmp_path, cloud, "dev")
        monkeypatch.setenv("PATH", stack.path())
        monkeypatch.setenv("ENGINE", "pulumi")
        deployed(stack)
        stack.functions["invoices"] = {"repository": stack.repository, "policy": {"family": {"name": "main"}}}
        stack.configure()
        for example in examples(PAGE):
            assert the_same_in_every_run(run(shlex.split(example.command)[1:]).out) == the_same_in_every_run(
                example.output
            )
