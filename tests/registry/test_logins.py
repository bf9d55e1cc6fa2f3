"""Where docker keeps logins, and what goes wrong there."""

import base64
import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcpin.errors import RegistryDenied
from fcpin.registry.auth import Login
from fcpin.registry.logins import DockerLogins, config_path

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


def test_the_first_host_that_has_a_login_is_taken_and_without_a_file_it_is_anonymous(tmp_path: Path) -> None:
    assert find_login([HOST], tmp_path / "config.json").is_anonymous
    path = write(tmp_path, {"auths": {HOST: {"auth": AUTH}}})
    assert find_login(["registry-vpc.example.com", HOST], path).username == "ci"


def test_docker_config_names_the_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert config_path() == tmp_path / "config.json"
    monkeypatch.delenv("DOCKER_CONFIG")
    assert config_path() == Path.home() / ".docker" / "config.json"


def login_of(name: str) -> dict[str, str]:
    return {"username": name, "password": "p"}


PATHS: list[tuple[str, dict[str, Any], str, str]] = [
    ("one of two", {f"{HOST}/paths/one": login_of("one"), f"{HOST}/paths/two": login_of("two")}, "paths/two", "two"),
    ("below one", {f"{HOST}/paths/one": login_of("one"), HOST: login_of("host")}, "paths/one/app", "one"),
    ("the longest", {f"{HOST}/a": login_of("a"), f"{HOST}/a/b": login_of("b")}, "a/b/c", "b"),
    ("the repository itself", {f"{HOST}/a/b": login_of("b"), f"{HOST}/a": login_of("a")}, "a/b", "b"),
    ("the host", {f"{HOST}/paths/one": login_of("one"), HOST: login_of("host")}, "paths/three", "host"),
    ("nothing", {f"{HOST}/paths/one": login_of("one"), f"{HOST}/paths/two": login_of("two")}, "paths/three", ""),
    ("no path that only begins alike", {f"{HOST}/paths/one": login_of("one")}, "paths/one-more", ""),
    ("an address with a path", {f"https://{HOST}/paths/one": login_of("one"), f"https://{HOST}/v1/": login_of("host")}, "paths/one/x", "one"),
    ("past an entry without a login", {f"{HOST}/a": {}, HOST: login_of("host")}, "a/b", "host"),
    ("a path that is not another host's", {f"evil{HOST}/a": login_of("evil")}, "a", ""),
]  # fmt: skip


@pytest.mark.parametrize(("label", "auths", "path", "user"), PATHS, ids=[row[0] for row in PATHS])
def test_the_longest_path_counts(label: str, auths: dict[str, Any], path: str, user: str, tmp_path: Path) -> None:
    for entries in (auths, dict(reversed(auths.items()))):
        assert find_login([HOST], write(tmp_path, {"auths": entries}), path).username == user


def test_docker_hub_has_paths_too(tmp_path: Path) -> None:
    auths = {"docker.io/acme": login_of("acme"), "https://index.docker.io/v1/": login_of("hub")}
    path = write(tmp_path, {"auths": auths})
    assert find_login(["docker.io"], path, "acme/app").username == "acme"
    assert find_login(["docker.io"], path, "library/app").username == "hub"


def test_a_helper_of_a_path_is_called_for_that_path_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = tmp_path / "calls"
    answer = '{"Username": "%s", "Secret": "s"}'
    helper(tmp_path, monkeypatch, f"read key; echo $key >> {calls}; printf '{answer}' \"$key\"")
    config = {"credHelpers": {f"{HOST}/team": "test", HOST: "test"}, "auths": {f"{HOST}/team": login_of("file")}}
    logins = DockerLogins([HOST], write(tmp_path, config))
    users = [logins.find(path).username for path in ("team/app", "team/job", "other", "team/app")]
    assert users == [f"{HOST}/team", f"{HOST}/team", HOST, f"{HOST}/team"]
    assert calls.read_text().splitlines() == [f"{HOST}/team", HOST]


def test_the_store_is_requested_for_the_paths_that_the_file_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = '{"Username": "%s", "Secret": "s"}'
    helper(tmp_path, monkeypatch, f"read key; printf '{answer}' \"$key\"")
    path = write(tmp_path, {"credsStore": "test", "auths": {f"{HOST}/team": {}, HOST: {}}})
    assert find_login([HOST], path, "team/app").username == f"{HOST}/team"
    assert find_login([HOST], path, "other/app").username == HOST


def entry(**fields: object) -> bytes:
    """A file with one entry for HOST."""
    return json.dumps({"auths": {HOST: fields}}).encode()


UNUSABLE: list[tuple[str, bytes, str]] = [
    ("no JSON", b"{", "not valid JSON"),
    ("a list", b"[]", "JSON object"),
    ("auths as a list", b'{"auths": ["x"]}', '"auths" must be an object'),
    ("auth that is not base64", entry(auth="%"), "base64 form of user:password"),
    ("auth without a colon", entry(auth="Y2k="), "base64 form of user:password"),
    ("not ASCII in auth", entry(auth="é"), ""),
    ("a list as auth", entry(auth=[1]), ""),
    ("NUL in auth", entry(auth=base64.b64encode(b"a\0b:p").decode()), ""),
    ("not UTF-8", b'{"auths": "\xff"}', ""),
    ("nested deep", b'{"auths":' + b"[" * 200_000, ""),
    ("NUL alone", b"\0", ""),
    ("NUL in a user", entry(username="a\0b"), ""),
    ("a number as a user", entry(username=5), ""),
    ("half a character in a user", entry(username="\ud800"), ""),
    ("half a character in a password", entry(username="u", password="\udfff"), ""),
    ("half a character in a token", entry(identitytoken="\ud800"), ""),
    ("NUL in a helper", json.dumps({"credHelpers": {HOST: "a\0b"}}).encode(), ""),
    ("half a character in a store", b'{"credsStore": "\\ud800"}', ""),
    ("a folder in a store", b'{"credsStore": "../../bin/sh"}', ""),
    ("a list as a store", b'{"credsStore": ["x"]}', ""),
    ("a number with too many digits", b'{"auths": ' + b"9" * 5000 + b"}", ""),
]


@pytest.mark.parametrize(("content", "fact"), [row[1:] for row in UNUSABLE], ids=[row[0] for row in UNUSABLE])
def test_a_file_that_cannot_be_used_is_one_line_with_its_name(content: bytes, fact: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(RegistryDenied) as denied:
        find_login([HOST], path)
    assert fact in str(denied.value)
    assert str(path) in str(denied.value)
    assert str(denied.value).isprintable()
    assert len(str(denied.value)) < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["\ud800", "\0", HOST, "a:b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["auth", "username", HOST, ""]), inner),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(auths=JSON, helpers=JSON)
def test_any_file_is_a_login_or_one_line(tmp_path: Path, auths: Any, helpers: Any) -> None:
    with contextlib.suppress(RegistryDenied):
        login = find_login([HOST], write(tmp_path, {"auths": auths, "credHelpers": helpers}), "a/b")
        assert login.basic.isascii()


def test_a_name_that_cannot_be_printed_is_shown_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"d\xe9") / "config.json"
    path.parent.mkdir()
    path.write_text("{")
    with pytest.raises(RegistryDenied) as denied:
        find_login([HOST], path)
    str(denied.value).encode()


def test_a_helper_is_requested_for_its_host_on_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, f'read host; test "$1 $host" = "get {HOST}" && echo \'{ANSWER}\'')
    path = write(tmp_path, {"credHelpers": {HOST: "test"}, "auths": {HOST: {"auth": AUTH}}})
    assert find_login([HOST], path) == Login("docker-credential-test", "helped", "secret")
    assert find_login(["another.example.com"], path).is_anonymous


ANSWER = '{"ServerURL": "x", "Username": "helped", "Secret": "secret"}'


def test_the_store_of_all_hosts_may_give_a_password_a_token_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, {"credsStore": "test", "auths": {HOST: {"auth": AUTH}}})
    helper(tmp_path, monkeypatch, f"echo '{ANSWER}'")
    assert find_login([HOST], path).username == "helped"
    helper(tmp_path, monkeypatch, 'echo \'{"Username": "<token>", "Secret": "refresh"}\'')
    assert find_login([HOST], path).identity_token == "refresh"
    helper(tmp_path, monkeypatch, "echo credentials not found in native keychain; exit 1")
    assert find_login([HOST], path).username == "ci", "what the file has"


HELPERS: list[tuple[str, str, str]] = [
    ("fails", "echo keychain is locked, secret=s3cret; exit 2", "exit status 2"),
    ("answers nothing", "true", "did not return Username and Secret"),
    ("answers without a secret", 'echo \'{"Username": "u"}\'', "did not return Username and Secret"),
]


@pytest.mark.parametrize(("label", "script", "fact"), HELPERS, ids=[row[0] for row in HELPERS])
def test_a_helper_that(label: str, script: str, fact: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, script)
    with pytest.raises(RegistryDenied, match=fact) as denied:
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
