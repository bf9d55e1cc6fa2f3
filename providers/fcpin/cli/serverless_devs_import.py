"""`fcpin s-import`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fcpin.cli.import_ import add_to_stack, left_out_lines, pinned, write_entries
from fcpin.cli.options import StackOptions, stack_options
from fcpin.cli.output import write_lines
from fcpin.errors import InvalidInput
from fcpin.yaml_reader import YamlFile

if TYPE_CHECKING:
    from fcpin.serverless_devs.adoption import LeftOut
    from fcpin.serverless_devs.document import SYaml
    from fcpin.stack import Stack
    from fcpin.stack.yaml_edit import NewEntry


@click.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@stack_options("Write the entries into the file of this stack (default: print them).")
def command(path: Path, stack: StackOptions) -> None:
    """Adopt the functions of FILE, an s.yaml of Serverless Devs (edition 3.0.0).

    Writes an entry of fcpin:functions for each fc3 function that runs an image of ACR; the tag ${env(GIT_COMMIT)}
    becomes the family of all commits, the newest by push time. Nothing is deployed. Without a stack the entries are
    printed, and the functions that are left out go to standard error.
    """
    from fcpin.serverless_devs.document import SYaml

    file = YamlFile.read(path)
    document = SYaml.read(file)
    read = stack.read() if stack.stack else None
    try:
        entries, left_out = _found(document, read)
    except InvalidInput as error:
        raise InvalidInput(*(file.problem(each.path, each.reason) for each in error.problems)) from None
    notes = left_out_lines(left_out)
    if not entries:
        notes.append(f"no functions to import from {path}")
    if read:
        write_lines(add_to_stack(stack, read, entries, notes))
    else:
        write_entries("config:\n", entries, notes)


def _found(document: "SYaml", stack: "Stack | None") -> "tuple[list[NewEntry], list[LeftOut]]":
    from fcpin.serverless_devs.adoption import Adoptable, LeftOut, new_entries
    from fcpin.serverless_devs.functions import functions_of_file

    def known(name: str, region: str) -> str:
        return next(pinned(stack, name, region or stack.settings.region), "") if stack else ""

    registries, region = (stack.settings.registries, stack.settings.region) if stack else ((), "")
    found = functions_of_file(document, region, known, registries, os.environ)
    adoptable = [each for each in found if isinstance(each, Adoptable)]
    left_out = [each for each in found if isinstance(each, LeftOut)]
    return new_entries(adoptable, stack.functions if stack else ()), left_out
