"""A probe in front of an emulator with the same clock, so that waiting takes no time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from fcpin.emulator import Emulator, Knobs
from fcpin.http.retries import Retry
from fcpin.image import Repository
from fcpin.probe.lab import Lab, Plan
from fcpin.probe.questions import Fact
from fcpin.probe.run import run
from fcpin.settings import Settings
from tests.support.clock import ManualClock

REGION = "cn-hangzhou"
PATH = "shop/probe"
NAME = "fcpin-probe-0a1b2c3d"
OTHER_TAG = "not-of-the-probe"
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
class ProbeHarness:
    """One probe, and what it reported."""

    cloud: Emulator
    lab: Lab
    lines: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cloud: Emulator, clock: ManualClock, repository: str = "", **registry: str) -> Self:
        return cls(cloud, plan_for(cloud, repository, **registry).lab(NAME, clock, ONCE))

    def run(self) -> Self:
        for finding in run(self.lab, self.lines.append):
            if isinstance(finding, Fact):
                self.facts[finding.name] = finding.value
            else:
                self.unknown[finding.name] = finding.reason
        return self


@contextmanager
def harness(clock: ManualClock | None = None, knobs: Knobs | None = None) -> Iterator[ProbeHarness]:
    """A probe of the Enterprise instance, before its run. The repository has a tag that is not the probe's."""
    clock = clock or today()
    with Emulator(knobs=knobs, clock=clock).serve() as cloud:
        cloud.push(PATH, OTHER_TAG)
        yield ProbeHarness.of(cloud, clock)


def probe(knobs: Knobs) -> ProbeHarness:
    with harness(knobs=knobs) as found:
        return found.run()


def tags(cloud: Emulator) -> list[str]:
    return list(cloud._account.store.repository(PATH).tags)
