"""A probe in front of an emulator that lives by the same clock: nobody waits."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fcpin.emulator import Emulator, Knobs
from fcpin.http.limits import Retry
from fcpin.image import Repository
from fcpin.probe.findings import Fact, Unknown
from fcpin.probe.lab import Lab
from fcpin.probe.run import run
from fcpin.probe.setup import Plan
from fcpin.settings import Settings
from tests.support.clock import ManualClock

REGION = "cn-hangzhou"
PATH = "shop/probe"
NAME = "fcpin-probe-0a1b2c3d"
ONCE = Retry(attempts=1, seconds=5, first_wait=0, longest_wait=0)


def today() -> ManualClock:
    """Signatures are dated by the machine, so both clocks begin with it."""
    return ManualClock(datetime.now(UTC))


def plan_for(cloud: Emulator, repository: str = "", **registry: str) -> Plan:
    """A repository of the emulator's Enterprise instance, unless another one is named."""
    repository = repository or f"{cloud.enterprise_host}/{PATH}"
    host = repository.partition("/")[0]
    config: dict[str, Any] = {
        "alicloud:accessKey": cloud.access_key_id,
        "alicloud:secretKey": cloud.access_key_secret,
        "fcpin:region": REGION,
        "fcpin:endpoints": {"fc": cloud.url, "cr": cloud.url},
        "fcpin:registries": {host: {"endpoint": cloud.url, **registry}},
    }
    return Plan(Settings.read(config.get, {}), Repository.parse(repository), deadline=100)


@dataclass
class Laboratory:
    """One probe, and what it told."""

    cloud: Emulator
    lab: Lab
    told: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        for finding in run(self.lab, self.told.append):
            match finding:
                case Fact():
                    self.facts[finding.name] = finding.value
                case Unknown():
                    self.unknown[finding.name] = finding.why


def probe(knobs: Knobs, repository: str = "") -> Laboratory:
    """A whole run in front of an emulator with these knobs, in its Enterprise instance unless told otherwise."""
    clock = today()
    with Emulator(knobs=knobs, clock=clock).serve() as cloud:
        cloud.push(PATH, "somebody-elses")
        login = {"username": cloud.username, "password": cloud.password} if repository else {}
        laboratory = Laboratory(cloud, plan_for(cloud, repository, **login).lab(NAME, clock, ONCE))
        laboratory.run()
        return laboratory
