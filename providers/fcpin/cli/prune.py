"""fcpin prune: remove the pin tags of a repository that no function and no published version runs."""

from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Sequence
from datetime import timedelta
from os import environ
from typing import TYPE_CHECKING, Final, TextIO

from fcpin.cli import options
from fcpin.cli.command import Command, Streams
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput, Problem
from fcpin.image import Repository, acr_host
from fcpin.policy.times import parse_duration

if TYPE_CHECKING:
    from fcpin.cli.remote import Remote
    from fcpin.fc.uses import Use
    from fcpin.protection.prune import Judgement


def run(given: Namespace, streams: Streams) -> int:
    """Return 0, also when nothing is to be removed. Raises InvalidInput, RegistryError, FunctionError."""
    from fcpin.cli.remote import Remote  # clients of registries and of Alibaba Cloud: a third of a second to load
    from fcpin.protection.pin_tags import pin_tags_of
    from fcpin.protection.prune import judge
    from fcpin.protection.usage import Usage

    remote, grace = Remote.of(given), _grace(given.grace)
    regions = _regions(given.region or [], remote.name)
    is_public = _is_public(given, remote)
    tags = pin_tags_of(remote.repository)
    may_be_empty = [region for region in regions if is_public and region not in given.region]
    used = [use for region in regions for use in _uses(region, given.fc_endpoint, may_be_empty)] if tags else []
    judgements = judge(tags, Usage.of(remote.name, used), grace, SystemClock().now())
    for judgement in judgements:
        if judgement.unused and not given.dry_run:
            remote.repository.delete_tag(judgement.record.tag)
        streams.stdout.write(f"{_line(judgement, dry_run=given.dry_run)}\n")
        streams.stdout.flush()  # what is removed is removed, whatever becomes of the rest
    _conclude(streams.stdout, judgements, regions, dry_run=given.dry_run)
    return 0


def _grace(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InvalidInput(Problem("--grace", str(error))) from None


def _is_public(given: Namespace, remote: "Remote") -> bool:
    """Whether functions of any region may run the images. Raises InvalidInput when none was named then."""
    acr = acr_host(remote.name.host)
    if acr is None or acr.edition != "enterprise" or remote.repository.is_private():
        return False
    if not given.region:
        raise InvalidInput(
            Problem(
                "--region",
                f"is required, once for each region whose functions run images of {remote.name}: "
                "its RepoType is not PRIVATE, so functions of any region may run them",
            )
        )
    return True


def _regions(given: list[str], repository: Repository) -> list[str]:
    """The regions of the functions that may run an image of *repository*."""
    from fcpin.settings import region_problem

    acr = acr_host(repository.host)
    regions = list(dict.fromkeys([*([acr.region] if acr else []), *given]))
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
    from fcpin.openapi import Credentials
    from fcpin.protection.usage import require_functions
    from fcpin.settings import REGION

    at = (endpoint or "").replace(REGION, region)
    found = uses(FunctionClient(region, endpoint=at, credentials=Credentials.from_environment(environ)))
    if region not in may_be_empty:
        require_functions(found)
    return found.uses


def _line(judgement: "Judgement", *, dry_run: bool) -> str:
    verdict = "kept" if not judgement.unused else "would go" if dry_run else "removed"
    return f"{judgement.record.tag}  {verdict:8}  {judgement.why}"


def _conclude(stdout: TextIO, judgements: "list[Judgement]", regions: list[str], *, dry_run: bool) -> None:
    unused = sum(judgement.unused for judgement in judgements)
    verb = "would be removed" if dry_run else "removed"
    where = f"; functions of {', '.join(regions)} were looked at" if judgements else ""
    stdout.write(f"{unused} of {len(judgements)} pin tags {verb}{where}\n")


def _add_options(parser: ArgumentParser) -> None:
    options.add_repository(parser, required=True)
    parser.add_argument(
        "--region",
        metavar="REGION",
        action="append",
        help="a region whose functions may run the images; for ACR the repository's own region is always included",
    )
    parser.add_argument(
        "--grace", metavar="DURATION", default="7d", help="leave what was pushed less than this ago (7d)"
    )
    parser.add_argument("--dry-run", action="store_true", help="remove nothing, say what would be")
    parser.add_argument("--fc-endpoint", metavar="URL", help="ask this endpoint of Function Compute")


PRUNE: Final = Command(
    "prune",
    "remove pin tags (protect: pin_tag) that nothing runs",
    "Removes only tags fcpin-<12 digits of their digest> that no function and no published version of the regions "
    "runs. Removes none if a listing fails or is empty, or while it is not known which image a function runs.",
    _add_options,
    run,
)
