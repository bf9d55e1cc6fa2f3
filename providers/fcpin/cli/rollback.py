"""fcpin rollback: hold a function at what ran before, by writing it into the stack's file."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from fcpin.cli.command import Command, Streams
from fcpin.cli.edits import as_written, difference
from fcpin.cli.stacks import add_stack, read_stack
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput, InvalidPolicy, Problem, RegistryError
from fcpin.policy.times import parse_duration, parse_moment

if TYPE_CHECKING:
    from fcpin.registry.registries import Registries
    from fcpin.stack import Stack
    from fcpin.stack.rollback import Entry


def run(given: Namespace, streams: Streams) -> int:
    """0 when the file says what is asked for. Raises InvalidInput, StackError, RegistryError; then it is as it was."""
    from fcpin.clients import registries_of
    from fcpin.stack.config_file import with_hold
    from fcpin.stack.project import read_file, stack_file, write_file
    from fcpin.stack.rollback import Entry, hold_for

    clock = SystemClock()
    now = clock.now()
    until, reason = _until(given, now), _reason(given)
    stack = read_stack(given)
    entry, registries = Entry.find(stack, given.function), registries_of(stack.settings, clock)
    own = stack.file_of(entry.name)
    file = own.path if own else stack_file(given.cwd.resolve(), stack.name)
    shown = as_written(file)
    hold = None if given.remove else hold_for(entry, registries, given.to, until, reason)
    before = read_file(file)
    after = with_hold(before, entry.name, hold, shown, is_stack=own is None)
    said = list(_consequence(entry, registries, hold, now))
    if after != before:
        write_file(file, after)
    streams.stdout.writelines(
        f"{line}\n" for line in (*difference(before, after, shown), *said, *_next(stack, before == after))
    )
    return 0


def _until(given: Namespace, now: datetime) -> datetime:
    """A time, or how long from now."""
    if given.remove:
        if given.to or given.until or given.reason:
            raise InvalidInput(Problem("--remove", "takes the hold away; drop --to, --until and --reason"))
        return now
    if not given.until:
        raise InvalidInput(Problem("--until", "is required, such as 2026-12-01T00:00:00Z or 7d"))
    try:
        until = now + parse_duration(given.until) if given.until[-1] in "dhms" else parse_moment(given.until)
    except ValueError as error:
        raise InvalidInput(Problem("--until", str(error))) from None
    if until <= now:
        raise InvalidInput(Problem("--until", f"{given.until} is in the past"))
    return until


def _reason(given: Namespace) -> str:
    from fcpin.stack.rollback import reason_of

    try:
        return "" if given.remove else reason_of(given.reason or "")
    except ValueError as error:
        raise InvalidInput(Problem("--reason", str(error))) from None


def _consequence(entry: "Entry", registries: "Registries", hold: dict[str, str] | None, now: datetime) -> Iterator[str]:
    """What the next `up` does. A hold must be one that the policy takes; without one it is good to know."""
    if "hold" in entry.spec and hold is not None:
        yield f"{entry.name}: the hold that was there is replaced"
    elif "hold" not in entry.spec and hold is None:
        yield f"{entry.name}: there is no hold to remove"
    try:
        selection = entry.selection(registries, hold, now)
    except (InvalidPolicy, RegistryError) as error:
        if hold is not None:
            raise
        yield f"{entry.name}: what the next up would deploy cannot be told: {error}"
        return
    if selection.chosen is None:
        yield f"{entry.name}: the next up deploys nothing new: {selection.reason}"
    elif selection.chosen.tag == entry.current:
        yield f"{entry.name}: stays on {entry.current}: {selection.reason}"
    else:
        yield f"{entry.name}: {entry.current or 'nothing'} => {selection.chosen.tag}: {selection.reason}"


def _next(stack: "Stack", unchanged: bool) -> Iterator[str]:
    if not unchanged:
        yield f"next: {stack.engine.name} up --stack {stack.name}"


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("function", metavar="FUNCTION", help="an entry of fcpin:functions, or the name of its function")
    add_stack(parser)
    parser.add_argument("--to", metavar="TAG|DIGEST", help="what to go back to (default: what ran before)")
    parser.add_argument("--until", metavar="TIME", help="when the policy decides again: a time, or 2h, 7d from now")
    parser.add_argument("--reason", metavar="TEXT", help="for those who see the previews")
    parser.add_argument("--remove", action="store_true", help="take the hold away instead")


ROLLBACK: Final = Command(
    "rollback",
    "hold a function at what ran before, in the stack's file",
    "Writes `hold` into the entry of the function, in Pulumi.<stack>.yaml or the function file that has it, and leaves "
    "the rest of the file as it is. "
    "Nothing is deployed: the next `pulumi up` does that.",
    _add_options,
    run,
)
