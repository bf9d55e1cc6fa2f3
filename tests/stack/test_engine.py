"""Engines as programs: the real ones, and ones that print what no engine should."""

import os
import shutil
from pathlib import Path

import pytest

from fcpin.errors import InvalidSettings, StackError
from fcpin.stack import Engine, Stack
from tests.support.stack import Stack as Project

FUNCTIONS = {"checkout": {"repository": "registry.cn-hangzhou.aliyuncs.com/shop/app", "policy": {"newest": {}}}}


@pytest.fixture(params=["embedded", "pulumi"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A stack that was made and never deployed."""
    if request.param == "pulumi" and shutil.which("pulumi") is None:
        pytest.skip("the Pulumi CLI is not on PATH")
    project = Project(tmp_path / "project", request.param)
    project.configure(FUNCTIONS)
    project.begin()
    return project


def engine_of(project: Project, **environment: str) -> Engine:
    return Engine.find(project.engine, project.folder, {**project.process_environment(), **environment})


def test_a_stack_has_its_configuration_with_secrets_and_its_pins_or_one_line_of_the_engine(project: Project) -> None:
    login = {"registry.example.com": {"username": "ci", "password": project.seal("hush")}}
    project.configure(FUNCTIONS, registries=login)
    stack = Stack.read(engine_of(project), "test")
    assert stack.settings.region == "cn-hangzhou"
    assert stack.settings.registries["registry.example.com"].password == "hush"
    assert stack.pins == ()
    assert "hush" not in repr(stack)
    with pytest.raises(StackError, match=r"^stack nope \(.+\): no stack named 'nope' found"):
        engine_of(project).resources("nope")
    with pytest.raises(StackError, match=r"^stack test .*passphrase") as refused:
        engine_of(project, PULUMI_CONFIG_PASSPHRASE="wrong").config("test")
    assert "\n" not in str(refused.value)


def fake_cli(folder: Path, script: str) -> dict[str, str]:
    """A PATH on which `pulumi` is *script*."""
    file = folder / "pulumi"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.defpath}"}


NOWHERE = {"PATH": "/nowhere"}

CHOICES = [
    ("the CLI where it is on PATH", None, {}, True, "pulumi"),
    ("else the embedded engine", None, {}, False, "fcpin engine"),
    ("ENGINE chooses", None, {"ENGINE": "embedded"}, True, "fcpin engine"),
    ("an option goes before ENGINE", "pulumi", {"ENGINE": "embedded"}, True, "pulumi"),
    ("auto is what nothing is", "auto", {"ENGINE": "embedded"}, True, "pulumi"),
]


@pytest.mark.parametrize(("label", "wanted", "settings", "has_cli", "name"), CHOICES, ids=[row[0] for row in CHOICES])
def test_which_engine_is_used(
    label: str, wanted: str | None, settings: dict[str, str], has_cli: bool, name: str, tmp_path: Path
) -> None:
    environment = {**(fake_cli(tmp_path, "true") if has_cli else NOWHERE), **settings}
    assert Engine.find(wanted, tmp_path, environment).name == name


def test_an_engine_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="pulumi is not on PATH"):
        Engine.find("pulumi", tmp_path, NOWHERE)
    with pytest.raises(InvalidSettings, match="ENGINE: expected auto, embedded, pulumi"):
        Engine.find(None, tmp_path, {"ENGINE": "terraform"})
    with pytest.raises(InvalidSettings, match="is not a folder"):
        Engine.find(None, tmp_path / "nothing", {})


ANSWERS = [
    ("no JSON", "echo Welcome", "no JSON object"),
    ("no object", "echo '[]'", "no JSON object"),
    ("no settings", """echo '{"a": "b"}'""", "no settings by name"),
    ("no deployment", """echo '{"version": 3}'""", "no deployment"),
    ("nothing at all", "exit 255", "exited without an error message"),
    (
        "the first of several errors",
        "printf 'note\\nerror: stack is locked\\nerror: 2\\n' >&2; exit 1",
        "stack is locked",
    ),
]


@pytest.mark.parametrize(("label", "script", "reason"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_an_answer_that_is_none_is_a_failure(label: str, script: str, reason: str, tmp_path: Path) -> None:
    engine = Engine.find("pulumi", tmp_path, fake_cli(tmp_path, script))
    read = [engine.resources] if label == "no deployment" else [engine.config]
    with pytest.raises(StackError, match=reason):
        read[0]("dev")


def test_an_engine_never_asks_a_question(tmp_path: Path) -> None:
    """It would wait for ever in a job without a terminal."""
    environment = fake_cli(tmp_path, 'read answer && exit 0; echo "error: no input, $*" >&2; exit 1')
    with pytest.raises(StackError, match="no input, --non-interactive"):
        Engine.find("pulumi", tmp_path, environment).config("dev")
