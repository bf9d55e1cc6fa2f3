"""Logins for a registry, found where `docker login` keeps them: `config.json` and its credential helpers.

Format: docker CLI reference, "Credential stores" and "Credential helpers"; keys with a path as podman, skopeo and crane
write them (containers-auth.json(5)). No library reads these: docs/adr/0024.
"""

import base64
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fcpin.acr_hosts import acr_host
from fcpin.errors import RegistryDenied
from fcpin.json_reader import InvalidJson, read_json
from fcpin.registry.auth import ANONYMOUS, Login
from fcpin.single_flight import Once, SingleFlight

DOCKER_HUB: Final = "docker.io"
_DOCKER_HUB_KEY: Final = "https://index.docker.io/v1/"
_DOCKER_HUB_HOSTS: Final = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
_HELPER_SECONDS: Final = 30
_LONGEST_SHOWN: Final = 120
_PROGRAM: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
"""The rest of a program's name after `docker-credential-`: no folder, and nothing that a system call refuses."""
# The helper protocol has no codes: this message is its "not found" (docker-credential-helpers, credentials/error.go).
_NOT_FOUND: Final = "credentials not found in native keychain"
_TOKEN_USER: Final = "<token>"  # noqa: S105 - the user name with which a helper marks its secret as an identity token


def docker_logins(host: str) -> "DockerLogins":
    """Docker's logins for the registry at *host*, under that name or another host of the same registry."""
    acr = acr_host(host)
    return DockerLogins((host, *(acr.hosts if acr else ())))


def config_path(environment: Mapping[str, str] = os.environ) -> Path:
    """The path of docker's configuration."""
    directory = environment.get("DOCKER_CONFIG")
    return (Path(directory) if directory else Path.home() / ".docker") / "config.json"


@dataclass(frozen=True, slots=True)
class _Config:
    """What is read of the file; *file* names it in messages."""

    file: str = ""
    auths: Mapping[str, object] = field(default_factory=dict)
    helpers: Mapping[str, object] = field(default_factory=dict)
    """By `host[/path]`."""
    store: object = None


class DockerLogins:
    """The logins that docker's configuration has for one registry. Safe to share between threads.

    *hosts* are the names of the registry, in the order in which a login is looked for. The file is read once, and each
    helper is called once a key.
    """

    def __init__(self, hosts: Iterable[str], path: Path | None = None) -> None:
        self._hosts = tuple(dict.fromkeys(hosts))
        self._config = Once(lambda: _read(path))
        self._answers = SingleFlight[tuple[str, str], Login | None]()

    def find(self, path: str) -> Login:
        """The login for the repository *path*: that of the longest prefix that has one, else anonymous.

        Raises RegistryDenied when the file, or an entry or a helper for the repository, cannot be used.
        """
        config = self._config()
        found = (self._of_key(config, key, key == host) for host in self._hosts for key in _keys(host, path))
        return next(filter(None, found), ANONYMOUS)

    def _of_key(self, config: _Config, key: str, is_host: bool) -> Login | None:
        written = sorted((one for one in config.auths if _normal(one) == key), key=key.__ne__)
        # A store has a login for a path only where `auths` names the path.
        store = config.store if is_host or written else None
        if (name := config.helpers.get(key) or store) and (login := self._from_helper(name, key, config.file)):
            return login
        return next(filter(None, (_from_entry(config.auths[one], one, config.file) for one in written)), None)

    def _from_helper(self, name: object, key: str, file: str) -> Login | None:
        if not isinstance(name, str) or not _PROGRAM.fullmatch(name):
            raise RegistryDenied(f"{file}: {_shown(name)} is not a valid name of a credential helper")
        server = _DOCKER_HUB_KEY if key == DOCKER_HUB else key
        return self._answers.get((name, server), lambda: _from_helper(f"docker-credential-{name}", server, file))


def _read(path: Path | None) -> _Config:
    """Empty where there is no file."""
    try:
        path = path or config_path()
    except RuntimeError:  # the user has no home
        return _Config()
    file = str(path).encode(errors="backslashreplace").decode()
    try:
        config = read_json(path.read_bytes())
    except FileNotFoundError:
        return _Config(file)
    except OSError as error:
        raise RegistryDenied(f"{file} cannot be read: {error.strerror}") from None
    except InvalidJson as error:
        raise RegistryDenied(f"{file} {error}; repair it or remove it") from None
    if not isinstance(config, dict):
        raise RegistryDenied(f"{file} must hold a JSON object")
    helpers = _section(config, "credHelpers", file)
    return _Config(
        file,
        _section(config, "auths", file),
        {_normal(key): name for key, name in helpers.items()},
        config.get("credsStore"),
    )


def _section(config: Mapping[str, Any], name: str, file: str) -> Mapping[str, Any]:
    section = config.get(name) or {}
    if not isinstance(section, dict):
        raise RegistryDenied(f'{file}: "{name}" must be an object')
    return section


def _keys(host: str, path: str) -> Iterator[str]:
    """`host/a/b`, `host/a`, `host`: the keys that may have the login of a repository, the most specific first."""
    parts = [host, *filter(None, path.split("/"))]
    for length in range(len(parts), 0, -1):
        yield "/".join(parts[:length])


def _normal(key: str) -> str:
    """A key of `auths` as `host[/path]`; the API addresses that old versions of docker wrote stand for the host."""
    scheme, colon, rest = key.partition("://")
    name = rest if colon and scheme in {"http", "https"} else key
    host, _, path = name.partition("/")
    if path.strip("/") in {"", "v1", "v2"}:
        return DOCKER_HUB if host in _DOCKER_HUB_HOSTS else host
    return name.rstrip("/")


def _from_helper(program: str, key: str, file: str) -> Login | None:
    output = _run_helper(program, key, file)
    if output is None:
        return None
    try:
        fields = read_json(output)
        username, secret = _plain(fields["Username"]), _plain(fields["Secret"])
    except (ValueError, KeyError, TypeError):
        raise RegistryDenied(
            f"{file}: the credential helper {program} did not return Username and Secret for {_shown(key)}"
        ) from None
    return Login(program, identity_token=secret) if username == _TOKEN_USER else Login(program, username, secret)


def _run_helper(program: str, key: str, file: str) -> bytes | None:
    """Its standard output; None for "not found"."""
    try:
        # The protocol takes the key from standard input; nothing secret is in argv.
        done = subprocess.run([program, "get"], input=key.encode(), capture_output=True, timeout=_HELPER_SECONDS)
    except FileNotFoundError:
        raise RegistryDenied(
            f"{file} names the credential helper {program}, which is not on PATH; install it, "
            "or give username and password in the stack's registries"
        ) from None
    except OSError as error:
        raise RegistryDenied(f"the credential helper {program} cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise RegistryDenied(f"the credential helper {program} did not end within {_HELPER_SECONDS} s") from None
    if done.returncode == 0:
        return done.stdout
    if done.stdout.decode(errors="replace").strip() == _NOT_FOUND:
        return None
    raise RegistryDenied(f"the credential helper {program} failed for {_shown(key)} with exit status {done.returncode}")


def _from_entry(entry: object, key: str, file: str) -> Login | None:
    """The login of one entry of `auths`; None for one without a login, as a store leaves them behind."""
    if not isinstance(entry, dict):
        return None
    if token := _field(entry, "identitytoken", key, file):
        return Login(file, identity_token=token)
    if username := _field(entry, "username", key, file):
        return Login(file, username, _field(entry, "password", key, file))
    if auth := _field(entry, "auth", key, file):
        return Login(file, *_decode(auth, key, file))
    return None


def _field(entry: Mapping[str, object], name: str, key: str, file: str) -> str:
    try:
        return _plain(entry.get(name) or "")
    except ValueError:
        raise RegistryDenied(f"{file}: auths[{_shown(key)}].{name} is not valid text; log in again") from None


def _decode(auth: str, key: str, file: str) -> tuple[str, str]:
    try:
        username, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
        if colon:
            return _plain(username), _plain(password.rstrip("\0"))
    except ValueError:  # of the alphabet, the padding, or the decoded text
        pass
    raise RegistryDenied(f"{file}: auths[{_shown(key)}].auth is not the base64 form of user:password; log in again")


def _plain(value: object) -> str:
    """Text without NUL. Raises ValueError."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    return value


def _shown(value: object) -> str:
    """One printable line of a name in the file."""
    return ascii(str(value))[:_LONGEST_SHOWN]
