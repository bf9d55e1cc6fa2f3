"""What a user may say about a registry: where to ask it, and as whom.

registries:
  registry.example.com: {endpoint: https://mirror.example.com, username: ci, password: …}
  demo-registry.cn-hangzhou.cr.aliyuncs.com: {instance_id: cri-0123456789abcdef}
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from fcpin.errors import InvalidInput, InvalidSettings, Problem, unknown_key
from fcpin.image import Repository, acr_host

T = TypeVar("T")

_INSTANCE_ID: Final = re.compile(r"cri-[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """What is said about one registry host. Every key is optional."""

    endpoint: str | None = None
    """`https://host[:port]`, or `http://…`, to ask instead of the host itself."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    instance_id: str | None = None
    """`cri-…` of an ACR Enterprise instance; without it, it is looked up by the name in the host."""
    profile: str | None = None
    """Of the Alibaba Cloud CLI: as whom the API of ACR is asked; without it, as everything else of the stack."""
    push_times: bool = True
    """Whether ACR Personal's API is called for them; without, tags are listed and ordered as of any other registry."""


_FLAG_KEYS: Final = ("push_times",)
_FLAGS: Final[Mapping[object, bool]] = {True: True, False: False, "true": True, "false": False}
_KEYS: Final = tuple(entry.name for entry in fields(RegistrySettings))


def parse_registries(value: object, path: str = "registries") -> Mapping[str, RegistrySettings]:
    """Settings by registry host. *value* is `{host: {key: text}}`.

    Raises InvalidSettings with every problem, each with its property path: `registries["host"].endpoint`.
    """
    if not isinstance(value, Mapping):
        raise InvalidSettings(Problem(path, f"expected an object of registry hosts, got {type(value).__name__}"))
    problems = [
        problem for host, entry in value.items() for problem in _problems(str(host), entry, f'{path}["{host}"]')
    ]
    problems += _doubles(value, path)
    if problems:
        raise InvalidSettings(*problems)
    return {host: RegistrySettings(**_values(entry)) for host, entry in value.items()}


def _values(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """As the settings hold them: the engines hand a flag over as text at times."""
    return {key: _FLAGS.get(value, value) if key in _FLAG_KEYS else value for key, value in entry.items()}


def by_registry(settings: Mapping[str, T]) -> Mapping[str, T]:
    """The same settings under the registries' public hosts. Raises InvalidSettings when two hosts are one registry."""
    if doubles := list(_doubles(settings, "registries")):
        raise InvalidSettings(*doubles)
    return {public_host(host): entry for host, entry in settings.items()}


def public_host(host: str) -> str:
    """ACR serves one registry under a public, a VPC and an internal host: the public one; any other host as it is."""
    acr = acr_host(host)
    return acr.public_host if acr else host


def _problems(host: str, entry: object, path: str) -> Iterator[Problem]:
    if not _is_host(host):
        yield Problem(path, "is no registry host; write host or host:port, without https:// and without a path")
        return
    if not isinstance(entry, Mapping):
        yield Problem(path, f"expected an object of {', '.join(_KEYS)}; got {type(entry).__name__}")
        return
    for key, text in entry.items():
        if key not in _KEYS:
            yield Problem(f"{path}.{key}", unknown_key(key, _KEYS))
        elif key in _FLAG_KEYS:
            yield from _flag_problems(key, text, host, f"{path}.{key}")
        elif not isinstance(text, str) or not text:
            yield Problem(f"{path}.{key}", f"expected text, got {_kind(text)}")
        elif reason := _wrong(key, text, host):
            yield Problem(f"{path}.{key}", reason)
    for given, wanted in (("username", "password"), ("password", "username")):
        if given in entry and wanted not in entry:
            yield Problem(f"{path}.{wanted}", f"is missing; {given} is given")


def _flag_problems(key: str, value: object, host: str, path: str) -> Iterator[Problem]:
    acr = acr_host(host)
    if not isinstance(value, bool | str) or value not in _FLAGS:
        yield Problem(path, f"expected true or false, got {value!r}")
    elif acr is None or acr.edition != "personal":
        yield Problem(path, f"only hosts of ACR Personal have {key}, such as registry.cn-hangzhou.aliyuncs.com")


def _is_host(text: str) -> bool:
    try:
        return Repository.parse(f"{text}/name").host == text
    except InvalidInput:
        return False


def _kind(value: Any) -> str:
    return "empty text" if value == "" else type(value).__name__


def _wrong(key: str, text: str, host: str) -> str:
    """What is wrong with the value of *key*, or nothing. A password is never part of it."""
    if key == "endpoint" and not _is_endpoint(text):
        return "expected https://host[:port] or http://host[:port], without a user, a path or a query"
    if key == "instance_id":
        acr = acr_host(host)
        if acr is None or acr.edition != "enterprise":
            return "only hosts of ACR Enterprise have one, such as demo-registry.cn-hangzhou.cr.aliyuncs.com"
        if not _INSTANCE_ID.fullmatch(text):
            return f"{text!r} is no instance id; expected cri-…"
    if key == "profile" and acr_host(host) is None:
        return "only hosts of ACR have one; other registries take username and password"
    if key == "username" and ":" in text:
        return "must not contain a colon"
    if "\0" in text or text != text.encode(errors="replace").decode():
        return "is not valid text: it contains NUL or half a character"
    return ""


def _is_endpoint(text: str) -> bool:
    try:
        url = urlsplit(text)
        return (
            url.scheme in {"http", "https"}
            and bool(url.hostname)
            and (url.port is None or url.port > 0)
            and url.username is None
            and url.path in {"", "/"}
            and not url.query
            and not url.fragment
        )
    except ValueError:
        return False


def _doubles(hosts: Mapping[str, object], path: str) -> Iterator[Problem]:
    first = dict[str, str]()
    for host in map(str, hosts):
        other = first.setdefault(public_host(host), host)
        if other != host:
            yield Problem(f'{path}["{host}"]', f"is the same registry as {other}; keep one of the two")
