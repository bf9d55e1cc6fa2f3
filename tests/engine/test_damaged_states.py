"""A state of any other shape is one of the engine's errors, wherever it is damaged; the file stays as it is."""

import copy
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fcpin.engine.crypter import crypter_of
from fcpin.engine.errors import EngineError, StateUnusable
from fcpin.engine.phase import require_supported
from fcpin.engine.state import read_checkpoint, read_latest, salt_of
from fcpin.engine.values import SECRET, SIGNATURE

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
PROVIDER = "urn:pulumi:dev::shop::pulumi:providers:pulumi-python::default"
PIN = "urn:pulumi:dev::shop::pulumi-python:dynamic/fcpin:PinnedFunction::checkout"


OTHER_KINDS: list[Any] = [
    *(None, 7, -1.5, True, "x", "\ud83d", 10**299),
    *([], [1], ["x"], [[[]]], {}, {"a": 1}, {SIGNATURE: 1}),
]


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")


@pytest.fixture
def state() -> dict[str, Any]:
    """One of every kind of thing that a state holds."""
    crypter = crypter_of("")
    sealed = {SIGNATURE: SECRET, "ciphertext": crypter.encrypt('{"a": [1]}')}
    bag = {"__provider": "gASV", "tag": "main-1", "config": sealed, "sizes": [1, 2.5, None, {"a": True}]}
    pin = {
        "urn": PIN, "custom": True, "id": "checkout", "type": "pulumi-python:dynamic/fcpin:PinnedFunction",
        "inputs": bag, "outputs": bag, "parent": STACK, "dependencies": [STACK],
        "propertyDependencies": {"tag": [STACK]}, "provider": f"{PROVIDER}::1", "protect": True, "retainOnDelete": True,
        "additionalSecretOutputs": ["config"], "ignoreChanges": ["a"], "replaceOnChanges": ["b"], "created": "2026",
    }  # fmt: skip
    resources = [
        {"urn": STACK, "custom": False, "type": "pulumi:pulumi:Stack", "outputs": {"images": {"a": "b"}}},
        {"urn": PROVIDER, "custom": True, "id": "1", "type": "pulumi:providers:pulumi-python", "inputs": {}},
        pin,
    ]
    latest = {
        "manifest": {"time": "2026-11-01T00:00:00Z", "magic": "", "version": ""},
        "secrets_providers": {"type": "passphrase", "state": {"salt": crypter.salt}},
        "resources": resources,
        "pending_operations": [{"resource": {**pin, "id": ""}, "type": "creating"}],
        "metadata": {},
    }
    return {"version": 3, "checkpoint": {"stack": "organization/shop/dev", "latest": latest}}


def read(file: Path) -> None:
    """Everything that a command reads of a state before it does anything."""
    salt_of(read_latest(file))
    require_supported(read_checkpoint(file))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*path, key))


def with_value(state: dict[str, Any], path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(state)
    if not path:
        return value
    holder: Any = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


def test_the_sample_itself_is_a_state(tmp_path: Path, state: dict[str, Any]) -> None:
    file = tmp_path / "dev.json"
    file.write_text(json.dumps(state))
    read(file)


def test_a_value_of_another_kind_at_any_place_is_an_error_or_is_kept(tmp_path: Path, state: dict[str, Any]) -> None:
    file = tmp_path / "dev.json"
    found = list(places(state))
    assert len(found) > 80
    for path in found:
        for value in OTHER_KINDS:
            text = json.dumps(with_value(state, path, value))
            file.write_text(text)
            begun = time.process_time()
            message = "is read"
            try:
                read(file)
            except EngineError as error:
                message = str(error)
            assert message, path
            assert "\n" not in message
            assert time.process_time() - begun < 1
            assert file.read_text() == text
    assert list(tmp_path.iterdir()) == [file]


def test_a_state_that_is_cut_off_anywhere_is_damaged(tmp_path: Path, state: dict[str, Any]) -> None:
    file = tmp_path / "dev.json"
    data = json.dumps(state).encode()
    for length in range(0, len(data) - 1, 7):
        file.write_bytes(data[:length])
        with pytest.raises(StateUnusable, match="is damaged: expected a checkpoint of version 3"):
            read(file)


@pytest.mark.parametrize(
    "nested", ["[" * 50_000, '{"a":' * 50_000, "[" * 400 + "]" * 400], ids=["open", "objects", "closed"]
)
def test_a_state_that_is_nested_deep_is_damaged(tmp_path: Path, state: dict[str, Any], nested: str) -> None:
    file = tmp_path / "dev.json"
    for path in [(), ("checkpoint", "latest", "resources", 2, "inputs", "tag"), ("checkpoint", "latest", "metadata")]:
        text = json.dumps(with_value(state, path, "HERE")).replace('"HERE"', nested)
        file.write_text(text)
        with pytest.raises(StateUnusable):
            read(file)
