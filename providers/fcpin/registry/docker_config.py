"""Find the login for a registry where `docker login` keeps it: `config.json` and its credential helpers.

Format: docker CLI reference, "Credential stores" and "Credential helpers"; `DOCKER_CONFIG` names another directory.
"""

import base64
import binascii
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fcpin.errors import RegistryDenied

DOCKER_HUB: Final = "docker.io"
_DOCKER_HUB_KEY: Final = "https://index.docker.io/v1/"
_HELPER_SECONDS: Final = 30
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
    """When to look for it anew. Aware; None when it stays valid."""

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


def config_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where docker's configuration is."""
    directory = environment.get("DOCKER_CONFIG")
    return (Path(directory) if directory else Path.home() / ".docker") / "config.json"


def find_login(hosts: Iterable[str], path: Path | None = None) -> Login:
    """The login for the first of *hosts* that has one; anonymous when none has, or when there is no file.

    Raises RegistryDenied when the file, an entry or a helper that should answer cannot be used.
    """
    file = path or config_path()
    config = _read(file)
    if config is None:
        return ANONYMOUS
    for host in hosts:
        if login := _from_helper(config, host, file) or _from_file(config, host, file):
            return login
    return ANONYMOUS


def _read(file: Path) -> Mapping[str, Any] | None:
    try:
        config = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RegistryDenied(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise RegistryDenied(f"{file} is no JSON ({error}); repair it or remove it") from None
    if not isinstance(config, dict):
        raise RegistryDenied(f"{file} must hold a JSON object")
    return config


def _section(config: Mapping[str, Any], name: str, file: Path) -> Mapping[str, Any]:
    section = config.get(name) or {}
    if not isinstance(section, dict):
        raise RegistryDenied(f'{file}: "{name}" must be an object')
    return section


def _from_helper(config: Mapping[str, Any], host: str, file: Path) -> Login | None:
    key = _DOCKER_HUB_KEY if host == DOCKER_HUB else host
    name = _section(config, "credHelpers", file).get(key) or config.get("credsStore")
    if not name:
        return None
    program = f"docker-credential-{name}"
    answer = _ask_helper(program, key, file)
    if answer is None:
        return None
    try:
        fields = json.loads(answer)
        username, secret = str(fields["Username"]), str(fields["Secret"])
    except (ValueError, KeyError, TypeError):
        raise RegistryDenied(f"{program} did not answer with Username and Secret for {host}") from None
    if username == _TOKEN_USER:
        return Login(program, identity_token=secret)
    return Login(program, username, secret)


def _ask_helper(program: str, key: str, file: Path) -> bytes | None:
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
    raise RegistryDenied(f"the credential helper {program} failed for {key} with exit status {done.returncode}")


def _from_file(config: Mapping[str, Any], host: str, file: Path) -> Login | None:
    wanted = "index.docker.io" if host == DOCKER_HUB else host
    auths = _section(config, "auths", file)
    key = host if host in auths else next((key for key in auths if _host(key) == wanted), None)
    if key is None or not isinstance(entry := auths[key], dict):
        return None
    if entry.get("identitytoken"):
        return Login(str(file), identity_token=str(entry["identitytoken"]))
    if entry.get("username"):
        return Login(str(file), str(entry["username"]), str(entry.get("password") or ""))
    if entry.get("auth"):
        return Login(str(file), *_decode(str(entry["auth"]), key, file))
    return None


def _host(key: str) -> str:
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _decode(auth: str, key: str, file: Path) -> tuple[str, str]:
    try:
        username, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise RegistryDenied(f'{file}: auths["{key}"].auth is not the base64 form of user:password; log in again')
    return username, password.rstrip("\0")
