"""`fcpin rollback`."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from fcpin.cli.options import StackOptions, stack_options
from fcpin.cli.output import shown, write_changed
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput, InvalidPolicy, Problem, RegistryError
from fcpin.policy.times import parse_duration, parse_moment

if TYPE_CHECKING:
    from fcpin.registry.registries import Registries
    from fcpin.stack.rollback import Entry


@click.command()
@click.argument("function", metavar="FUNCTION")
@stack_options()
@click.option("--to", metavar="TAG|DIGEST", help="The image to go back to (default: the previous one).")
@click.option("--until", metavar="TIME", help="The end of the hold: a time, or 2h, 7d from now.")
@click.option("--reason", metavar="TEXT", help="Shown in previews.")
@click.option("--remove", is_flag=True, help="Remove the hold instead.")
def command(
    function: str, stack: StackOptions, to: str | None, until: str | None, reason: str | None, remove: bool
) -> None:
    """Hold a function at its previous image, by an entry in the stack's file.

    FUNCTION is an entry of fcpin:functions, or the name of its function. Writes `hold` into the entry, in
    Pulumi.<stack>.yaml or in the function file that has it, and leaves the rest of the file as it is. Nothing is
    deployed: the next `pulumi up` does that.
    """
    from fcpin.clients import registries_of
    from fcpin.stack.project import read_file, stack_file
    from fcpin.stack.rollback import Entry, hold_for
    from fcpin.stack.yaml_edit import with_hold

    if remove and (to or until or reason):
        raise InvalidInput(Problem("--remove", "removes the hold; remove --to, --until and --reason"))
    clock = SystemClock()
    now = clock.now()
    end, why = (now, "") if remove else (_until(until, now), _reason(reason))
    read = stack.read()
    entry, registries = Entry.find(read, function), registries_of(read.settings, clock)
    own = read.file_of(entry.name)
    file = own.path if own else stack_file(stack.cwd.resolve(), read.name)
    hold = None if remove else hold_for(entry, registries, to, end, why)
    before = read_file(file)
    after = with_hold(before, entry.name, hold, shown(file), is_stack=own is None)
    consequence = list(_consequence(entry, registries, hold, now))
    follows = [] if before == after else [f"next: {read.engine.name} up --stack {read.name}"]
    for line in (*write_changed(file, before, after), *consequence, *follows):
        click.echo(line)


def _until(text: str | None, now: datetime) -> datetime:
    """A time, or how long from now."""
    if not text:
        raise InvalidInput(Problem("--until", "is required, such as 2026-12-01T00:00:00Z or 7d"))
    try:
        until = now + parse_duration(text) if text[-1] in "dhms" else parse_moment(text)
    except ValueError as error:
        raise InvalidInput(Problem("--until", str(error))) from None
    if until <= now:
        raise InvalidInput(Problem("--until", f"{text} is in the past"))
    return until


def _reason(text: str | None) -> str:
    from fcpin.stack.rollback import reason_of

    try:
        return reason_of(text or "")
    except ValueError as error:
        raise InvalidInput(Problem("--reason", str(error))) from None


def _consequence(entry: "Entry", registries: "Registries", hold: dict[str, str] | None, now: datetime) -> Iterator[str]:
    """What the next `up` deploys. Raises InvalidPolicy, RegistryError for a hold that the policy does not accept."""
    if "hold" in entry.spec and hold is not None:
        yield f"{entry.name}: the existing hold is replaced"
    elif "hold" not in entry.spec and hold is None:
        yield f"{entry.name}: there is no hold to remove"
    try:
        selection = entry.selection(registries, hold, now)
    except (InvalidPolicy, RegistryError) as error:
        if hold is not None:
            raise
        yield f"{entry.name}: what the next up would deploy is unknown: {error}"
        return
    if selection.chosen is None:
        yield f"{entry.name}: the next up deploys nothing new: {selection.reason}"
    elif selection.chosen.tag == entry.current:
        yield f"{entry.name}: stays on {entry.current}: {selection.reason}"
    else:
        yield f"{entry.name}: {entry.current or 'nothing'} => {selection.chosen.tag}: {selection.reason}"
