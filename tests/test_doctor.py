"""What a deployment needs: each defect has its result, and none hides another."""

import json
import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fcpin.clock import SystemClock
from fcpin.doctor.checks import is_well, run_checks
from fcpin.doctor.result import CheckResult
from fcpin.doctor.targets import Targets
from fcpin.emulator import Emulator
from fcpin.stack import Engine
from tests.support.deployed_stack import PATH, DeployedStack
from tests.support.instant import INSTANT

ELSEWHERE = "registry.example.com"
NOWHERE = "http://127.0.0.1:1"
ROLE = "acs:ram::1234567890123456:role/checkout"
Change = Callable[[DeployedStack], Any]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeployedStack]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALICLOUD_ACCESS_KEY", "ALICLOUD_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    with Emulator(knobs=INSTANT).serve() as cloud:
        stack = DeployedStack(tmp_path, cloud)
        monkeypatch.setenv("PATH", stack.path())
        yield stack


def results_of(stack: DeployedStack) -> Mapping[str, CheckResult]:
    targets = Targets.of_stack(Engine.find("pulumi", stack.folder), stack.name)
    return {result.name: result for result in run_checks(targets, SystemClock())}


def text_of(result: CheckResult) -> str:
    return f"{result.detail}; {result.remedy}"


def entry(name: str, **values: Any) -> Change:
    """An entry of fcpin:functions has these values."""

    def change(stack: DeployedStack) -> None:
        stack.functions[name] = {"repository": stack.repository, **stack.functions.get(name, {}), **values}
        stack.configure()

    return change


def endpoints(**urls: str) -> Change:
    return lambda stack: stack.configure(endpoints={"fc": stack.cloud.url, "cr": stack.cloud.url, **urls})


def denied(action: str, code: str) -> Change:
    return lambda stack: stack.cloud.fail_next(action, status=403, code=code, times=9)


def economy(stack: DeployedStack) -> None:
    stack.cloud.set_tag_immutability(PATH, immutable=False)
    stack.cloud.set_instance_specification("Enterprise_Economy")


Expected = tuple[str, str, list[str]]
"""Name of a check, its status, and facts of its result."""

CASES: list[tuple[str, Change, bool, list[Expected]]] = [
    # label, what is wrong, whether anything is a problem, results
    ("a function that does not exist", entry("ghost"), True, [("fc:GetFunction ghost", "problem", ["FunctionNotFound", "function_name"])]),
    ("a function that up creates", entry("unborn", config={"cpu": 0.5}), False, [("fc:GetFunction unborn", "note", ["not in cn-hangzhou yet", "up"]), ("fc:CreateFunction, fc:DeleteFunction", "not tried", ["up needs them"])]),
    ("a role and pin tags", entry("checkout", config={"role": ROLE}, protect="pin_tag"), False, [("ram:PassRole", "not tried", ["up needs it"]), (f"cr:CreateRepoTag, cr:DeleteRepositoryTag {PATH}", "not tried", ["pin_tag"])]),
    ("another region and a profile that does not exist", entry("checkout", region="cn-shanghai", profile="partner"), True, [("fc:GetFunction checkout in cn-shanghai as partner", "problem", []), ("credentials of profile partner", "problem", ["aliyun configure"])]),
    ("no right to read functions", denied("GetFunction", "AccessDenied"), True, [("fc:GetFunction checkout", "problem", ["AccessDenied", "allow fc:GetFunction", "functions/checkout"])]),
    ("no right to list functions", denied("ListFunctions", "AccessDenied"), False, [("fc:ListFunctions in cn-hangzhou", "note", ["no preview and no up needs it"])]),
    ("no right to list tags", denied("ListRepoTag", "NoPrivilege"), True, [(f"cr:ListRepositoryTag {PATH}", "problem", ["NoPrivilege", "cr:ListRepositoryTag"]), (f"cr:PullRepository {PATH}", "not tried", ["Digest"])]),
    ("no right to log in", denied("GetAuthorizationToken", "NoPrivilege"), True, [(f"cr:GetAuthorizationToken {PATH}", "problem", ["NoPrivilege"]), (f"cr:GetRepositoryTag {PATH}", "ok", ["main-11"])]),
    ("an edition that FC does not pull from, and movable tags", economy, True, [("edition demo", "problem", ["Enterprise_Economy", "another registry"]), (f"TagImmutability {PATH}", "note", ["off", "precondition of the outage"])]),
    ("a clock 20 minutes off", lambda stack: stack.cloud.skew(1200), True, [("clock", "problem", ["behind", "15 minutes", "NTP"])]),
    ("a clock 2 minutes off", lambda stack: stack.cloud.skew(-120), False, [("clock", "note", ["ahead"])]),
    ("a disabled key", lambda stack: stack.cloud.set_key_active(False), True, [("fc:GetFunction checkout", "problem", ["Inactive", "check the credentials"])]),
    ("endpoints that refuse connections", endpoints(fc=NOWHERE, devs=NOWHERE), True, [("Function Compute in cn-hangzhou", "problem", ["127.0.0.1:1", "refused", "check"]), ("Serverless Devs", "problem", ["127.0.0.1:1", "refused"]), (f"cr:PullRepository {PATH}", "ok", [])]),
    ("an invalid configuration", lambda stack: stack.configure(endpoints={"fd": NOWHERE}), True, [("stack", "problem", ["fcpin:endpoints.fd", "unknown key", "correct"])]),
    ("an API that fails", lambda stack: stack.cloud.fail_next("ListRepoTag", kind="html-502", times=9), True, [(f"cr:ListRepositoryTag {PATH}", "problem", ["502"])]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "fails", "results"), [pytest.param(*row[1:], id=row[0]) for row in CASES])
def test_every_defect_has_its_result(
    change: Change, fails: bool, results: list[Expected], stack: DeployedStack
) -> None:
    stack.push("main-11")
    stack.deploy("checkout", "main-11")
    change(stack)
    found = results_of(stack)
    assert is_well([*found.values()]) is not fails
    for name, status, facts in results:
        assert found[name].status == status, found[name]
        for fact in facts:
            assert fact in text_of(found[name])
    assert stack.cloud.access_key_secret not in "".join(map(text_of, found.values()))


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
    found = results_of(stack)
    lines = [found[f"login to {ELSEWHERE}"], found[f"tags of {ELSEWHERE}/{PATH}"]]
    assert [line.status for line in lines] == [login, tags]
    texts = "; ".join(map(text_of, lines))
    for fact in facts:
        assert fact in texts
    assert "emulator-password" not in texts


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
        env={**os.environ, "HOME": str(tmp_path), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    for line, (label, _, status, fact) in zip(done.stdout.splitlines(), SOURCES, strict=True):
        assert line.startswith(f"{status}: "), label
        assert fact in line, label
    assert not re.search(r"[xy]{30}", done.stdout)
