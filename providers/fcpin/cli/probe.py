"""fcpin probe: settle by experiment what the cloud's documentation leaves open, for the emulator to obey."""

import secrets
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fcpin.cli.command import Command, Streams
from fcpin.cli.ending import ending_in_order
from fcpin.cli.stacks import read_stack
from fcpin.cli.where import add_where, refuse_addresses, repository_of, settings_of, with_region
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from fcpin.probe.setup import Plan

DONE: Final = 0
INCOMPLETE: Final = 1
DECLINED: Final = 3
_DEADLINE: Final = 600.0
_DAY: Final = 86400


def run(given: Namespace, streams: Streams) -> int:
    """0 all was asked and removed, 1 something was left behind, 3 declined. Raises FcpinError."""
    from fcpin.probe import facts, setup
    from fcpin.probe import run as probing
    from fcpin.probe.lab import PREFIX

    plan, clock = _plan(given), SystemClock()
    facts.check_writable(given.output)
    lab = plan.lab(f"{PREFIX}{secrets.token_hex(4)}", clock)
    setup.check(lab)
    streams.stderr.writelines(f"{line}\n" for line in _announcement(lab.name, plan))
    if not given.yes and not _confirmed(streams):
        print("nothing was made", file=streams.stderr)
        return DECLINED

    def tell(line: str) -> None:
        print(line, file=streams.stdout, flush=True)

    measured = clock.now()
    with ending_in_order():
        findings = probing.run(lab, tell)
    facts.write(given.output, facts.document(findings, plan.settings.region, measured))
    tell(f"{probing.settled(findings)} of {len(findings)} questions settled, in {given.output}")
    return INCOMPLETE if lab.left else DONE


def _announcement(name: str, plan: "Plan") -> list[str]:
    from fcpin.probe.function import CPU, MEMORY_MB
    from fcpin.probe.lab import FUNCTIONS, TAGS

    functions = ", ".join(f"{name}{suffix}" for suffix in FUNCTIONS)
    return [
        f"This makes in {plan.settings.region}, and removes again:",
        f"  functions  {functions} ({CPU:g} vCPU, {MEMORY_MB} MB)",
        f"  tags       {len(TAGS)} named {name}-…, and some 9 images of 1 kB, in {plan.repository}",
        "It calls the first function twice; its program ends at once.",
        "Cost: those calls and a few seconds of the smallest function, less than 0.01 CNY.",
    ]


def _confirmed(streams: Streams) -> bool:
    """Raises InvalidInput when nobody answers."""
    print("Go on? [y/N] ", end="", file=streams.stderr, flush=True)
    answer = streams.stdin.readline()
    if not answer:
        print(file=streams.stderr)
        raise InvalidInput(Problem("--yes", "is needed where nobody can be asked"))
    return answer.strip().lower() in {b"y", b"yes"}


def _plan(given: Namespace) -> "Plan":
    """Raises InvalidInput, StackError."""
    from fcpin.probe.setup import Plan

    if (repository := repository_of(given)) is None:
        raise InvalidInput(Problem("--repository", "is required"))
    if given.stack:
        refuse_addresses(given, "region")
        settings = with_region(read_stack(given).settings, repository)
    else:
        settings = settings_of(given, repository)
    if not settings.region:
        raise InvalidInput(Problem("--region", "is needed: neither the stack nor the repository's host tells it"))
    return Plan(settings, repository, given.deadline)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < _DAY:
        raise ArgumentTypeError(f"expected a number of seconds up to a day, got {text!r}")
    return seconds


def _add_options(parser: ArgumentParser) -> None:
    add_where(parser, needs_repository=True, about_stack="take region, addresses and credentials from this stack")
    parser.add_argument(
        "--output", type=Path, default=Path("facts.json"), metavar="FILE", help="where to write (default: facts.json)"
    )
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask before making anything")
    parser.add_argument(
        "--deadline",
        type=_seconds,
        default=_DEADLINE,
        metavar="SECONDS",
        help="for each create or update (default: 600)",
    )


PROBE: Final = Command(
    "probe",
    "settle open questions about the cloud by experiment; for an account",
    "Makes throw-away functions, and tags in a repository that you may push to; writes what it finds to a file that "
    "`fcpin emulator --facts` obeys, and removes what it made. Exit status: 0 done, 1 failed or something was left "
    "behind, 2 wrong input, 3 declined.",
    _add_options,
    run,
)
