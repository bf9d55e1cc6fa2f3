"""`fcpin probe`."""

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fcpin.cli.endpoints import parse_repository, refuse_with_stack, settings_of, with_region
from fcpin.cli.group import interruptible
from fcpin.cli.options import RegistryOptions, StackOptions, fc_endpoint_option, registry_options, stack_options
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from fcpin.probe.lab import Plan

INCOMPLETE: Final = 1
DECLINED: Final = 3
_DAY: Final = 86400


class _Number(click.types.FloatParamType):
    name = "number"


def _deadline(_context: click.Context, _option: click.Parameter, seconds: float) -> float:
    if not 0 < seconds < _DAY:
        raise click.BadParameter(f"expected a number of seconds up to a day, got {seconds:g}")
    return seconds


@click.command()
@stack_options("Take region, endpoints and credentials from this stack.")
@registry_options(required=True)
@fc_endpoint_option
@click.option("--region", metavar="REGION", help="The region of the functions (default: the repository's).")
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    default=Path("facts.json"),
    help="Where to write (default: facts.json).",
)
@click.option("--yes", "-y", is_flag=True, help="Create without a confirmation.")
@click.option(
    "--deadline",
    metavar="SECONDS",
    type=_Number(),
    default=600.0,
    callback=_deadline,
    help="For each create or update (default: 600).",
)
def command(
    stack: StackOptions,
    registry: RegistryOptions,
    fc_endpoint: str | None,
    region: str | None,
    output: Path,
    yes: bool,
    deadline: float,
) -> int:
    """Settle open questions about the cloud by experiment.

    Creates throw-away functions, and tags in a repository that you may push to; writes the answers to a file that
    `fcpin emulator --facts` obeys, and removes what it created. Exit status: 0 done, 1 failed or something was left
    behind, 2 wrong input, 3 declined.
    """
    from fcpin.probe.lab import PREFIX, check_repository
    from fcpin.probe.run import check_writable, facts_document, run, settled, write_facts

    plan, clock = _plan(stack, registry, fc_endpoint, region, deadline), SystemClock()
    check_writable(output)
    lab = plan.lab(f"{PREFIX}{secrets.token_hex(4)}", clock)
    check_repository(lab)
    sys.stderr.writelines(f"{line}\n" for line in _announcement(lab.name, plan))
    if not yes and not _confirmed():
        sys.stderr.write("nothing was created\n")
        return DECLINED

    def report(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    measured = clock.now()
    with interruptible():
        findings = run(lab, report)
    write_facts(output, facts_document(findings, plan.settings.region, measured))
    report(f"{settled(findings)} of {len(findings)} questions settled, in {output}")
    return INCOMPLETE if lab.left else 0


def _announcement(name: str, plan: "Plan") -> list[str]:
    from fcpin.probe.function import CPU, MEMORY_MB
    from fcpin.probe.lab import TAGS

    return [
        f"This creates in {plan.settings.region}, and removes again:",
        f"  function  {name} ({CPU:g} vCPU, {MEMORY_MB} MB)",
        f"  tags      {len(TAGS)} named {name}-…, and some 8 images of 1 kB, in {plan.repository}",
        "It calls the function twice; its program ends at once.",
        "Cost: those calls and a few seconds of the smallest function, less than 0.01 CNY.",
    ]


def _confirmed() -> bool:
    """Raises InvalidInput at the end of standard input."""
    try:
        return click.confirm("Continue?", err=True)
    except click.Abort:
        sys.stderr.write("\n")
        raise InvalidInput(Problem("--yes", "is required where no one can confirm")) from None


def _plan(
    stack: StackOptions, registry: RegistryOptions, fc_endpoint: str | None, region: str | None, deadline: float
) -> "Plan":
    """Raises InvalidInput, StackError."""
    from fcpin.probe.lab import Plan

    repository = parse_repository(registry.repository or "")
    if stack.stack:
        addresses = {name: value for name, value in registry._asdict().items() if name != "repository"}
        refuse_with_stack(**addresses, fc_endpoint=fc_endpoint, region=region)
        settings = with_region(stack.read().settings, repository)
    else:
        settings = settings_of(registry, region, fc_endpoint)
    if not settings.region:
        raise InvalidInput(Problem("--region", "is required: neither the stack nor the repository's host has a region"))
    return Plan(settings, repository, deadline)
