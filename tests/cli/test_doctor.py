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

from fcpin.emulator import Emulator
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


Happens = Callable[[DeployedStack], Any]


def entry(name: str, **values: Any) -> Happens:
    """An entry of fcpin:functions has these values."""

    def happens(stack: DeployedStack) -> None:
        stack.functions[name] = {"repository": stack.repository, **stack.functions.get(name, {}), **values}
        stack.configure()

    return happens


def endpoints(**urls: str) -> Happens:
    return lambda stack: stack.configure(endpoints={"fc": stack.cloud.url, "cr": stack.cloud.url, **urls})


def denied(action: str, code: str) -> Happens:
    return lambda stack: stack.cloud.fail_next(action, status=403, code=code, times=9)


GHOST, UNBORN = entry("ghost"), entry("unborn", config={"cpu": 0.5})
WITH_ROLE = entry("checkout", config={"role": "acs:ram::1234567890123456:role/checkout"})
PROTECTED, PROFILE = entry("checkout", protect="pin_tag"), entry("checkout", profile="missing")
OF_A_PARTNER = entry("checkout", region="cn-shanghai", profile="partner")
UNREACHABLE = endpoints(fc="http://127.0.0.1:1")


CASES: list[tuple[str, Happens, int, str, str, list[str]]] = [
    # label, what is wrong, exit status, line, its status, facts
    ("a function that does not exist", GHOST, 1, "fc:GetFunction ghost", "problem", ["FunctionNotFound", "function_name"]),
    ("a function that up is to make", UNBORN, 0, "fc:GetFunction unborn", "note", ["not in cn-hangzhou yet", "up"]),
    ("its making cannot be tried", UNBORN, 0, "fc:CreateFunction, fc:DeleteFunction", "not tried", ["up needs them"]),
    ("a role cannot be tried", WITH_ROLE, 0, "ram:PassRole", "not tried", ["up needs it"]),
    ("nor the tags that are to be made", PROTECTED, 0, f"cr:CreateRepoTag, cr:DeleteRepositoryTag {PATH}", "not tried", ["pin_tag"]),
    ("another region and account are named", OF_A_PARTNER, 1, "fc:GetFunction checkout in cn-shanghai as partner", "problem", []),
    ("no right to read functions", denied("GetFunction", "AccessDenied"), 1, "fc:GetFunction checkout", "problem", ["AccessDenied", "allow fc:GetFunction", "functions/checkout"]),
    ("no right to list functions", denied("ListFunctions", "AccessDenied"), 0, "fc:ListFunctions in cn-hangzhou", "note", ["no preview and no up needs it"]),
    ("no right to list tags", denied("ListRepoTag", "NoPrivilege"), 1, f"cr:ListRepositoryTag {PATH}", "problem", ["NoPrivilege", "cr:ListRepositoryTag"]),
    ("what hangs on it is not tried", denied("ListRepoTag", "NoPrivilege"), 1, f"cr:PullRepository {PATH}", "not tried", ["Digest"]),
    ("no right to log in", denied("GetAuthorizationToken", "NoPrivilege"), 1, f"cr:GetAuthorizationToken {PATH}", "problem", ["NoPrivilege"]),
    ("and the rest is tried all the same", denied("GetAuthorizationToken", "NoPrivilege"), 1, f"cr:GetRepositoryTag {PATH}", "ok", ["main-11"]),
    ("an edition that FC does not pull from", lambda stack: stack.cloud.set_instance_specification("Enterprise_Economy"), 1, "edition demo", "problem", ["Enterprise_Economy", "another registry"]),
    ("tags that can be moved", lambda stack: stack.cloud.set_tag_immutability(PATH, immutable=False), 0, f"TagImmutability {PATH}", "note", ["off", "precondition of the outage"]),
    ("a clock 20 minutes off", lambda stack: stack.cloud.skew(1200), 1, "clock", "problem", ["behind", "15 minutes", "NTP"]),
    ("a clock 2 minutes off", lambda stack: stack.cloud.skew(-120), 0, "clock", "note", ["ahead"]),
    ("a disabled key", lambda stack: stack.cloud.set_key_active(False), 1, "fc:GetFunction checkout", "problem", ["Inactive", "check the credentials"]),
    ("an endpoint that is not there", UNREACHABLE, 1, "Function Compute in cn-hangzhou", "problem", ["127.0.0.1:1", "refused", "check"]),
    ("an endpoint for pipelines that is not there", endpoints(devs="http://127.0.0.1:1"), 1, "Serverless Devs", "problem", ["127.0.0.1:1", "refused"]),
    ("and the registry is looked at all the same", UNREACHABLE, 1, f"cr:PullRepository {PATH}", "ok", []),
    ("a configuration that is wrong", lambda stack: stack.configure(endpoints={"fd": stack.cloud.url}), 1, "stack", "problem", ["fcpin:endpoints.fd", "unknown key", "correct"]),
    ("an API that fails", lambda stack: stack.cloud.fail_next("ListRepoTag", kind="html-502", times=9), 1, f"cr:ListRepositoryTag {PATH}", "problem", ["502"]),
    ("a profile that does not exist", PROFILE, 1, "credentials of profile missing", "problem", ["aliyun configure"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("happens", "code", "name", "status", "facts"), [pytest.param(*row[1:], id=row[0]) for row in CASES]
)
def test_what_is_wrong_has_its_line(
    happens: Happens, code: int, name: str, status: str, facts: list[str], stack: DeployedStack
) -> None:
    deployed(stack)
    happens(stack)
    answer = stack.fcpin("doctor", "--json")
    found = checks(answer)[name]
    assert (answer.code, found["status"]) == (code, status), found
    for fact in facts:
        assert fact in f"{found['detail']}; {found['remedy']}"
    assert answer.err == ""
    assert stack.cloud.access_key_secret not in answer.out


def test_a_stack_that_cannot_be_read_or_no_engine(stack: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = stack.fcpin("doctor", "--json", stack="nope")
    assert answer.code == 1
    assert "no stack named 'nope'" in checks(answer)["stack"]["detail"]
    assert checks(answer)["fcpin"]["status"] == "ok"
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


KEY = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tEXAMPLEENVI", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "y" * 30}
SOURCES: list[tuple[str, Mapping[str, str], str, str]] = [
    ("the environment", KEY, "ok", "ALIBABA_CLOUD_ACCESS_KEY_ID of the environment: access key LTAI…ENVI"),
    ("the profile of the CLI", {"ALIBABA_CLOUD_PROFILE": "ci"}, "ok", "the Alibaba Cloud CLI's ~/.aliyun/config.json: access key LTAI…FILE"),
    ("no source", {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"}, "problem", "no credentials found"),
]  # fmt: skip
CHECK = """
import json, os, sys
from fcpin.doctor.cloud import credentials
for settings in json.loads(sys.argv[1]):
    if os.fork():
        os.wait()
        continue
    os.environ.update(settings)
    (line,) = credentials(None, "")
    os.write(1, f"{line.status}: {line.detail}\\n".encode())
    os._exit(0)
"""


def test_the_source_of_the_chain_is_named(tmp_path: Path) -> None:
    """A process for each: the chain reads the environment when it is imported."""
    (tmp_path / ".aliyun").mkdir()
    ci = {"name": "ci", "mode": "AK", "access_key_id": "LTAI5tEXAMPLEFILE", "access_key_secret": "x" * 30}
    (tmp_path / ".aliyun" / "config.json").write_text(json.dumps({"current": "ci", "profiles": [ci]}))
    done = subprocess.run(
        [sys.executable, "-c", CHECK, json.dumps([settings for _, settings, _, _ in SOURCES])],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    for line, (label, _, status, fact) in zip(done.stdout.splitlines(), SOURCES, strict=True):
        assert line.startswith(f"{status}: "), label
        assert fact in line, label
    assert not re.search(r"[xy]{30}", done.stdout)


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
