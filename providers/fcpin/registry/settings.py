"""What users configure for a registry: its address, and who logs in.

registries:
  registry.example.com: {endpoint: https://mirror.example.com, username: ci, password: …}
  demo-registry.cn-hangzhou.cr.aliyuncs.com: {instance_id: cri-0123456789abcdef}
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, TypeVar
from urllib.parse import urlsplit

from fcpin.acr_hosts import acr_host, public_host
from fcpin.errors import InvalidInput, InvalidSettings, Problem, property_path, shown
from fcpin.image import Repository
from fcpin.models import Model, SecretText, about, from_text, read_or_note

T = TypeVar("T")


def _parse_endpoint(text: str) -> str:
    try:
        url = urlsplit(text)
        is_valid = (
            url.scheme in {"http", "https"}
            and bool(url.hostname)
            and (url.port is None or url.port > 0)
            and url.username is None
            and url.path in {"", "/"}
            and not url.query
            and not url.fragment
        )
    except ValueError:
        is_valid = False
    if not is_valid:
        raise ValueError("expected https://host[:port] or http://host[:port], without a user, a path or a query")
    return text


def _parse_instance_id(text: str) -> str:
    if not re.fullmatch(r"cri-[a-z0-9]+", text):
        raise ValueError(f"expected cri-…, got {shown(text)}")
    return text


if TYPE_CHECKING:
    Endpoint: TypeAlias = str
    InstanceId: TypeAlias = str
else:
    Endpoint = from_text(str, _parse_endpoint, pattern="^https?://")
    InstanceId = from_text(str, _parse_instance_id, pattern="^cri-[a-z0-9]+$")


class RegistrySettings(Model):
    """The settings of one registry host. Every key is optional."""

    schema_rules: ClassVar[Mapping[str, Any]] = {"dependencies": {"username": ["password"], "password": ["username"]}}

    endpoint: Annotated[
        Endpoint | None, about("Address of the registry: `https://HOST[:PORT]`.", default="the host itself")
    ] = None
    username: Annotated[SecretText | None, about("Who logs in; with a password.", default="docker's login")] = None
    password: Annotated[SecretText | None, about("Set it with `--secret`.")] = None
    instance_id: Annotated[
        InstanceId | None,
        about("Of an ACR Enterprise instance: `cri-…`.", default="looked up by the instance's name"),
    ] = None
    profile: Annotated[
        SecretText | None,
        about(
            "Profile of the Alibaba Cloud CLI, for a registry on ACR in another account.",
            default="the stack's credentials",
        ),
    ] = None
    push_times: Annotated[
        bool,
        about(
            "Whether push times are requested from ACR Personal's API; without, tags are ordered as of any registry."
        ),
    ] = True

    def __post_init__(self) -> None:
        given = {"username": self.username, "password": self.password}
        missing = [key for key, value in given.items() if value is None]
        if len(missing) == 1:
            raise InvalidInput(Problem(missing[0], "is required: username and password belong together"))
        problems = [Problem(key, reason) for key, value in given.items() if (reason := _unsendable(value or ""))]
        if ":" in (self.username or ""):
            problems.append(Problem("username", "must not contain a colon"))
        if problems:
            raise InvalidInput(*problems)


def _unsendable(text: str) -> str:
    is_text = "\0" not in text and text == text.encode(errors="replace").decode()
    return "" if is_text else "is not valid text: it contains NUL or an unpaired surrogate"


def parse_registries(value: object, path: str = "registries") -> Mapping[str, RegistrySettings]:
    """Settings by registry host. *value* is `{host: {key: value}}`.

    Raises InvalidSettings with every problem, each with its property path: `registries["host"].endpoint`.
    """
    problems: list[Problem] = []
    found = read_or_note(dict[str, RegistrySettings], value, path, problems) or {}
    hosts = value if isinstance(value, Mapping) else {}
    for host, entry in hosts.items():
        problems += _host_problems(str(host), entry, property_path(path, host))
    problems += _duplicates(hosts, path)
    if problems:
        raise InvalidSettings(*problems)
    return found


def by_registry(settings: Mapping[str, T]) -> Mapping[str, T]:
    """The same settings under the registries' public hosts. Raises InvalidSettings when two hosts are one registry."""
    if duplicates := list(_duplicates(settings, "registries")):
        raise InvalidSettings(*duplicates)
    return {public_host(host): entry for host, entry in settings.items()}


def _host_problems(host: str, entry: object, path: str) -> Iterator[Problem]:
    """What is wrong with *host*, and with the keys that only some hosts have."""
    if not _is_host(host):
        yield Problem(path, "is not a registry host; write host or host:port, without https:// and without a path")
        return
    acr = acr_host(host)
    edition = acr.edition if acr else ""
    given = {key for key, value in entry.items() if value is not None} if isinstance(entry, Mapping) else set()
    if "instance_id" in given and edition != "enterprise":
        example = "demo-registry.cn-hangzhou.cr.aliyuncs.com"
        yield Problem(f"{path}.instance_id", f"only hosts of ACR Enterprise have instance_id, such as {example}")
    if "push_times" in given and edition != "personal":
        example = "registry.cn-hangzhou.aliyuncs.com"
        yield Problem(f"{path}.push_times", f"only hosts of ACR Personal have push_times, such as {example}")
    if "profile" in given and acr is None:
        yield Problem(f"{path}.profile", "only hosts of ACR have profile; other registries take username and password")


def _is_host(text: str) -> bool:
    try:
        return Repository.parse(f"{text}/name").host == text
    except InvalidInput:
        return False


def _duplicates(hosts: Mapping[str, object], path: str) -> Iterator[Problem]:
    first = dict[str, str]()
    for host in map(str, hosts):
        other = first.setdefault(public_host(host), host)
        if other != host:
            yield Problem(property_path(path, host), f"is the same registry as {other}; keep one of the two")
