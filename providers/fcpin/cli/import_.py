"""`fcpin import`, and what it shares with `fcpin s-import`: entries for the file of a stack."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from fcpin.cli.endpoints import refuse_with_stack, settings_from
from fcpin.cli.options import StackOptions, fc_endpoint_option, stack_options
from fcpin.cli.output import shown, write_changed, write_lines
from fcpin.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from fcpin.serverless_devs.adoption import LeftOut
    from fcpin.settings import Settings
    from fcpin.stack import Stack
    from fcpin.stack.yaml_edit import NewEntry


@click.command()
@click.option("--prefix", metavar="PREFIX", default="", help="Only functions whose names begin with it.")
@stack_options("Write the entries into the file of this stack (default: print them).")
@click.option(
    "--region", metavar="REGION", help="The region of the functions (default: the stack's, or ALICLOUD_REGION)."
)
@fc_endpoint_option
def command(prefix: str, stack: StackOptions, region: str | None, fc_endpoint: str | None) -> None:
    """Adopt the functions of a region: write an entry of fcpin:functions for each that runs an image of ACR.

    The policy of an entry is guessed from the function's tag. Nothing is deployed, and existing entries stay as they
    are. Without a stack the entries are printed, and the functions that are left out go to standard error.
    """
    from fcpin.settings import region_problem

    if region is not None and (problem := region_problem("--region", region)):
        raise InvalidInput(problem)
    read, settings = None, None
    if stack.stack:
        refuse_with_stack(fc_endpoint=fc_endpoint)
        read = stack.read()
        settings = read.settings
    else:
        settings = settings_from(region, fc_endpoint)
    where = region or settings.region
    if not where:
        raise InvalidInput(Problem("--region", "is required, or a stack that has one"))
    entries, left_out = _found(prefix, settings, where, read)
    notes = left_out_lines(left_out)
    if not entries:
        which = f"whose names begin with {prefix} " if prefix else ""
        notes.append(f"no functions {which}to import from {where}")
    if read:
        write_lines(add_to_stack(stack, read, entries, notes))
    else:
        write_entries(f"config:\n  alicloud:region: {where}\n", entries, notes)


def _found(
    prefix: str, settings: "Settings", region: str, stack: "Stack | None"
) -> "tuple[list[NewEntry], list[LeftOut]]":
    from fcpin.clients import function_clients
    from fcpin.serverless_devs.adoption import Adoptable, LeftOut, functions_of_region, new_entries

    def known(name: str) -> str:
        return next(pinned(stack, name, region), "") if stack else ""

    elsewhere = region if region != settings.region else ""
    client = function_clients(settings)(region)
    found = functions_of_region(client, prefix, elsewhere, known, settings.registries)
    adoptable = [each for each in found if isinstance(each, Adoptable)]
    return new_entries(adoptable, stack.functions if stack else ()), [
        each for each in found if isinstance(each, LeftOut)
    ]


def pinned(stack: "Stack", function: str, region: str) -> Iterator[str]:
    """How *stack* pins *function* of its own account already."""
    for name, entry in stack.functions.items():
        where = (entry.get("function_name", name), entry.get("region") or stack.settings.region)
        if where == (function, region) and not entry.get("profile"):
            yield f"is there already, as {name}"
    for pin in stack.pins:
        if (pin.function_name, pin.region, pin.profile) == (function, region, ""):
            yield f"is pinned by {pin.name} of this stack already"


def left_out_lines(functions: "Sequence[LeftOut]") -> list[str]:
    return [f"left out: {each.name} {each.reason}" for each in functions]


def add_to_stack(
    options: StackOptions, stack: "Stack", entries: "Sequence[NewEntry]", notes: Sequence[str]
) -> list[str]:
    """Write *entries* into the file of *stack* that takes new ones; the lines to print. Raises InvalidInput."""
    from fcpin.stack.project import read_file, stack_file
    from fcpin.stack.yaml_edit import with_functions

    own = stack.file_of_new
    file = own.path if own else stack_file(options.cwd.resolve(), stack.name)
    before = read_file(file)
    diff = write_changed(file, before, with_functions(before, entries, shown(file), is_stack=own is None))
    follows = [f"next: {stack.engine.name} preview --stack {stack.name}"] if entries else []
    return [*diff, *notes, *follows]


def write_entries(head: str, entries: "Sequence[NewEntry]", notes: Sequence[str]) -> None:
    """Print a whole file that begins with *head*, or nothing without entries; *notes* go to standard error."""
    from fcpin.stack.yaml_edit import with_functions

    if entries:
        sys.stdout.write(with_functions(head, entries, "standard output"))
    write_lines(notes, sys.stderr)
