"""What cannot be done is one clear line with the CLI's exit code, and nothing is changed."""

import gzip
import json
import re
from typing import Any

import pytest
from pulumi.runtime.proto import alias_pb2, callback_pb2, resource_pb2

from fcpin.engine.errors import Unsupported
from fcpin.engine.phase import _goal
from tests.engine.engine_harness import PATIENCE, EngineHarness

REQUESTS = [
    ("a resource of another provider", {"type": "a:b:C"}, "resource type a:b:C"),
    ("an explicit provider", {"type": "pulumi:providers:pulumi-python"}, "pulumi:providers:pulumi-python"),
    ("a remote component", {"remote": True}, "resource type"),
    ("a wildcard in a path", {"ignoreChanges": ["a[*].b"]}, "a[*].b"),
    ("aliases", {"aliases": [alias_pb2.Alias(urn="urn:x")]}, "the resource option aliases"),
    ("the older aliases", {"aliasURNs": ["urn:x"]}, "the resource option alias_urns"),
    ("an import", {"importId": "id-1"}, "the resource option import_id"),
    ("a provider", {"provider": "urn:x::id"}, "the resource option provider"),
    ("providers", {"providers": {"p": "urn:x::id"}}, "the resource option providers"),
    ("deleting before replacing", {"deleteBeforeReplace": True}, "the resource option delete_before_replace"),
    ("deleting with another", {"deletedWith": "urn:x"}, "the resource option deleted_with"),
    ("time-outs", {"customTimeouts": {"create": "1m"}}, "the resource option custom_timeouts"),
    ("transforms", {"transforms": [callback_pb2.Callback(token="t")]}, "the resource option transforms"),
    ("hooks", {"hooks": {"before_create": ["h"]}}, "the resource option hooks"),
]


@pytest.mark.parametrize(("label", "fields", "fact"), REQUESTS, ids=[row[0] for row in REQUESTS])
def test_what_a_resource_may_not_request(label: str, fields: dict[str, Any], fact: str) -> None:
    given = {"type": "pulumi-python:dynamic/journal:Item", "name": "first", "custom": True, **fields}
    with pytest.raises(Unsupported, match=re.escape(fact)) as refused:
        _goal(resource_pb2.RegisterResourceRequest(**given), "urn:first")
    assert str(refused.value).endswith("is not supported by the embedded engine; use the Pulumi CLI")


@pytest.mark.parametrize(
    ("label", "program", "fact"),
    [
        ("reading by id", 'Item("a", opts=ResourceOptions(id="id-1"))', "reading an existing resource"),
        ("function calls", 'pulumi.runtime.invoke("a:b:c", {})', "a:b:c"),
    ],
)
def test_what_the_engine_does_not_support_points_to_the_cli(
    engine: EngineHarness, label: str, program: str, fact: str
) -> None:
    engine.program(f'Item("first")\n{program}')
    result = engine.run("preview")
    assert result.code == 1
    line = next(line for line in result.out.splitlines() if "is not supported by the embedded engine" in line)
    assert fact in line
    assert "use the Pulumi CLI" in line
    assert "Traceback" not in result.text
    assert not engine.state_file.exists()


USAGE = [
    ("no TTY to ask on", ["up"], "dev", 2, "--yes or --skip-preview must be passed"),
    ("a stack that does not exist", ["preview"], "nosuch", 6, "no stack named 'nosuch' found"),
    ("no stack at all", ["preview"], None, 2, "--stack"),
    ("a flag of the CLI only", ["up", "--plan", "x"], "dev", 2, "No such option"),
    ("a command of the CLI only", ["stack", "init"], "dev", 2, "No such command 'init'"),
    ("which names the CLI", ["stack", "export", "--show-secrets"], "dev", 2, "The Pulumi CLI"),
    ("configuration", ["config", "set", "x", "y"], None, 1, "config set is not supported by the embedded engine"),
]


@pytest.mark.parametrize(("label", "arguments", "stack", "code", "fact"), USAGE, ids=[row[0] for row in USAGE])
def test_exit_codes(
    engine: EngineHarness, label: str, arguments: list[str], stack: str | None, code: int, fact: str
) -> None:
    engine.environment.pop("PULUMI_STACK", None)
    result = engine.run_here(*arguments, stack=stack)
    assert result.code == code
    assert fact in result.text
    assert "Traceback" not in result.text
    assert engine.calls() == []


def test_a_target_that_the_program_does_not_have_is_an_error(engine: EngineHarness) -> None:
    engine.program('Item("a")')
    result = engine.run("preview", "--target", "urn:pulumi:x")
    assert result.code == 1
    assert "--target urn:pulumi:x: the stack has no such resource" in result.out


PROJECTS = [
    ("another language", "Pulumi.yaml", "name: x\nruntime: nodejs\n", "runtime 'nodejs'"),
    ("no name", "Pulumi.yaml", "runtime: python\n", "name: got None"),
    ("YAML that is none", "Pulumi.yaml", "name: [", "Pulumi.yaml:2:1: is not valid YAML"),
    ("another secrets provider", "stacks/Pulumi.dev.yaml", "secretsprovider: awskms://x\n", "awskms"),
    ("an environment", "stacks/Pulumi.dev.yaml", "environment: [x]\n", "ESC"),
    ("a list as configuration", "stacks/Pulumi.dev.yaml", "config: [1]\n", "config: got [1], expected a mapping"),
    (
        "a secret that is none",
        "stacks/Pulumi.dev.yaml",
        "config: {x: {secure: none}}\n",
        "Pulumi.dev.yaml: workshop:x: ",
    ),
    (
        "a value that is missing",
        "Pulumi.yaml",
        "name: workshop\nruntime: python\nstackConfigDir: stacks\nconfig: {region: {type: string}}\n",
        "workshop:region",
    ),
]


@pytest.mark.parametrize(("label", "file", "text", "fact"), PROJECTS, ids=[row[0] for row in PROJECTS])
def test_projects_that_cannot_be_used(engine: EngineHarness, label: str, file: str, text: str, fact: str) -> None:
    (engine.project / file).write_text(text)
    result = engine.run_here("preview")
    assert result.code == 1
    assert result.err.startswith("error: ")
    assert fact in result.err
    assert result.err.count("\n") == 1


def state_with(latest: object, version: int = 3, **more: object) -> str:
    checkpoint = {"stack": "organization/workshop/dev", "latest": latest}
    return json.dumps({"version": version, "checkpoint": checkpoint, **more})


ORPHAN = {"urn": "urn:pulumi:dev::workshop::a:b:C::x", "type": "a:b:C", "custom": False, "parent": "urn:nowhere"}
FOREIGN = {"urn": "urn:pulumi:dev::workshop::a:b:C::x", "type": "a:b:C", "custom": True, "id": "1"}
STATES = [
    ("empty", "", "is damaged"),
    ("of a newer version", state_with({}, version=4, features=["views"]), "version 4 (features: views"),
    ("a resource without its parent", state_with({"resources": [ORPHAN]}), "needs urn:nowhere"),
    ("resources of another provider", state_with({"resources": [FOREIGN]}), "a:b:C::x in the state"),
    ("of another secrets provider", state_with({"secrets_providers": {"type": "service"}}), "'service'"),
]


@pytest.mark.parametrize(("label", "text", "fact"), STATES, ids=[row[0] for row in STATES])
def test_states_that_cannot_be_used_are_never_written_over(
    engine: EngineHarness, label: str, text: str, fact: str
) -> None:
    engine.state_file.parent.mkdir(parents=True)
    engine.state_file.write_text(text)
    result = engine.run_here("up", "--skip-preview")
    assert result.code == 1
    assert fact in result.err
    assert "Traceback" not in result.text
    assert engine.state_file.read_text() == text
    assert engine.calls() == []


def test_a_compressed_state_is_refused(engine: EngineHarness) -> None:
    engine.state_file.parent.mkdir(parents=True)
    engine.state_file.with_name("dev.json.gz").write_bytes(gzip.compress(b"{}"))
    result = engine.run_here("up", "--skip-preview")
    assert (result.code, result.err.count("dev.json.gz is not supported")) == (1, 1)


def test_a_wrong_passphrase_and_none(engine: EngineHarness) -> None:
    engine.salted(stack="other")
    file = engine.project / "phrase"
    file.write_text("correct horse\n")
    given = engine.environment
    right = given.pop("PULUMI_CONFIG_PASSPHRASE")
    rows = [
        ({"PULUMI_CONFIG_PASSPHRASE": "guess"}, 1, "incorrect passphrase"),
        ({}, 1, "PULUMI_CONFIG_PASSPHRASE_FILE"),
        ({"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}, 0, ""),
        ({"PULUMI_CONFIG_PASSPHRASE": right}, 0, ""),
    ]
    for variables, code, fact in rows:
        engine.environment = given | variables
        result = engine.run_here("config", "--json", "--show-secrets", stack="other")
        assert result.code == code, result.text
        assert fact in result.err


def test_a_folder_that_cannot_be_written_is_one_line(engine: EngineHarness) -> None:
    engine.program('Item("a")')
    (engine.backend / ".pulumi").write_text("no folder")
    result = engine.up()
    assert result.code == 1
    assert result.err.startswith(f"error: {engine.backend}/.pulumi/")
    assert result.err.count("\n") == 1
    assert engine.calls() == []


def test_a_proxy_for_everything_else_is_no_proxy_for_the_engine(engine: EngineHarness) -> None:
    engine.program('Item("a")')
    result = engine.run("up", "--skip-preview", http_proxy="http://127.0.0.1:9")
    assert result.code == 0, result.text


def test_a_reader_that_went_away_does_not_stop_the_deployment(engine: EngineHarness) -> None:
    engine.program('Item("a")\nItem("b")')
    process = engine.start("up", "--skip-preview")
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert list(engine.cloud()) == ["a", "b"]
