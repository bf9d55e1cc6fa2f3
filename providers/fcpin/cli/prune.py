"""`fcpin prune`."""

import sys
from collections.abc import Collection, Sequence
from datetime import timedelta
from os import environ
from typing import TYPE_CHECKING

import click

from fcpin.acr_hosts import acr_host
from fcpin.cli.options import RegistryOptions, fc_endpoint_option, registry_options
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput, Problem
from fcpin.image import Repository
from fcpin.policy.times import parse_duration

if TYPE_CHECKING:
    from fcpin.cli.remote import Remote
    from fcpin.fc.uses import Use
    from fcpin.stack.prune import Verdict


@click.command()
@registry_options(required=True)
@click.option(
    "--region",
    "named",
    metavar="REGION",
    multiple=True,
    help="A region whose functions may run the images; for ACR the repository's own region is always included.",
)
@click.option(
    "--grace", metavar="DURATION", default="7d", help="Keep tags that were pushed less than this ago (default: 7d)."
)
@click.option("--dry-run", is_flag=True, help="Remove nothing; print what would be removed.")
@fc_endpoint_option
def command(
    registry: RegistryOptions, named: Sequence[str], grace: str, dry_run: bool, fc_endpoint: str | None
) -> None:
    """Remove pin tags (protect: pin_tag) that nothing runs.

    Removes only tags fcpin-<12 digits of their digest> that no function and no published version of the regions runs.
    Removes none if a listing fails or is empty, or while it is unknown which image a function runs.
    """
    from fcpin.cli.remote import Remote  # the clients of registries and of Alibaba Cloud: a third of a second
    from fcpin.stack.prune import Usage, judge, pin_tags_of

    remote, keep_for = Remote.of(registry), _grace(grace)
    regions = _regions(named, remote.name)
    is_public = _is_public(named, remote)
    tags = pin_tags_of(remote.repository)
    may_be_empty = [region for region in regions if is_public and region not in named]
    used = [use for region in regions for use in _uses(region, fc_endpoint, may_be_empty)] if tags else []
    verdicts = judge(tags, Usage.of(remote.name, used), keep_for, SystemClock().now())
    for verdict in verdicts:
        if verdict.unused and not dry_run:
            remote.repository.delete_tag(verdict.record.tag)
        sys.stdout.write(f"{_line(verdict, dry_run=dry_run)}\n")
        sys.stdout.flush()  # a removed tag is reported even if the next removal fails
    _conclude(verdicts, regions, dry_run=dry_run)


def _grace(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InvalidInput(Problem("--grace", str(error))) from None


def _is_public(named: Sequence[str], remote: "Remote") -> bool:
    """Whether functions of any region may run the images. Raises InvalidInput if they may and no region is named."""
    acr = acr_host(remote.name.host)
    if acr is None or acr.edition != "enterprise" or remote.repository.is_private():
        return False
    if not named:
        raise InvalidInput(
            Problem(
                "--region",
                f"is required, once for each region whose functions run images of {remote.name}: "
                "its RepoType is not PRIVATE, so functions of any region may run them",
            )
        )
    return True


def _regions(named: Sequence[str], repository: Repository) -> list[str]:
    """The regions of the functions that may run an image of *repository*."""
    from fcpin.settings import region_problem

    acr = acr_host(repository.host)
    regions = list(dict.fromkeys([*([acr.region] if acr else []), *named]))
    if not regions:
        raise InvalidInput(
            Problem("--region", f"is required, once for each region whose functions pull from {repository.host}")
        )
    if problems := [problem for region in regions if (problem := region_problem("--region", region))]:
        raise InvalidInput(*problems)
    return regions


def _uses(region: str, endpoint: str | None, may_be_empty: Collection[str]) -> "Sequence[Use]":
    from fcpin.fc.client import FunctionClient
    from fcpin.fc.uses import uses
    from fcpin.http.credentials import Credentials
    from fcpin.settings import REGION
    from fcpin.stack.prune import require_functions

    at = (endpoint or "").replace(REGION, region)
    found = uses(FunctionClient(region, endpoint=at, credentials=Credentials.from_environment(environ)))
    if region not in may_be_empty:
        require_functions(found)
    return found.uses


def _line(verdict: "Verdict", *, dry_run: bool) -> str:
    action = "kept" if not verdict.unused else "would go" if dry_run else "removed"
    return f"{verdict.record.tag}  {action:8}  {verdict.why}"


def _conclude(verdicts: "Sequence[Verdict]", regions: Sequence[str], *, dry_run: bool) -> None:
    unused = sum(verdict.unused for verdict in verdicts)
    verb = "would be removed" if dry_run else "removed"
    where = f"; functions of {', '.join(regions)} were looked at" if verdicts else ""
    sys.stdout.write(f"{unused} of {len(verdicts)} pin tags {verb}{where}\n")
