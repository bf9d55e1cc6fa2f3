"""`fcpin probe` as it is typed: its confirmation, its refusals and its end; the questions are in tests/probe."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from fcpin.emulator import Emulator, Knobs
from tests.support.command import Answer, fcpin, run
from tests.support.deployed_stack import DeployedStack
from tests.support.examples import examples

PATH = "shop/probe"
PAGE = Path(__file__).parent.parent.parent / "docs" / "probe.md"


pytestmark = pytest.mark.usefixtures("key")


@pytest.fixture
def knobs() -> Knobs:
    """The probe waits by the machine's clock."""
    return Knobs(create_seconds=0, update_seconds=0.02, mark_failed=True)


@pytest.fixture
def cloud(cloud: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Emulator:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    cloud.push(PATH, "not-of-the-probe")
    return cloud


def the_same_in_every_run(text: str) -> str:
    """Names of a run, digests and times are never the same twice."""
    for pattern in (r"fcpin-probe-[0-9a-f]{8}", r"sha256:[0-9a-f]{12}", r"\d{4}-\d\d-\d\dT[\d:]+Z", r"\d+\.\d s"):
        text = re.sub(pattern, "…", text)
    return text


def test_every_example_of_its_page_answers_as_shown(
    cloud: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", DeployedStack(tmp_path, cloud, "dev").path())
    monkeypatch.setenv("ENGINE", "pulumi")
    first, *others = examples(PAGE)
    command, _, file = first.command.partition(" > ")
    answer = run(shlex.split(command)[1:])
    (tmp_path / file).write_text(answer.out)
    assert the_same_in_every_run(answer.err) == the_same_in_every_run(first.output)
    for example in others:
        assert the_same_in_every_run(example.run(tmp_path)) == the_same_in_every_run(example.output)


def where(cloud: Emulator) -> list[str]:
    return [
        *("--repository", f"{cloud.enterprise_host}/{PATH}", "--endpoint", cloud.url),
        *("--cr-endpoint", cloud.url, "--fc-endpoint", cloud.url),
    ]


def probe(*arguments: str, typed: str = "") -> Answer:
    return fcpin("probe", *arguments, stdin=typed)


def test_a_run_from_the_environment(cloud: Emulator, tmp_path: Path) -> None:
    answer = probe(*where(cloud), "--yes")
    assert answer.code == 0, answer.err
    document = json.loads((tmp_path / "facts.json").read_text())
    assert (document["version"], document["region"]) == (1, "cn-hangzhou")
    assert document["facts"]["same_image_update"] == "re-resolve"
    assert "acr_personal" in document["unknown"]
    assert "questions settled, in facts.json" in answer.out.splitlines()[-1]
    assert cloud.functions() == []


def test_it_announces_what_it_creates_and_requires_a_confirmation(cloud: Emulator, tmp_path: Path) -> None:
    answer = probe(*where(cloud), typed="n\n")
    assert answer.code == 3
    for fact in (
        "cn-hangzhou",
        "fcpin-probe-",
        f"{cloud.enterprise_host}/{PATH}",
        "CNY",
        "[y/N]",
        "nothing was created",
    ):
        assert fact in answer.err
    assert not (tmp_path / "facts.json").exists()
    assert cloud.calls.count("CreateFunction") == cloud.calls.count("PUT manifest") == 0


REFUSALS: list[tuple[str, Sequence[str], list[str]]] = [
    ("no one to confirm", [], ["--yes", "is required"]),
    ("a repository with a tag", ["--repository", "registry.example.com/a/b:c"], ["--repository", "remove ':c'"]),
    ("no region", ["--repository", "registry.example.com/a/b"], ["--region: is required"]),
    ("a region that is none", ["--region", "Hangzhou"], ["region", "'Hangzhou'"]),
    ("a folder that is not there", ["--output", "nowhere/facts.json"], ["--output", "nowhere"]),
    ("two ways to the registry", ["--plain-http"], ["--plain-http", "--endpoint"]),
    ("a stack and an endpoint", ["--stack", "dev"], ["--endpoint", "stack"]),
]


@pytest.mark.parametrize(("label", "arguments", "facts"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_a_refusal_creates_nothing(label: str, arguments: Sequence[str], facts: list[str], cloud: Emulator) -> None:
    answer = probe(*where(cloud), *arguments)
    assert answer.code == 2
    for fact in facts:
        assert fact in answer.err
    assert cloud.calls.count("PUT manifest") == 0


def test_a_repository_whose_tags_cannot_move_or_that_does_not_exist_is_refused(cloud: Emulator) -> None:
    answer = probe(*where(cloud), "--repository", f"{cloud.enterprise_host}/shop/nothing", "--yes")
    assert answer.code == 1
    assert "shop/nothing" in answer.err
    cloud.set_tag_immutability(PATH)
    answer = probe(*where(cloud), "--yes")
    assert answer.code == 2
    assert "TagImmutability" in answer.err
    assert cloud.calls.count("POST blob upload") == 0


def test_a_signal_removes_what_was_created() -> None:
    with Emulator(knobs=Knobs(create_seconds=3600)).serve() as cloud:
        cloud.push(PATH, "not-of-the-probe")
        key = {"ALICLOUD_ACCESS_KEY": cloud.access_key_id, "ALICLOUD_SECRET_KEY": cloud.access_key_secret}
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        with subprocess.Popen(
            [sys.executable, "-m", "fcpin", "probe", *where(cloud), "--yes"],
            stdout=subprocess.PIPE,
            text=True,
            env={**environment, **key},
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("acr_personal"):
                    break  # the next question creates a function, which takes an hour
            process.send_signal(signal.SIGTERM)
            rest = process.stdout.read()
        assert process.returncode == 130
        assert "everything that was created is removed" in rest
        assert cloud.functions() == []
        assert list(cloud._account.store.repository(PATH).tags) == ["not-of-the-probe"]
