"""Find the login for a registry where `docker login` keeps it: `config.json` and its credential helpers.

Format: docker CLI reference, "Credential stores" and "Credential helpers"; `DOCKER_CONFIG` names another directory.
"""

import base64
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fcpin.clock import Clock
from fcpin.errors import RegistryDenied
from fcpin.single_flight import SingleFlight

DOCKER_HUB: Final = "docker.io"
_DOCKER_HUB_KEY: Final = "https://index.docker.io/v1/"
_DOCKER_HUB_HOSTS: Final = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
_HELPER_SECONDS: Final = 30
_LONGEST_SHOWN: Final = 120
_PROGRAM: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
"""What may stand behind `docker-credential-`: no folder, and nothing that a system call refuses."""
# The helper protocol has no codes: this sentence is its "not found" (docker-credential-helpers, credentials/error.go).
_NOT_FOUND: Final = "credentials not found in native keychain"
_TOKEN_USER: Final = "<token>"  # noqa: S105 - the user name by which a helper says that its secret is an identity token


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are for a registry, and where that was found. Never printed with its secrets."""

    source: str
    """For messages: "stack config", the path of a file, a helper's name, "anonymous"."""
    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    """An OAuth2 refresh token, given instead of a password."""
    expires: datetime | None = None
    """When to look it up again. Aware; None when it stays valid."""

    @property
    def is_anonymous(self) -> bool:
        return not (self.username or self.identity_token)

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    def __str__(self) -> str:
        return f"user {self.username!r} of {self.source}" if self.username else self.source


ANONYMOUS: Final = Login("anonymous")

FindLogin = Callable[[str], Login]
"""The login for the repository of that path. Raises RegistryDenied when a credential source cannot be used."""


class RenewedLogin:
    """One login for every repository of a registry: looked up once, and again when it has expired."""

    def __init__(self, find: Callable[[], Login], clock: Clock) -> None:
        self._find = find
        self._clock = clock
        self._logins = SingleFlight[str, Login]()

    def find(self, path: str) -> Login:  # noqa: ARG002 - the same for all
        login = self._logins.get("", self._find)
        if login.expires is not None and self._clock.now() >= login.expires:
            self._logins.forget("", login)
            login = self._logins.get("", self._find)
        return login


def config_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where docker's configuration is."""
    directory = environment.get("DOCKER_CONFIG")
    return (Path(directory) if directory else Path.home() / ".docker") / "config.json"


class DockerLogins:
    """The logins that docker's configuration has for one registry. Safe to share between threads.

    *hosts* are the names of the registry, in the order in which a login is looked for. The file is read once, and each
    helper is called once a key. Keys may name a path, as podman, skopeo and crane write them (containers-auth.json(5)).
    """

    def __init__(self, hosts: Iterable[str], path: Path | None = None) -> None:
        self._hosts = tuple(dict.fromkeys(hosts))
        self._path = path
        self._files = SingleFlight[str, tuple[str, Mapping[str, Any]]]()
        self._answers = SingleFlight[tuple[str, str], Login | None]()

    def find(self, path: str) -> Login:
        """The login for the repository *path*: that of the longest prefix that has one, else anonymous.

        Raises RegistryDenied when the file, an entry or a helper that should answer cannot be used.
        """
        file, config = self._files.get("", self._read)
        for host in self._hosts:
            if login := self._of_host(config, host, path, file):
                return login
        return ANONYMOUS

    def _read(self) -> tuple[str, Mapping[str, Any]]:
        """The name of the file, for messages, and what it holds: nothing where there is none."""
        try:
            file = self._path or config_path()
        except RuntimeError:  # the user has no home
            return "", {}
        name = str(file).encode(errors="backslashreplace").decode()
        return name, _read(file, name)

    def _of_host(self, config: Mapping[str, Any], host: str, path: str, file: str) -> Login | None:
        auths = _section(config, "auths", file)
        helpers = {_normal(key): name for key, name in _section(config, "credHelpers", file).items()}
        for key in _keys(host, path):
            written = sorted((one for one in auths if _normal(one) == key), key=key.__ne__)
            # A store has a login for a path only where `auths` names the path.
            store = config.get("credsStore") if key == host or written else None
            if (name := helpers.get(key) or store) and (login := self._from_helper(name, key, file)):
                return login
            found = (_from_entry(auths[one], one, file) for one in written)
            if login := next(filter(None, found), None):
                return login
        return None

    def _from_helper(self, name: object, key: str, file: str) -> Login | None:
        if not isinstance(name, str) or not _PROGRAM.fullmatch(name):
            raise RegistryDenied(f"{file}: {_shown(name)} is not a valid name of a credential helper")
        server = _DOCKER_HUB_KEY if key == DOCKER_HUB else key
        return self._answers.get((name, server), lambda: _from_helper(f"docker-credential-{name}", server, file))


def _keys(host: str, path: str) -> Iterator[str]:
    """`host/a/b`, `host/a`, `host`: the keys that may have the login of a repository, the most specific first."""
    parts = [host, *filter(None, path.split("/"))]
    for length in range(len(parts), 0, -1):
        yield "/".join(parts[:length])


def _read(path: Path, file: str) -> Mapping[str, Any]:
    try:
        config = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise RegistryDenied(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RegistryDenied(f"{file} is not valid JSON ({_reason(error)}); repair it or remove it") from None
    if not isinstance(config, dict):
        raise RegistryDenied(f"{file} must hold a JSON object")
    return config


def _reason(error: Exception) -> str:
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)


def _section(config: Mapping[str, Any], name: str, file: str) -> Mapping[str, Any]:
    section = config.get(name) or {}
    if not isinstance(section, dict):
        raise RegistryDenied(f'{file}: "{name}" must be an object')
    return section


def _from_helper(program: str, key: str, file: str) -> Login | None:
    answer = _ask_helper(program, key, file)
    if answer is None:
        return None
    try:
        fields = json.loads(answer)
        username, secret = _plain(fields["Username"]), _plain(fields["Secret"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RegistryDenied(
            f"{file}: the credential helper {program} did not answer with Username and Secret for {_shown(key)}"
        ) from None
    if username == _TOKEN_USER:
        return Login(program, identity_token=secret)
    return Login(program, username, secret)


def _ask_helper(program: str, key: str, file: str) -> bytes | None:
    try:
        # The host goes through standard input, as the protocol wants it; nothing secret is in argv.
        done = subprocess.run([program, "get"], input=key.encode(), capture_output=True, timeout=_HELPER_SECONDS)
    except FileNotFoundError:
        raise RegistryDenied(
            f"{file} asks for the credential helper {program}, which is not on PATH; install it, "
            "or give username and password in the stack's registries"
        ) from None
    except OSError as error:
        raise RegistryDenied(f"the credential helper {program} cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise RegistryDenied(f"the credential helper {program} gave no answer in {_HELPER_SECONDS} s") from None
    if done.returncode == 0:
        return done.stdout
    said = done.stdout.decode(errors="replace").strip()
    if said == _NOT_FOUND:
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


def _plain(value: object) -> str:
    """Text that can be sent: without NUL, without half a character. Raises ValueError."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    value.encode()
    return value


def _shown(value: object) -> str:
    """One printable line of what the file names."""
    return ascii(str(value))[:_LONGEST_SHOWN]


def _normal(key: str) -> str:
    """A key of `auths` as `host[/path]`; the addresses of an API, which docker wrote once, stand for the host."""
    scheme, colon, rest = key.partition("://")
    name = rest if colon and scheme in {"http", "https"} else key
    host, _, path = name.partition("/")
    if path.strip("/") in {"", "v1", "v2"}:
        return DOCKER_HUB if host in _DOCKER_HUB_HOSTS else host
    return name.rstrip("/")


def _decode(auth: str, key: str, file: str) -> tuple[str, str]:
    try:
        username, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
        if colon:
            return _plain(username), _plain(password.rstrip("\0"))
    except ValueError:  # of the alphabet, the padding, or what it stands for
        pass
    raise RegistryDenied(f"{file}: auths[{_shown(key)}].auth is not the base64 form of user:password; log in again")
