"""Where docker keeps logins, and what goes wrong there."""

import base64
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fcpin.errors import RegistryDenied
from fcpin.registry.docker_config import DockerLogins, Login, config_path

HOST = "registry.example.com"
AUTH = base64.b64encode(b"ci:pa:ss").decode()


def find_login(hosts: Sequence[str], path: Path, repository: str = "shop/app") -> Login:
    return DockerLogins(hosts, path).find(repository)


def write(directory: Path, config: Any) -> Path:
    path = directory / "config.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    return path


def helper(directory: Path, monkeypatch: pytest.MonkeyPatch, script: str, name: str = "test") -> None:
    """Put a credential helper on PATH."""
    program = directory / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")


ENTRIES: list[tuple[str, dict[str, Any], tuple[str, str, str]]] = [
    ("user and password in base64", {HOST: {"auth": AUTH}}, ("ci", "pa:ss", "")),
    ("user and password in words", {HOST: {"username": "ci", "password": "p"}}, ("ci", "p", "")),
    ("an identity token", {HOST: {"auth": AUTH, "identitytoken": "t"}}, ("", "", "t")),
    ("a key with a scheme", {f"https://{HOST}": {"auth": AUTH}}, ("ci", "pa:ss", "")),
    ("a key with a path", {f"http://{HOST}/v2/": {"auth": AUTH}}, ("ci", "pa:ss", "")),
    ("the exact key goes first", {f"https://{HOST}": {}, HOST: {"auth": AUTH}}, ("ci", "pa:ss", "")),
    ("an empty entry is no login", {HOST: {}}, ("", "", "")),
    ("an entry for a host whose name ends alike is no login", {f"evil{HOST}": {"auth": AUTH}}, ("", "", "")),
    ("an entry for another port is no login", {f"{HOST}:5000": {"auth": AUTH}}, ("", "", "")),
]


@pytest.mark.parametrize(("label", "auths", "expected"), ENTRIES, ids=[row[0] for row in ENTRIES])
def test_found(label: str, auths: dict[str, Any], expected: tuple[str, str, str], tmp_path: Path) -> None:
    login = find_login([HOST], write(tmp_path, {"auths": auths}))
    assert (login.username, login.password, login.identity_token) == expected
    assert login.source == ("anonymous" if login.is_anonymous else str(tmp_path / "config.json"))


def test_docker_hub_is_filed_under_its_old_name(tmp_path: Path) -> None:
    path = write(tmp_path, {"auths": {"https://index.docker.io/v1/": {"auth": AUTH}}})
    assert find_login(["docker.io"], path).username == "ci"


def test_the_first_host_that_has_a_login_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path, {"auths": {HOST: {"auth": AUTH}}})
    assert find_login(["registry-vpc.example.com", HOST], path).username == "ci"


def test_without_a_file_everybody_is_anonymous(tmp_path: Path) -> None:
    assert find_login([HOST], tmp_path / "config.json").is_anonymous


def test_docker_config_names_the_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert config_path() == tmp_path / "config.json"
    monkeypatch.delenv("DOCKER_CONFIG")
    assert config_path() == Path.home() / ".docker" / "config.json"


BROKEN: list[tuple[str, Any, str]] = [
    ("no JSON", "{", "not valid JSON"),
    ("a list", [], "JSON object"),
    ("auths as a list", {"auths": ["x"]}, '"auths" must be an object'),
    ("auth that is no base64", {"auths": {HOST: {"auth": "%"}}}, "base64 form of user:password"),
    ("auth without a colon", {"auths": {HOST: {"auth": "Y2k="}}}, "base64 form of user:password"),
]


@pytest.mark.parametrize(("label", "config", "said"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_file_that_cannot_be_used_is_named(label: str, config: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(RegistryDenied, match=said) as denied:
        find_login([HOST], write(tmp_path, config))
    assert str(tmp_path) in str(denied.value)


def test_a_helper_is_asked_for_its_host_on_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, f'read host; test "$1 $host" = "get {HOST}" && echo \'{ANSWER}\'')
    path = write(tmp_path, {"credHelpers": {HOST: "test"}, "auths": {HOST: {"auth": AUTH}}})
    assert find_login([HOST], path) == Login("docker-credential-test", "helped", "secret")
    assert find_login(["another.example.com"], path).is_anonymous


ANSWER = '{"ServerURL": "x", "Username": "helped", "Secret": "secret"}'


def test_the_store_of_all_hosts_is_asked_for_hosts_without_a_helper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, monkeypatch, f"echo '{ANSWER}'")
    assert find_login([HOST], write(tmp_path, {"credsStore": "test"})).username == "helped"


def test_a_helper_may_give_an_identity_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, 'echo \'{"Username": "<token>", "Secret": "refresh"}\'')
    assert find_login([HOST], write(tmp_path, {"credsStore": "test"})).identity_token == "refresh"


def test_a_helper_that_knows_nothing_leaves_it_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, "echo credentials not found in native keychain; exit 1")
    path = write(tmp_path, {"credsStore": "test", "auths": {HOST: {"auth": AUTH}}})
    assert find_login([HOST], path).username == "ci"


HELPERS: list[tuple[str, str, str]] = [
    ("fails", "echo keychain is locked, secret=s3cret; exit 2", "exit status 2"),
    ("answers nothing", "true", "did not answer with Username and Secret"),
    ("answers without a secret", 'echo \'{"Username": "u"}\'', "did not answer with Username and Secret"),
]


@pytest.mark.parametrize(("label", "script", "said"), HELPERS, ids=[row[0] for row in HELPERS])
def test_a_helper_that(label: str, script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, script)
    with pytest.raises(RegistryDenied, match=said) as denied:
        find_login([HOST], write(tmp_path, {"credsStore": "test"}))
    assert "docker-credential-test" in str(denied.value)
    assert "s3cret" not in str(denied.value)


def test_a_helper_that_is_not_installed_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RegistryDenied, match=r"docker-credential-absent.*not on PATH; install it"):
        find_login([HOST], write(tmp_path, {"credHelpers": {HOST: "absent"}}))


def test_a_login_is_never_printed_with_its_secrets() -> None:
    login = Login("stack config", "ci", "s3cret", identity_token="t0ken")
    for text in (repr(login), str(login)):
        assert "s3cret" not in text
        assert "t0ken" not in text
