"""`fcpin doctor`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from fcpin.cli.endpoints import parse_repository, refuse_with_stack, settings_of
from fcpin.cli.options import (
    RegistryOptions,
    StackOptions,
    fc_endpoint_option,
    json_option,
    registry_options,
    stack_options,
)
from fcpin.cli.output import write_json, write_rows
from fcpin.clock import SystemClock
from fcpin.errors import StackError

if TYPE_CHECKING:
    from fcpin.doctor.targets import Targets

PROBLEM: Final = 1
_HEAD: Final = ("STATUS", "CHECK", "FOUND")
_STYLES: Final = {"ok": "", "problem": "bold red", "note": "yellow", "not tried": "dim"}


@click.command()
@stack_options("Check what this stack needs.")
@registry_options(required=False)
@fc_endpoint_option
@click.option("--region", metavar="REGION", help="The region of the functions (default: the repository's).")
@json_option
def command(
    stack: StackOptions, registry: RegistryOptions, fc_endpoint: str | None, region: str | None, as_json: bool
) -> int:
    """Check everything that a deployment of a stack needs.

    Changes nothing. Without a stack it checks the environment, a region and a repository. Exit status: 0 no problem,
    1 a problem was found, 2 wrong input.
    """
    from fcpin.doctor.checks import is_well, run_checks

    results = list(run_checks(_targets(stack, registry, fc_endpoint, region), SystemClock()))
    well = is_well(results)
    if as_json:
        write_json({"stack": stack.stack, "ok": well, "checks": [asdict(result) for result in results]})
    else:
        rows = [
            (result.status.value, result.name, "; ".join(filter(None, (result.detail, result.remedy))))
            for result in results
        ]
        write_rows(_HEAD, rows, [_STYLES[result.status.value] for result in results])
    return 0 if well else PROBLEM


def _targets(stack: StackOptions, registry: RegistryOptions, fc_endpoint: str | None, region: str | None) -> "Targets":
    from fcpin.doctor.targets import Targets

    repositories = [parse_repository(registry.repository)] if registry.repository else []
    if not stack.stack:
        return Targets.of_environment(settings_of(registry, region, fc_endpoint), repositories)
    refuse_with_stack(**registry._asdict(), fc_endpoint=fc_endpoint, region=region)
    try:
        return Targets.of_stack(stack.find_engine(), stack.name)
    except StackError as error:
        return Targets.of_stack(error, stack.stack)
