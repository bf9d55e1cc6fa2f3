"""`receiver.yaml`: what it may say, and what is said of what it may not."""

from datetime import time, timedelta
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fcpin.errors import InvalidSettings
from fcpin.receiver.settings.model import Mode, Outages, ReceiverSettings, Window
from fcpin.receiver.settings.read import read_settings

SECRET = "correct-horse-battery"
ENVIRONMENT = {"A": SECRET, "B": "staple-of-the-next-year", "SHORT": "hunter2", "CRI": "cri-0a1b2c3d4e5f6a7b", "SPACE": "a secret with spaces", "EMPTY": "", "REDIS": "redis://127.0.0.1:6379/0", "DING": "dingtalk://token"}  # fmt: skip
LEAST = "stacks: {dev: }\nsenders: {acr: {kind: acr, secrets: [env:A]}}\n"
ALL = """
project: program
stacks:
  dev:
  org/shop/prod:
    mode: approve
    quiet: 2s
    at_most: 1m
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
survey_every: 1m
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


def test_what_is_not_said_has_a_default(folder: Path) -> None:
    settings = read(folder, LEAST)
    assert settings.project == folder
    assert settings.state == folder / ".receiver"
    (dev,) = settings.stacks.values()
    assert (dev.name, dev.mode, dev.windows, dev.outages) == ("dev", Mode.DEPLOY, (), Outages.HEAL)
    (acr,) = settings.senders.values()
    assert [(secret.source, secret.value) for secret in acr.secrets] == [("env:A", SECRET)]
    assert (settings.page, settings.redis, settings.repositories, settings.engine) == (None, None, (), "auto")


def test_everything_can_be_said(folder: Path) -> None:
    settings = read(folder, ALL)
    assert (settings.project, settings.state) == (folder / "program", Path("/var/lib/receiver"))
    prod = settings.stacks["org/shop/prod"]
    assert (prod.mode, prod.quiet, prod.at_most) == (Mode.APPROVE, timedelta(seconds=2), timedelta(minutes=1))
    utc = ZoneInfo("UTC")
    assert prod.windows == (
        Window(frozenset(range(5)), time(9), time(18), ZoneInfo("Asia/Shanghai")),
        Window(frozenset({5, 6}), time(22), time(0), utc),
        Window(frozenset({6, 0}), time(8), time(8), utc),
        Window(frozenset(range(7)), time(0), time(6), utc),
    )
    registry = settings.senders["registry"]
    assert (registry.per_minute, registry.replay_window) == (60, timedelta(hours=1))
    assert [secret.value for secret in registry.secrets] == [SECRET]
    assert settings.page is not None
    assert settings.page.trusted == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert settings.redis is not None
    assert settings.redis.value == ENVIRONMENT["REDIS"]
    assert (settings.workers, settings.attempts, settings.survey_every) == (2, 3, timedelta(minutes=1))
    assert (settings.repositories, settings.instances) == (("shop/*", "team/app"), {"cri-0a1b": "demo"})
    assert (settings.trusted_proxies, settings.environment) == ((ip_network("192.0.2.0/24"),), ("GIT_COMMIT", "SHOP_*"))
    assert SECRET not in repr(settings)


WRONG = [
    # label, the file, line and path, a fact
    ("no file of this kind", "[]\n", "", "mapping"),
    ("no YAML", "stacks: {\n", "", "is not valid YAML"),
    ("nothing", "\n", "stacks", "is required"),
    ("a key too many", LEAST + "workerz: 3\n", "3: workerz", "did you mean workers?"),
    ("no such project", LEAST + "project: elsewhere\n", "3: project", "no Pulumi.yaml"),
    ("no such engine", LEAST + "engine: terraform\n", "3: engine", "auto or embedded or pulumi"),
    ("no stack", "stacks: {}\nsenders: {acr: {kind: acr, secrets: [env:A]}}\n", "1: stacks", "is required"),
    ("a stack of another kind", "stacks: {dev: 7}\nsenders: {acr: {kind: acr, secrets: [env:A]}}\n", "1: stacks.dev", "mapping"),
    ("a name that no stack has", LEAST.replace("dev", "--cwd=/"), "1: stacks.--cwd=/", "no name"),
    ("a name that is no part of a URL", LEAST.replace("acr:", "A/B:"), "2: senders.A/B", "URL"),
    ("an unknown mode", LEAST.replace("dev: ", "dev: {mode: ask}"), "1: stacks.dev.mode", "deploy or approve"),
    ("nobody could approve", LEAST.replace("dev: ", "dev: {mode: approve}"), "1: stacks.dev.mode", "page"),
    ("at most before quiet", LEAST.replace("dev: ", "dev: {quiet: 1m, at_most: 10s}"), "1: stacks.dev.at_most", "shorter than quiet"),
    ("what is no duration", LEAST.replace("dev: ", "dev: {quiet: soon}"), "1: stacks.dev.quiet", "duration"),
    ("an unknown kind", LEAST.replace("kind: acr", "kind: gcr"), "2: senders.acr.kind", "acr or eventbridge"),
    ("no kind", LEAST.replace("kind: acr, ", ""), "2: senders.acr.kind", "is required"),
    ("no secret", LEAST.replace("[env:A]", "[]"), "2: senders.acr.secrets", "is required"),
    ("a secret that is not set", LEAST.replace("env:A", "env:C"), "2: senders.acr.secrets[0]", "env:C is not set"),
    ("a secret in no file", LEAST.replace("env:A", "file:no.txt"), "2: senders.acr.secrets[0]", "no.txt cannot be read"),
    ("an empty secret", LEAST.replace("env:A", "env:EMPTY"), "2: senders.acr.secrets[0]", "env:EMPTY is empty"),
    ("a short secret", LEAST.replace("env:A", "env:SHORT"), "2: senders.acr.secrets[0]", "env:SHORT is shorter than 16"),
    ("a secret that is no part of a URL", LEAST.replace("env:A", "env:SPACE"), "2: senders.acr.secrets[0]", "URL"),
    ("a secret like an instance", LEAST.replace("env:A", "env:CRI"), "2: senders.acr.secrets[0]", "cri-"),
    ("a secret in the file", LEAST.replace("env:A", SECRET), "2: senders.acr.secrets[0]", "env:NAME or file:PATH"),
    ("three secrets", LEAST.replace("[env:A]", "[env:A, env:B, env:A]"), "2: senders.acr.secrets", "has 3"),
    ("no number", LEAST + "workers: many\n", "3: workers", "from 1 to 64"),
    ("true is no number", LEAST + "attempts: true\n", "3: attempts", "from 1 to 100"),
    ("a survey every moment", LEAST + "survey_every: 1s\n", "3: survey_every", "at least 10s"),
    ("a repository with its host", LEAST + "repositories: ['r.example.com:5000/a/b']\n", "3: repositories[0]", "without a host"),
    ("what is no instance", LEAST + "instances: {demo: cri-1}\n", "3: instances.demo", "cri-"),
    ("an instance without a name", LEAST + "instances: {cri-1: }\n", "3: instances.cri-1", "is required"),
    ("what is no Redis", LEAST + "redis: env:A\n", "3: redis", "redis://"),
    ("what is no address", LEAST + "notify: [env:A]\n", "3: notify[0]", "apprise"),
    ("a page for nobody", LEAST + "page: {}\n", "3: page.token", "is required"),
    ("a header that anybody may send", LEAST + "page: {user_header: X-User}\n", "3: page.trusted", "is required"),
    ("what is no network", LEAST + "page: {token: env:A, trusted: [ten]}\n", "3: page.trusted[0]", "10.0.0.0/8"),
    ("what is no network of a proxy", LEAST + "trusted_proxies: [ten]\n", "3: trusted_proxies[0]", "10.0.0.0/8"),
    ("every variable", LEAST + "environment: ['*']\n", "3: environment[0]", "name of a variable"),
    ("a variable with its value", LEAST + "environment: [A=b]\n", "3: environment[0]", "name of a variable"),
    ("no window", LEAST.replace("dev: ", "dev: {windows: always}"), "1: stacks.dev.windows", "list"),
    ("no day", LEAST.replace("dev: ", "dev: {windows: [{days: someday, from: '9:00', to: '18:00', zone: UTC}]}"), "1: stacks.dev.windows[0].days", "mon-fri"),
    ("a window without days, which would be none", LEAST.replace("dev: ", "dev: {windows: [{days: [], from: '9:00', to: '18:00', zone: UTC}]}"), "1: stacks.dev.windows[0].days", "every day unless"),
    ("no time of day", LEAST.replace("dev: ", "dev: {windows: [{from: '25:00', to: '18:00', zone: UTC}]}"), "1: stacks.dev.windows[0].from", "time of day"),
    ("a time without quotes and minutes", LEAST.replace("dev: ", "dev: {windows: [{from: 9, to: '18:00', zone: UTC}]}"), "1: stacks.dev.windows[0].from", "quotes"),
    ("no time zone", LEAST.replace("dev: ", "dev: {windows: [{from: '9:00', to: '18:00', zone: Asia/Hangzhou}]}"), "1: stacks.dev.windows[0].zone", "no time zone"),
    ("a zone out of its folder", LEAST.replace("dev: ", "dev: {windows: [{from: '9:00', to: '18:00', zone: ../../etc/passwd}]}"), "1: stacks.dev.windows[0].zone", "no time zone"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "where", "fact"), [pytest.param(*row[1:], id=row[0]) for row in WRONG])
def test_what_is_wrong_is_said_with_its_line(folder: Path, text: str, where: str, fact: str) -> None:
    found = problems(folder, text)
    first = next((problem for problem in found if where in problem), "")
    assert first, found
    assert fact in first
    assert not any(secret in str(found) for secret in (SECRET, "hunter2", "spaces", "0a1b2c3d"))


def test_everything_that_is_wrong_is_said_at_once(folder: Path) -> None:
    text = "stacks: {dev: {mode: ask, quiet: soon}}\nsenders: {acr: {kind: gcr, secrets: [env:C, env:SHORT]}}\nx: 1\n"
    assert len(problems(folder, text)) == 6


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="cannot be read"):
        read_settings(tmp_path / "receiver.yaml", {})
