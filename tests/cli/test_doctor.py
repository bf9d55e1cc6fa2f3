"""`fcpin doctor`: each thing that can be wrong has its line, and none hides another."""

import json
import os
import re
import shlex
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fcpin.doctor.cloud import credentials
from fcpin.doctor.result import Status
from fcpin.emulator import Emulator
from fcpin.http.credentials import Profile
from tests.support.command import Answer, run
from tests.support.deployed_stack import PATH, DeployedStack
from tests.support.examples import examples

PAGE = Path(__file__).parent.parent.parent / "docs" / "doctor.md"
ELSEWHERE = "registry.example.com"


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


def ghost(stack: DeployedStack) -> None:
    stack.functions["ghost"] = {"repository": stack.repository}
    stack.configure()


def unborn(stack: DeployedStack) -> None:
    stack.functions["unborn"] = {"repository": stack.repository, "config": {"cpu": 0.5}}
    stack.configure()


def with_role_and_pin_tags(stack: DeployedStack) -> None:
    stack.functions["checkout"]["config"] = {"role": "acs:ram::1234567890123456:role/checkout"}
    stack.functions["checkout"]["protect"] = "pin_tag"
    stack.configure()


def of_a_partner(stack: DeployedStack) -> None:
    stack.functions["checkout"] |= {"region": "cn-shanghai", "profile": "partner"}
    stack.configure()


def denied(action: str, code: str) -> Callable[[DeployedStack], None]:
    return lambda stack: stack.cloud.fail_next(action, status=403, code=code, times=9)


def unreachable(stack: DeployedStack) -> None:
    nowhere = "http://127.0.0.1:1"
    stack.configure(endpoints={"fc": nowhere, "cr": stack.cloud.url, "devs": nowhere})


def misconfigured(stack: DeployedStack) -> None:
    stack.configure(endpoints={"fd": "http://127.0.0.1:1"})


def broken_listing(stack: DeployedStack) -> None:
    stack.cloud.fail_next("ListRepoTag", kind="html-502", times=9)


def economy(stack: DeployedStack) -> None:
    stack.cloud.set_tag_immutability(PATH, immutable=False)
    stack.cloud.set_instance_specification("Enterprise_Economy")


Expected = tuple[str, str, list[str]]
"""Name of a check, its status, and facts of its result."""

CASES: list[tuple[str, Callable[[DeployedStack], None], int, list[Expected]]] = [
    # label, what is wrong, exit status, results
    ("a function that does not exist", ghost, 1, [("fc:GetFunction ghost", "problem", ["FunctionNotFound", "function_name"])]),
    ("a function that up creates", unborn, 0, [("fc:GetFunction unborn", "note", ["not in cn-hangzhou yet", "up"]), ("fc:CreateFunction, fc:DeleteFunction", "not tried", ["up needs them"])]),
    ("a role and pin tags", with_role_and_pin_tags, 0, [("ram:PassRole", "not tried", ["up needs it"]), (f"cr:CreateRepoTag, cr:DeleteRepositoryTag {PATH}", "not tried", ["pin_tag"])]),
    ("another region and a profile that does not exist", of_a_partner, 1, [("fc:GetFunction checkout in cn-shanghai as partner", "problem", []), ("credentials of profile partner", "problem", ["aliyun configure"])]),
    ("no right to read functions", denied("GetFunction", "AccessDenied"), 1, [("fc:GetFunction checkout", "problem", ["AccessDenied", "allow fc:GetFunction", "functions/checkout"])]),
    ("no right to list functions", denied("ListFunctions", "AccessDenied"), 0, [("fc:ListFunctions in cn-hangzhou", "note", ["no preview and no up needs it"])]),
    ("no right to list tags", denied("ListRepoTag", "NoPrivilege"), 1, [(f"cr:ListRepositoryTag {PATH}", "problem", ["NoPrivilege", "cr:ListRepositoryTag"]), (f"cr:PullRepository {PATH}", "not tried", ["Digest"])]),
    ("no right to log in", denied("GetAuthorizationToken", "NoPrivilege"), 1, [(f"cr:GetAuthorizationToken {PATH}", "problem", ["NoPrivilege"]), (f"cr:GetRepositoryTag {PATH}", "ok", ["main-11"])]),
    ("an edition that FC does not pull from, and movable tags", economy, 1, [("edition demo", "problem", ["Enterprise_Economy", "another registry"]), (f"TagImmutability {PATH}", "note", ["off", "precondition of the outage"])]),
    ("a clock 20 minutes off", lambda stack: stack.cloud.skew(1200), 1, [("clock", "problem", ["behind", "15 minutes", "NTP"])]),
    ("a clock 2 minutes off", lambda stack: stack.cloud.skew(-120), 0, [("clock", "note", ["ahead"])]),
    ("a disabled key", lambda stack: stack.cloud.set_key_active(False), 1, [("fc:GetFunction checkout", "problem", ["Inactive", "check the credentials"])]),
    ("endpoints that refuse connections", unreachable, 1, [("Function Compute in cn-hangzhou", "problem", ["127.0.0.1:1", "refused", "check"]), ("Serverless Devs", "problem", ["127.0.0.1:1", "refused"]), (f"cr:PullRepository {PATH}", "ok", [])]),
    ("an invalid configuration", misconfigured, 1, [("stack", "problem", ["fcpin:endpoints.fd", "unknown key", "correct"])]),
    ("an API that fails", broken_listing, 1, [(f"cr:ListRepositoryTag {PATH}", "problem", ["502"])]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code", "results"), [pytest.param(*row[1:], id=row[0]) for row in CASES])
def test_every_defect_has_its_result(
    change: Callable[[DeployedStack], None], code: int, results: list[Expected], stack: DeployedStack
) -> None:
    deployed(stack)
    change(stack)
    answer = stack.fcpin("doctor", "--json")
    for name, status, facts in results:
        found = checks(answer)[name]
        assert (answer.code, found["status"]) == (code, status), found
        for fact in facts:
            assert fact in f"{found['detail']}; {found['remedy']}"
    assert answer.err == ""


def test_a_stack_that_cannot_be_read(stack: DeployedStack) -> None:
    answer = stack.fcpin("doctor", "--json", stack="nope")
    assert answer.code == 1
    assert "no stack named 'nope'" in checks(answer)["stack"]["detail"]
    assert checks(answer)["fcpin"]["status"] == "ok"


def test_no_engine_at_all(stack: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    answer = stack.fcpin("doctor", "--json")
    assert answer.code == 1
    assert "not on PATH" in checks(answer)["engine"]["detail"]


LOGINS: list[tuple[str, str, str, str, list[str]]] = [
    # label, docker's configuration, status of the login, status of the listing, facts
    ("none", "", "note", "problem", ["anonymous", "docker login"]),
    ("a good one", "emulator:emulator-password", "ok", "ok", ["user 'emulator'", "1 in all"]),
    ("a refused one", "emulator:wrong", "ok", "problem", ["user 'emulator'", "docker login"]),
    ("a broken one", "no colon", "problem", "problem", ["not the base64 form"]),
]


@pytest.mark.parametrize(("config", "login", "tags", "facts"), [pytest.param(*row[1:], id=row[0]) for row in LOGINS])
def test_a_login_of_docker(config: str, login: str, tags: str, facts: list[str], stack: DeployedStack) -> None:
    stack.push("main-11")
    stack.functions["shop"] = {"repository": f"{ELSEWHERE}/{PATH}"}
    stack.configure(registries={ELSEWHERE: {"endpoint": stack.cloud.url}})
    auths = {ELSEWHERE: {"auth": b64encode(config.encode()).decode()}} if config else {}
    folder = Path(os.environ["DOCKER_CONFIG"])
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"auths": auths}))
    found = checks(stack.fcpin("doctor", "--json"))
    lines = [found[f"login to {ELSEWHERE}"], found[f"tags of {ELSEWHERE}/{PATH}"]]
    assert [line["status"] for line in lines] == [login, tags]
    texts = "; ".join(f"{line['detail']}; {line['remedy']}" for line in lines)
    for fact in facts:
        assert fact in texts
    assert "emulator-password" not in texts


@pytest.mark.usefixtures("key")
def test_without_a_stack(stack: DeployedStack) -> None:
    deployed(stack)
    cloud = stack.cloud
    where = ["--region", "cn-hangzhou", "--fc-endpoint", cloud.url, "--cr-endpoint", cloud.url]
    repository = ["--repository", stack.repository, "--endpoint", cloud.url]
    answer = run(["doctor", "--json", *where[2:], *repository])
    assert answer.code == 0, "the region is that of the repository"
    assert "ALICLOUD_ACCESS_KEY of the environment" in checks(answer)["credentials"]["detail"]
    assert checks(answer)["fc:ListFunctions in cn-hangzhou"]["status"] == "ok"
    assert checks(answer)[f"cr:PullRepository {PATH}"]["status"] == "ok"
    cloud.set_key_active(False)
    answer = run(["doctor", "--json", *where])
    assert checks(answer)["fc:ListFunctions in cn-hangzhou"]["status"] == "problem", "nothing else proves the key"


SOURCES: list[tuple[str, Mapping[str, str], str, str]] = [
    ("the profile of the CLI", {"ALIBABA_CLOUD_PROFILE": "ci"}, "ok", "the Alibaba Cloud CLI's ~/.aliyun/config.json: access key LTAI…FILE"),
    ("no source", {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"}, "problem", "no credentials found"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "status", "fact"), [pytest.param(*row[1:], id=row[0]) for row in SOURCES])
def test_the_source_of_the_chain_is_named(settings: Mapping[str, str], status: str, fact: str, tmp_path: Path) -> None:
    """A process of its own: the chain reads the environment when it is imported."""
    (tmp_path / ".aliyun").mkdir()
    ci = {"name": "ci", "mode": "AK", "access_key_id": "LTAI5tEXAMPLEFILE", "access_key_secret": "x" * 30}
    (tmp_path / ".aliyun" / "config.json").write_text(json.dumps({"current": "ci", "profiles": [ci]}))
    kept = {name: value for name, value in os.environ.items() if name not in {"ALICLOUD_REGION", "ALICLOUD_ACCESS_KEY"}}
    done = subprocess.run(
        [sys.executable, "-m", "fcpin", "doctor", "--json"],
        env={**kept, "HOME": str(tmp_path), **settings},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    found = checks(Answer(done.returncode, done.stdout, done.stderr))
    assert found["credentials"]["status"] == status
    assert fact in found["credentials"]["detail"]
    assert found["Function Compute"]["status"] == "not tried"
    assert "x" * 30 not in done.stdout + done.stderr


def test_a_profile_that_cannot_be_found_is_no_traceback() -> None:
    (line,) = credentials(Profile("missing"), "")
    assert (line.status, line.name) == (Status.PROBLEM, "credentials of profile missing")


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
