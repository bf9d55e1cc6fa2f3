"""Read `receiver.yaml` into settings: everything that is wrong at once, each with its line and its path."""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from fcpin.errors import InvalidInput, InvalidSettings, Problem
from fcpin.policy.fields import Fields, shown
from fcpin.policy.times import read_duration
from fcpin.receiver.senders import SENDERS
from fcpin.receiver.settings.model import Mode, Outages, PageSettings, ReceiverSettings, SenderSettings, StackSettings
from fcpin.receiver.settings.secrets import Secrets, long_enough
from fcpin.receiver.settings.windows import read_windows
from fcpin.receiver.web.limits import Network
from fcpin.stack.engine import CHOICES
from fcpin.yaml_reader import YamlFile

KEYS: Final = (
    "project",
    "stacks",
    "senders",
    "engine",
    "state",
    "redis",
    "workers",
    "attempts",
    "survey_every",
    "repositories",
    "instances",
    "page",
    "notify",
    "metrics_token",
    "trusted_proxies",
    "environment",
)
STACK_KEYS: Final = ("mode", "quiet", "at_most", "windows", "outages")
SENDER_KEYS: Final = ("kind", "secrets", "per_minute", "replay_window")
PAGE_KEYS: Final = ("token", "user_header", "trusted", "session_key")
MOST_SECRETS: Final = 2
SENDER_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
STACK_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
REPOSITORY: Final = re.compile(r"[a-z0-9*][a-z0-9*._-]*(?:/[a-z0-9*._-]+)*")
INSTANCE: Final = re.compile(r"cri-[a-z0-9]+")
VARIABLE: Final = re.compile(r"[A-Za-z0-9_*]*[A-Za-z0-9_][A-Za-z0-9_*]*")
_IN_A_URL: Final = re.compile(r"[A-Za-z0-9._~-]+")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]+")
_SHORTEST_SURVEY: Final = timedelta(seconds=10)


def read_settings(path: Path, environment: Mapping[str, str] = os.environ) -> ReceiverSettings:
    """What the file at *path* says. Paths in it are relative to its folder.

    Raises InvalidSettings with every problem: `receiver.yaml:7: senders.acr.secrets[0]: env:ACR_SECRET is not set`.
    """
    try:
        file = YamlFile.read(path)
    except InvalidInput as error:
        raise InvalidSettings(*error.problems) from None
    problems: list[Problem] = []
    settings = _Reader(Secrets(environment, path.parent), path.parent).settings(Fields.of(file.value, "", problems))
    if problems:
        raise InvalidSettings(*(file.problem(problem.path, problem.reason) for problem in problems))
    return settings


class _Reader:
    """Notes problems in the fields that it is given. What it answers for a problem is thrown away."""

    def __init__(self, secrets: Secrets, folder: Path) -> None:
        self._secrets = secrets
        self._folder = folder

    def settings(self, fields: Fields) -> ReceiverSettings:
        fields.only(KEYS)
        page = self._page(fields)
        return ReceiverSettings(
            project=self._project(fields),
            stacks=dict(self._stacks(fields, has_page=page is not None)),
            senders=dict(self._senders(fields)),
            engine=fields.choice("engine", CHOICES),
            state=self._folder / (fields.text("state") or ".receiver"),
            redis=self._secrets.read(fields, "redis", _redis_problem),
            workers=_number(fields, "workers", 4, 64),
            attempts=_number(fields, "attempts", 6, 100),
            survey_every=_duration(fields, "survey_every", timedelta(minutes=5), _SHORTEST_SURVEY),
            repositories=tuple(_repositories(fields)),
            instances=dict(_instances(fields)),
            page=page,
            notify=self._secrets.read_all(fields, "notify", _address_problem),
            metrics_token=self._secrets.read(fields, "metrics_token", long_enough),
            trusted_proxies=tuple(_networks(fields, "trusted_proxies")),
            environment=tuple(_variables(fields)),
        )

    def _project(self, fields: Fields) -> Path:
        folder = self._folder / (fields.text("project") or ".")
        if not any((folder / name).is_file() for name in ("Pulumi.yaml", "Pulumi.yml")):
            fields.wrong("project", f"there is no Pulumi.yaml in {folder}; name the folder of the Pulumi program")
        return folder

    def _stacks(self, fields: Fields, *, has_page: bool) -> Iterator[tuple[str, StackSettings]]:
        for name, section in _sections(fields, "stacks", "dev: {}"):
            if not STACK_NAME.fullmatch(name):
                fields.wrong(f"stacks.{name}", "is no name of a stack")
            section.only(STACK_KEYS)
            mode = Mode(section.choice("mode", tuple(Mode)))
            if mode is Mode.APPROVE and not has_page:
                section.wrong("mode", "approve needs a page, on which somebody can approve; give `page`")
            defaults = StackSettings(name)
            quiet = _duration(section, "quiet", defaults.quiet)
            at_most = _duration(section, "at_most", max(defaults.at_most, quiet))
            if at_most < quiet:
                section.wrong("at_most", "is shorter than quiet: a job would always begin before the burst is over")
            outages = Outages(section.choice("outages", tuple(Outages)))
            yield name, StackSettings(name, mode, quiet, at_most, read_windows(section), outages)

    def _senders(self, fields: Fields) -> Iterator[tuple[str, SenderSettings]]:
        for name, section in _sections(fields, "senders", "acr: {kind: acr, secrets: [env:ACR_SECRET]}"):
            if not SENDER_NAME.fullmatch(name):
                fields.wrong(f"senders.{name}", "stands in a URL: write it with a-z, 0-9 and '-'")
            section.only(SENDER_KEYS)
            kind = section.required("kind", "acr")
            if kind and kind not in SENDERS:
                section.wrong("kind", f"must be {' or '.join(SENDERS)}, got {shown(kind)}")
            secrets = self._secrets.read_all(section, "secrets", _sender_secret_problem)
            given = section.values.get("secrets")
            if not given:
                section.wrong(
                    "secrets", "is required: a list of env:NAME or file:PATH; two while they are changed over"
                )
            elif isinstance(given, list) and len(given) > MOST_SECRETS:
                section.wrong(
                    "secrets",
                    f"has {len(given)}; {MOST_SECRETS} are valid at once, for as long as one replaces the other",
                )
            window = SENDERS[kind].default_replay_window if kind in SENDERS else timedelta(minutes=10)
            yield (
                name,
                SenderSettings(
                    name,
                    kind,
                    secrets,
                    _number(section, "per_minute", 6000, 1_000_000),
                    _duration(section, "replay_window", window, timedelta(seconds=1)),
                ),
            )

    def _page(self, fields: Fields) -> PageSettings | None:
        if fields.values.get("page") is None:
            return None
        section = Fields.of(fields.values["page"], fields.at("page"), fields.problems)
        section.only(PAGE_KEYS)
        header = section.text("user_header") or ""
        trusted = tuple(_networks(section, "trusted"))
        if section.readable and not section.values.get("token") and not header:
            section.wrong("token", "is required, or user_header with trusted: who may press the buttons?")
        if header and not _HEADER.fullmatch(header):
            section.wrong("user_header", f"{shown(header)} is no name of a header")
        if header and not section.values.get("trusted"):
            section.wrong("trusted", "is required with user_header: the networks of the proxy that sets it")
        return PageSettings(
            self._secrets.read(section, "token", long_enough),
            header,
            trusted,
            self._secrets.read(section, "session_key", long_enough),
        )


def _sections(fields: Fields, key: str, example: str) -> Iterator[tuple[str, Fields]]:
    """The mappings under *key* by their names. There must be at least one."""
    section = Fields.of(fields.values.get(key), fields.at(key), fields.problems)
    if section.readable and not section.values:
        fields.wrong(key, f"is required, such as {example}")
    for name, value in section.values.items():
        yield str(name), Fields.of(value, section.at(str(name)), fields.problems)


def _number(fields: Fields, key: str, default: int, most: int) -> int:
    value = fields.values.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        fields.wrong(key, f"must be a whole number from 1 to {most}, got {shown(value)}")
        return default
    return value


def _duration(fields: Fields, key: str, default: timedelta, least: timedelta = timedelta()) -> timedelta:
    found = read_duration(fields, key)
    if found is None:
        return default
    if found < least:
        fields.wrong(key, f"must be at least {least.total_seconds():g}s, got {shown(fields.values[key])}")
    return found


def _repositories(fields: Fields) -> Iterator[str]:
    for path, text in fields.texts("repositories"):
        if not REPOSITORY.fullmatch(text):
            fields.wrong(
                path, f"must be namespace/name without a host, with * for any characters but '/'; got {shown(text)}"
            )
        yield text


def _instances(fields: Fields) -> Iterator[tuple[str, str]]:
    section = Fields.of(fields.values.get("instances"), fields.at("instances"), fields.problems)
    for key in section.values:
        if not INSTANCE.fullmatch(str(key)):
            section.wrong(str(key), "is no id of an ACR Enterprise instance; expected cri-…")
        yield str(key), section.required(str(key), "demo")


def _variables(fields: Fields) -> Iterator[str]:
    for path, text in fields.texts("environment"):
        if not VARIABLE.fullmatch(text):
            fields.wrong(path, f"must be the name of a variable, with * for any characters; got {shown(text)}")
        yield text


def _networks(fields: Fields, key: str) -> Iterator[Network]:
    for path, text in fields.texts(key):
        try:
            yield ip_network(text)
        except ValueError:
            fields.wrong(path, f"must be a network or an address, such as 10.0.0.0/8; got {shown(text)}")


def _sender_secret_problem(value: str) -> str:
    if problem := long_enough(value):
        return problem
    if not _IN_A_URL.fullmatch(value):
        return "stands in a URL: it may have letters, digits, '.', '_', '~' and '-'"
    return (
        "looks like the id of an instance (cri-…), which stands in the same place" if INSTANCE.fullmatch(value) else ""
    )


def _redis_problem(value: str) -> str:
    return "" if value.startswith(("redis://", "rediss://", "unix://")) else "is no redis://, rediss:// or unix:// URL"


def _address_problem(value: str) -> str:
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        scheme = ""
    return "" if scheme else "is no address of apprise, such as dingtalk://… or json://…"
