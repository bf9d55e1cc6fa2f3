"""fcpin import: entries of a stack's configuration that adopt the functions of a region."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from fcpin.cli.command import Command, Streams
from fcpin.cli.edits import as_written, difference
from fcpin.cli.output import write_lines
from fcpin.cli.stacks import add_stack, read_stack
from fcpin.cli.where import refuse_addresses, settings_from
from fcpin.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from fcpin.adoption.candidates import Candidate, LeftOut
    from fcpin.adoption.entries import Entry
    from fcpin.settings import Settings
    from fcpin.stack import Stack


def run(given: Namespace, streams: Streams) -> int:
    """0, also when there is nothing to import. Raises InvalidInput, StackError, FunctionError; then nothing changed."""
    from fcpin.settings import region_problem

    if given.region is not None and (problem := region_problem("--region", given.region)):
        raise InvalidInput(problem)
    return _into_stack(given, streams) if given.stack else _to_output(given, streams)


def _into_stack(given: Namespace, streams: Streams) -> int:
    from fcpin.stack.project import read_file, stack_file, write_file
    from fcpin.stack.yaml_edit import with_functions

    refuse_addresses(given)
    stack = read_stack(given)
    own = stack.file_of_new
    file = own.path if own else stack_file(given.cwd.resolve(), stack.name)
    region = _region(given, stack.settings)
    entries, left_out = _found(given, stack.settings, region, stack)
    before, shown = read_file(file), as_written(file)
    after = with_functions(before, entries, shown, is_stack=own is None)
    if after != before:
        write_file(file, after)
    lines = [*difference(before, after, shown), *_left_out(left_out)]
    if entries:
        lines.append(f"next: {stack.engine.name} preview --stack {stack.name}")
    else:
        lines.append(_nothing(given, region))
    write_lines(streams.stdout, lines)
    return 0


def _to_output(given: Namespace, streams: Streams) -> int:
    """A file of its own on standard output; what is left out goes to standard error."""
    from fcpin.stack.yaml_edit import with_functions

    settings = settings_from(given, given.region)
    region = _region(given, settings)
    entries, left_out = _found(given, settings, region)
    lines = list(_left_out(left_out))
    if entries:
        head = f"config:\n  alicloud:region: {region}\n"
        streams.stdout.write(with_functions(head, entries, "standard output"))
    else:
        lines.append(_nothing(given, region))
    write_lines(streams.stderr, lines)
    return 0


def _region(given: Namespace, settings: "Settings") -> str:
    region: str = given.region or settings.region
    if not region:
        raise InvalidInput(Problem("--region", "is required, or a stack that has one"))
    return region


def _found(
    given: Namespace, settings: "Settings", region: str, stack: "Stack | None" = None
) -> "tuple[list[Entry], list[LeftOut]]":
    from fcpin.adoption.candidates import LeftOut, candidates
    from fcpin.adoption.entries import entries
    from fcpin.clients import function_clients

    def known(name: str) -> str:
        return next(pinned(stack, name, region), "") if stack else ""

    found: Sequence[Candidate | LeftOut] = candidates(
        function_clients(settings)(region), given.prefix, known, settings.registries
    )
    left_out = [each for each in found if isinstance(each, LeftOut)]
    taken = stack.functions if stack else ()
    elsewhere = region if region != settings.region else ""
    return entries([each for each in found if not isinstance(each, LeftOut)], elsewhere, taken), left_out


def pinned(stack: "Stack", function: str, region: str) -> Iterator[str]:
    """How *stack* pins *function* of its own account already."""
    for name, entry in stack.functions.items():
        where = (entry.get("function_name", name), entry.get("region") or stack.settings.region)
        if where == (function, region) and not entry.get("profile"):
            yield f"is there already, as {name}"
    for pin in stack.pins:
        if (pin.function_name, pin.region, pin.profile) == (function, region, ""):
            yield f"is pinned by {pin.name} of this stack already"


def _left_out(functions: "Sequence[LeftOut]") -> Iterator[str]:
    yield from (f"left out: {each.name} {each.why}" for each in functions)


def _nothing(given: Namespace, region: str) -> str:
    which = f"whose names begin with {given.prefix} " if given.prefix else ""
    return f"no functions {which}to import from {region}"


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--prefix", default="", metavar="PREFIX", help="only functions whose names begin with it")
    add_stack(parser, "write the entries into the file of this stack (default: print them)")
    parser.add_argument(
        "--region", metavar="REGION", help="of the functions (default: the stack's, or ALICLOUD_REGION)"
    )
    parser.add_argument("--fc-endpoint", metavar="URL", help="without a stack: this endpoint of Function Compute")


IMPORT: Final = Command(
    "import",
    "adopt functions that exist: entries for a stack's file",
    "Lists the functions of a region and writes an entry of fcpin:functions for each that runs an image of ACR, with a "
    "policy guessed from its tag. Nothing is deployed; entries that are there stay as they are.",
    _add_options,
    run,
)
