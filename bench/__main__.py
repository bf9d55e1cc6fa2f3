"""`make bench`: tags selected from and read, commands started, 1,000 resources made, a push until it runs.

`make bench ARGS="engines receiver"` measures only what it names.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from bench import engines, listings, pushes
from bench.timing import medians, processes
from fcpin.cli.tag_input import read_tags
from fcpin.image import TagRecord
from fcpin.policy import Policy, Ranking

_ROUNDS = 5
_FEW = 10_000
_EXTRACT = {"pattern": r"^main-[a-f0-9]+-(?P<ts>\d+)$", "extract": "$ts"}
_MATCH = re.compile(r"\w+-?(.*)").fullmatch

SELECTING: Sequence[tuple[str, Callable[[], Sequence[TagRecord]], Mapping[str, object]]] = (
    ("family, by push time", listings.commits, {"family": {"name": "main"}}),
    ("family, by number", listings.builds, {"family": {"name": "main"}}),
    ("semver", listings.versions, {"semver": {"range": "1.x"}}),
    ("numerical", listings.numbers, {"numerical": {}}),
    ("alphabetical", listings.commits, {"alphabetical": {}}),
    ("newest", listings.commits, {"newest": {}}),
    ("newest, with min_age", listings.commits, {"newest": {}, "min_age": "7d"}),
    ("newest, with ignore_tags", listings.commits, {"newest": {}, "ignore_tags": [".*-debug", "release-0.*"]}),
    ("newest, with filter_tags", listings.commits, {"newest": {}, "filter_tags": {"pattern": "^main-"}}),
    ("numerical, with extract", listings.dated, {"numerical": {}, "filter_tags": _EXTRACT}),
)


class Figure(NamedTuple):
    """What was measured, and the least that it could have taken in the same moments; both in seconds of CPU."""

    name: str
    taken: float
    floor: float

    def __str__(self) -> str:
        return f"  {self.name:<36}{self.taken * 1e3:>8.1f}{self.floor * 1e3:>8.1f}{self.taken / self.floor:>7.1f}"


def main() -> int:
    """Print every figure of the sections that are named, or of all."""
    sections: Mapping[str, Callable[[], None]] = {
        "selecting": partial(
            cpu,
            "selecting from 10,000 and 100,000 tags, without the reasons of the others",
            "one match of a regular expression a tag",
            selecting,
        ),
        "reading": partial(cpu, "reading 100,000 tags", "json.loads a line", reading),
        "starting": partial(cpu, "starting", "python -c pass", starting),
        "engines": deploying,
        "receiver": receiving,
    }
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(sections))
    wanted = parser.parse_args().sections or list(sections)
    if unknown := [name for name in wanted if name not in sections]:
        parser.error(f"unknown section {unknown[0]}; expected {', '.join(sections)}")
    for name in wanted:
        sections[name]()
    return 0


def cpu(title: str, floor: str, figures: Callable[[], Iterator[Figure]]) -> None:
    """A section of CPU time, each figure with the least that this machine needs."""
    head = f"\n{title}; CPU time, medians of {_ROUNDS}; floor: {floor}\n"
    sys.stdout.write(f"{head}  {'':<36}{'ms':>8}{'floor':>8}{'ratio':>7}\n")
    for figure in figures():
        sys.stdout.write(f"{figure}\n")
        sys.stdout.flush()


def deploying() -> None:
    """The engines, on the clock."""
    sys.stdout.write(f"\nup of {engines.RESOURCES:,} new resources; medians of {engines.ROUNDS}\n")
    sys.stdout.write(f"  {'':<28}{'s':>8}{'MB':>8}{'ratio':>7}\n")
    for line in engines.up():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def receiving() -> None:
    """The receiver, on the clock."""
    if missing := pushes.missing():
        sys.stdout.write(f"\nfrom push to running: left out, {' and '.join(missing)} is not installed\n")
        return
    burst = f"{pushes.BURST:,} pushes in {pushes.BURST_SECONDS:g} s over {pushes.REPOSITORIES} repositories"
    for title, figures in (
        (f"from push to running, {pushes.PUSHES} pushes", pushes.push_to_updated),
        (burst, pushes.burst),
    ):
        sys.stdout.write(f"\n{title}; seconds on the clock\n  {'':<36}{'p50':>8}{'p95':>8}{'max':>8}\n")
        for line in figures():
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


def selecting() -> Iterator[Figure]:
    """From records to a choice; then the reasons of the others, which `explain` shows."""
    for name, listing, spec in SELECTING:
        policy, every = Policy.from_spec(spec), listing()
        for tags in (every[:: len(every) // _FEW], every):
            select = partial(_select, policy, tags)
            taken = medians({"select": select, "floor": partial(_look_at, tags)}, _ROUNDS)
            yield Figure(f"{name}{', 10,000' if tags is not every else ''}", taken["select"], taken["floor"])
    tags, policy = listings.commits(), Policy.from_spec({"family": {"name": "main"}})
    explain = partial(_explain, policy, tags)
    taken = medians({"explain": explain, "floor": partial(_look_at, tags)}, _ROUNDS)
    yield Figure("family, with every reason", taken["explain"], taken["floor"])


def _select(policy: Policy, tags: Sequence[TagRecord]) -> object:
    return Ranking(policy, tags).select(now=listings.NOW)


def _explain(policy: Policy, tags: Sequence[TagRecord]) -> object:
    return Ranking(policy, tags).select(now=listings.NOW).rejected


def _look_at(tags: Sequence[TagRecord]) -> object:
    return [_MATCH(tag.tag) for tag in tags]


def reading() -> Iterator[Figure]:
    """From JSON lines to records."""
    tags = [
        json.dumps({"tag": tag.tag, "digest": tag.digest, "pushed": tag.pushed and tag.pushed.isoformat()})
        for tag in listings.commits()
    ]
    data = "\n".join(tags).encode()
    taken = medians(
        {"read": lambda: read_tags(data), "floor": lambda: [json.loads(line) for line in data.splitlines()]}, _ROUNDS
    )
    yield Figure("read_tags", taken["read"], taken["floor"])


def starting() -> Iterator[Figure]:
    """Processes of their own."""
    select = ["-m", "fcpin", "select", "--policy"]
    programs = {
        "import fcpin.cli": ["-c", "import fcpin.cli"],
        "fcpin select": [*select, '{"newest": {}}'],
        "fcpin select, with a pattern": [*select, '{"newest": {}, "ignore_tags": ["x"]}'],
    }
    taken = processes({"floor": ["-c", "pass"], **programs}, _ROUNDS)
    for name in programs:
        yield Figure(name, taken[name], taken["floor"])


if __name__ == "__main__":
    sys.exit(main())
