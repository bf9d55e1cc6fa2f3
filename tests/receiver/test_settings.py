"""`receiver.yaml`: what is read, every problem with its place, the schema, and what engines inherit of the environment."""

import json
from collections.abc import Mapping
from datetime import time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
import yaml
from jsonschema import Draft7Validator
from msgspec.structs import replace

from fcpin.errors import InvalidSettings
from fcpin.receiver.senders import SENDERS
from fcpin.receiver.settings.environment import deployment_environment
from fcpin.receiver.settings.model import (
    Mode,
    Outages,
    PageSettings,
    ReceiverSettings,
    SenderSettings,
    StackSettings,
)
from fcpin.receiver.settings.read import read_settings, receiver_schema
from fcpin.receiver.settings.secrets import Secret, secrets_of

ROOT: Final = Path(__file__).parent.parent.parent
SCHEMA: Final = Draft7Validator(receiver_schema())
SECRET = "correct-horse-battery"
ENVIRONMENT = {"A": SECRET, "B": "staple-of-the-next-year", "SHORT": "hunter2", "CRI": "cri-0a1b2c3d4e5f6a7b", "SPACE": "a secret with spaces", "EMPTY": "", "REDIS": "redis://127.0.0.1:6379/0", "DING": "dingtalk://token"}  # fmt: skip
LEAST = "stacks: {dev: }\nsenders: {acr: {kind: acr, secrets: [env:A]}}\n"
ALL = """
project: program
stacks:
  dev:
  org/shop/prod:
    mode: approve
    debounce: 2s
    max_wait: 1m
    windows:
      - {days: mon-fri, from: "09:00", to: "18:00", zone: Asia/Shanghai}
      - {days: [sat, sun], from: "22:00", to: "24:00", zone: UTC}
      - {days: sun-mon, from: "8:00", to: "8:00", zone: UTC}
      - {from: "00:00", to: "06:00", zone: UTC}
    outages: wait
senders:
  acr: {kind: acr, secrets: [env:A, env:B]}
  registry: {kind: distribution, secrets: [file:secret.txt], per_minute: 60, replay_window: 1h}
engine: embedded
state: /var/lib/receiver
redis: env:REDIS
workers: 2
attempts: 3
scan_interval: 1m
repositories: [shop/*, team/app]
instances: {cri-0a1b: demo}
page: {token: env:A, user_header: X-Forwarded-User, trusted: [10.0.0.0/8, "::1"], session_key: env:B}
notify: [env:DING]
metrics_token: env:A
trusted_proxies: [192.0.2.0/24]
environment: [GIT_COMMIT, SHOP_*]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for program in (tmp_path, tmp_path / "program"):
        program.mkdir(exist_ok=True)
        (program / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "secret.txt").write_text(f"{SECRET}\n")
    return tmp_path


def read(folder: Path, text: str) -> ReceiverSettings:
    (folder / "receiver.yaml").write_text(text)
    return read_settings(folder / "receiver.yaml", ENVIRONMENT)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(InvalidSettings) as error:
        read(folder, text)
    return [str(problem).removeprefix(f"{folder}/receiver.yaml:") for problem in error.value.problems]


def test_the_defaults(folder: Path) -> None:
    settings = read(folder, LEAST)
    assert settings.project == folder
    assert settings.state == folder / ".receiver"
    (dev,) = settings.stacks.values()
    assert (dev.mode, dev.windows, dev.outages) == (Mode.DEPLOY, (), Outages.HEAL)
    assert (dev.debounce, dev.burst_limit) == (timedelta(seconds=1), timedelta(seconds=15))
    assert StackSettings(debounce=timedelta(minutes=1)).burst_limit == timedelta(minutes=1)
    (acr,) = settings.senders.values()
    assert acr.sender("acr").replay_window == SENDERS["acr"].default_replay_window
    assert [(secret.source, secret.value) for secret in acr.secrets] == [("env:A", SECRET)]
    assert (settings.page, settings.redis, settings.repositories, settings.engine) == (None, None, (), "auto")
    assert settings.scan_interval == timedelta(minutes=5)


def test_every_key(folder: Path) -> None:
    settings = read(folder, ALL)
    assert (settings.project, settings.state) == (folder / "program", Path("/var/lib/receiver"))
    prod = settings.stacks["org/shop/prod"]
    assert (prod.mode, prod.debounce, prod.burst_limit) == (Mode.APPROVE, timedelta(seconds=2), timedelta(minutes=1))
    assert [(one.days, one.start, one.end, one.zone) for one in prod.windows] == [
        (frozenset(range(5)), time(9), time(18), ZoneInfo("Asia/Shanghai")),
        (frozenset({5, 6}), time(22), time(0), ZoneInfo("UTC")),
        (frozenset({6, 0}), time(8), time(8), ZoneInfo("UTC")),
        (frozenset(range(7)), time(0), time(6), ZoneInfo("UTC")),
    ]
    registry = settings.senders["registry"]
    assert (registry.per_minute, registry.sender("registry").replay_window) == (60, timedelta(hours=1))
    assert [secret.value for secret in registry.secrets] == [SECRET]
    assert settings.page is not None
    assert settings.page.trusted == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert settings.redis == Secret("env:REDIS", ENVIRONMENT["REDIS"])
    assert (settings.workers, settings.attempts, settings.scan_interval) == (2, 3, timedelta(minutes=1))
    assert (settings.repositories, settings.instances) == (("shop/*", "team/app"), {"cri-0a1b": "demo"})
    assert (settings.trusted_proxies, settings.environment) == ((ip_network("192.0.2.0/24"),), ("GIT_COMMIT", "SHOP_*"))
    assert SECRET not in repr(settings)
    sources = {secret.source for secret in secrets_of(settings)}
    assert sources == {"env:A", "env:B", "env:REDIS", "env:DING", "file:secret.txt"}


def stack(text: str) -> str:
    return LEAST.replace("dev: ", f"dev: {{{text}}}")


def window(text: str) -> str:
    return stack(f"windows: [{{{text}}}]")


def sender_secret(source: str) -> str:
    return LEAST.replace("env:A", source)


HOURS = "from: '9:00', to: '18:00', zone: UTC"
SENDER = "2: senders.acr"
WINDOW = "1: stacks.dev.windows[0]"
REJECTED_BY_SCHEMA: list[tuple[str, str, str, str]] = [
    # label, the file, the place, a part of the message
    ("a list", "[]\n", "", "mapping"),
    ("nothing", "\n", "stacks", "is required"),
    ("an unknown key", LEAST + "workerz: 3\n", "3: workerz", "did you mean workers?"),
    ("no stack", LEAST.replace("{dev: }", "{}"), "1: stacks", "must not be empty"),
    ("a name that no stack has", LEAST.replace("dev", "--cwd=/"), "1: stacks.--cwd=/", "name of a stack"),
    ("a name that cannot stand in a URL", LEAST.replace("acr:", "A/B:"), "2: senders.A/B", "URL"),
    ("an unknown mode", stack("mode: wait"), "1: stacks.dev.mode", "deploy or approve"),
    ("an invalid duration", stack("debounce: soon"), "1: stacks.dev.debounce", "duration"),
    ("an unknown kind", LEAST.replace("kind: acr", "kind: gcr"), f"{SENDER}.kind", "acr or distribution"),
    ("no kind", LEAST.replace("kind: acr, ", ""), f"{SENDER}.kind", "is required, such as acr"),
    ("no secret", sender_secret(""), f"{SENDER}.secrets", "1 to 2 items, got 0"),
    ("a secret in the file", sender_secret(SECRET), f"{SENDER}.secrets[0]", "env:NAME or file:PATH"),
    ("too many workers", LEAST + "workers: 65\n", "3: workers", "from 1 to 64"),
    ("a repository with its host", LEAST + "repositories: ['r.example.com:5000/a/b']\n", "3: repositories[0]", "without a host"),
    ("an invalid instance", LEAST + "instances: {demo: cri-1}\n", "3: instances.demo", "cri-"),
    ("a page without authentication", LEAST + "page: {}\n", "3: page.token", "is required"),
    ("a header that every client may set", LEAST + "page: {user_header: X-User}\n", "3: page.trusted", "is required"),
    ("every variable", LEAST + "environment: ['*']\n", "3: environment[0]", "name of a variable"),
    ("no day", window(f"days: [], {HOURS}"), f"{WINDOW}.days", "at least 1"),
    ("an invalid time", window("from: '25:00', to: '18:00', zone: UTC"), f"{WINDOW}.from", "time of day"),
    ("a time without quotes", window("from: 9, to: '18:00', zone: UTC"), f"{WINDOW}.from", 'such as "09:00"'),
]  # fmt: skip
WRONG = [
    ("invalid YAML", "stacks: {\n", "", "is not valid YAML"),
    ("no program", LEAST + "project: elsewhere\n", "3: project", "no Pulumi.yaml"),
    ("approvals without a page", stack("mode: approve"), "1: stacks.dev.mode", "page"),
    ("a wait shorter than the debounce", stack("debounce: 1m, max_wait: 10s"), "1: stacks.dev.max_wait", "debounce"),
    ("a secret that is not set", sender_secret("env:C"), f"{SENDER}.secrets[0]", "env:C is not set"),
    ("a secret without a file", sender_secret("file:no.txt"), f"{SENDER}.secrets[0]", "no.txt cannot be read"),
    ("an empty secret", sender_secret("env:EMPTY"), f"{SENDER}.secrets[0]", "env:EMPTY is empty"),
    ("a short secret", sender_secret("env:SHORT"), f"{SENDER}.secrets[0]", "env:SHORT is shorter than 16"),
    ("a secret that cannot stand in a URL", sender_secret("env:SPACE"), f"{SENDER}.secrets[0]", "URL"),
    ("a secret like an instance", sender_secret("env:CRI"), f"{SENDER}.secrets[0]", "cri-"),
    ("scans all the time", LEAST + "scan_interval: 1s\n", "3: scan_interval", "at least 10s"),
    ("an invalid URL of Redis", LEAST + "redis: env:A\n", "3: redis", "redis://"),
    ("an invalid URL of apprise", LEAST + "notify: [env:A]\n", "3: notify[0]", "apprise"),
    ("an invalid network", LEAST + "trusted_proxies: [ten]\n", "3: trusted_proxies[0]", "10.0.0.0/8"),
    ("an unknown day", window(f"days: someday, {HOURS}"), f"{WINDOW}.days", "mon-fri"),
    ("an unknown time zone", window("from: '9:00', to: '18:00', zone: Asia/Hangzhou"), f"{WINDOW}.zone", "time zone"),
    ("a zone outside of its folder", window("from: '9:00', to: '18:00', zone: ../../etc/passwd"), f"{WINDOW}.zone", "time zone"),
]  # fmt: skip
"""What a schema cannot express: it depends on the environment, other files, or two values."""


@pytest.mark.parametrize(
    ("text", "place", "part"), [pytest.param(*row[1:], id=row[0]) for row in (*REJECTED_BY_SCHEMA, *WRONG)]
)
def test_a_problem_has_its_line_and_path(folder: Path, text: str, place: str, part: str) -> None:
    found = problems(folder, text)
    first = next((problem for problem in found if place in problem), "")
    assert first, found
    assert part in first
    assert not any(secret in str(found) for secret in (SECRET, "hunter2", "spaces", "0a1b2c3d"))


def test_all_problems_are_reported_at_once(folder: Path) -> None:
    stacks = "stacks: {dev: {mode: wait, debounce: soon}}\n"
    assert len(problems(folder, f"{stacks}senders: {{acr: {{kind: gcr, secrets: [env:C, env:SHORT]}}}}\nx: 1\n")) == 6
    with pytest.raises(InvalidSettings, match="cannot be read"):
        read_settings(folder / "missing.yaml", {})


def test_the_schema_in_the_docs_is_current() -> None:
    printed = f"{json.dumps(receiver_schema(), indent=2)}\n"
    assert printed == (ROOT / "docs" / "schemas" / "receiver.schema.json").read_text()


def test_the_schema_accepts_what_is_read() -> None:
    for text in (LEAST, ALL, (ROOT / "receiver.yaml").read_text()):
        SCHEMA.validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", [pytest.param(row[1], id=row[0]) for row in REJECTED_BY_SCHEMA])
def test_the_schema_rejects(text: str) -> None:
    assert not SCHEMA.is_valid(yaml.safe_load(text))


def secret(name: str) -> Secret:
    return Secret(f"env:{name}", f"the value of {name}")


SETTINGS: Final = ReceiverSettings(
    stacks={},
    senders={"ci": SenderSettings(kind="generic", secrets=(secret("HOOK"), secret("PULUMI_HOOK"), Secret("file:x", "x")))},
    redis=secret("REDIS_URL"),
    page=PageSettings(token=secret("FCPIN_PAGE_TOKEN"), session_key=secret("PAGE_KEY")),
    notify=(secret("DINGTALK_URL"),),
    metrics_token=secret("METRICS_TOKEN"),
)  # fmt: skip
NEEDED: Final = (
    "PATH", "HOME", "LC_ALL", "TMPDIR", "PYTHONPATH", "HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE", "DOCKER_CONFIG", "ENGINE",
    "FCPIN_DEBUG", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_BACKEND_URL", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "AWS_PROFILE",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_ROLE_ARN", "ALICLOUD_ACCESS_KEY",
    "VAULT_SERVER_TOKEN", "BUILDAH_ISOLATION", "BUILDAH_LAYERS", "STORAGE_DRIVER", "CONTAINERS_CONF",
)  # fmt: skip
SECRETS: Final = ("HOOK", "PULUMI_HOOK", "REDIS_URL", "FCPIN_PAGE_TOKEN", "PAGE_KEY", "DINGTALK_URL", "METRICS_TOKEN")
OTHERS: Final = ("STORAGE_KEY", "GIT_COMMIT", "DATABASE_URL", "GITHUB_TOKEN")
VARIABLES: Final[Mapping[str, str]] = {name: f"the value of {name}" for name in (*NEEDED, *SECRETS, *OTHERS)}

INHERITED: list[tuple[str, tuple[str, ...], set[str]]] = [
    ("what a deployment needs", (), set(NEEDED)),
    ("a variable by its name", ("GIT_COMMIT",), {*NEEDED, "GIT_COMMIT"}),
    ("variables by a pattern", ("G*",), {*NEEDED, "GIT_COMMIT", "GITHUB_TOKEN"}),
    ("a secret only by its full name", ("REDIS_URL", "PAGE_*"), {*NEEDED, "REDIS_URL"}),
]


@pytest.mark.parametrize(("more", "names"), [row[1:] for row in INHERITED], ids=[row[0] for row in INHERITED])
def test_an_engine_inherits(more: tuple[str, ...], names: set[str]) -> None:
    settings = replace(SETTINGS, environment=more)
    assert deployment_environment(settings, VARIABLES) == {name: VARIABLES[name] for name in names}
