"""fcpin doctor: look at everything that a deployment needs, and say what is wrong and what to do."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from fcpin.cli.columns import write_rows
from fcpin.cli.command import Command, Streams
from fcpin.cli.output import write_json
from fcpin.cli.stacks import engine, stack_name
from fcpin.cli.where import add_where, refuse_addresses, repository_of, settings_of
from fcpin.clock import SystemClock
from fcpin.errors import StackError

if TYPE_CHECKING:
    from fcpin.doctor.result import CheckResult
    from fcpin.doctor.targets import Targets

WELL: Final = 0
UNWELL: Final = 1
_HEAD: Final = ("STATUS", "CHECK", "FOUND")
_STYLES: Final = {"ok": "", "problem": "bold red", "note": "yellow", "not tried": "dim"}


def run(given: Namespace, streams: Streams) -> int:
    """0 when nothing is wrong. Raises InvalidInput for options that cannot be used, and nothing else."""
    from fcpin.doctor.checks import is_well, run_checks

    lines = list(run_checks(_targets(given), SystemClock()))
    well = is_well(lines)
    if given.json:
        answer = {"stack": given.stack, "ok": well, "checks": [asdict(line) for line in lines]}
        write_json(streams.stdout, answer)
    else:
        _write(streams, lines)
    return WELL if well else UNWELL


def _targets(given: Namespace) -> "Targets":
    from fcpin.doctor.targets import Targets

    repository = repository_of(given)
    if not given.stack:
        return Targets.of_environment(settings_of(given, repository), [repository] if repository else [])
    refuse_addresses(given, "repository", "region")
    try:
        return Targets.of_stack(engine(given), stack_name(given))
    except StackError as error:
        return Targets.of_stack(error, given.stack)


def _write(streams: Streams, lines: Sequence["CheckResult"]) -> None:
    rows = [(line.status.value, line.name, "; ".join(filter(None, (line.detail, line.remedy)))) for line in lines]
    write_rows(streams.stdout, _HEAD, rows, [_STYLES[line.status.value] for line in lines])


def _add_options(parser: ArgumentParser) -> None:
    add_where(parser, needs_repository=False, about_stack="look at what this stack needs")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


DOCTOR: Final = Command(
    "doctor",
    "credentials, endpoints, clock and rights: what is wrong, and what to do",
    "Looks at everything that a deployment of a stack needs, and changes nothing. Without a stack it looks at the "
    "environment, a region and a repository. Exit status: 0 nothing is wrong, 1 something is, 2 wrong input.",
    _add_options,
    run,
)
