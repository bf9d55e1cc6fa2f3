"""`fcpin s-import`."""

import errno
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fcpin.cli.import_ import add_to_stack, left_out_lines, pinned, write_entries
from fcpin.cli.options import StackOptions, stack_options
from fcpin.cli.output import write_lines
from fcpin.errors import InvalidInput
from fcpin.yaml_reader import YamlFile

if TYPE_CHECKING:
    from fcpin.serverless_devs.adoption import LeftOut
    from fcpin.serverless_devs.document import Document
    from fcpin.stack import Stack
    from fcpin.stack.yaml_edit import NewEntry

_EXTEND: Final = "extend"
_MAX_BYTES: Final = 64 * 2**10
"""Of a file that `${file(…)}` reads."""


@click.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@stack_options("Write the entries into the file of this stack (default: print them).")
def command(path: Path, stack: StackOptions) -> None:
    """Adopt the functions of FILE, an s.yaml of Serverless Devs (edition 3.0.0).

    Writes an entry of fcpin:functions for each fc3 function that runs an image of ACR; the tag ${env(GIT_COMMIT)}
    becomes the family of all commits, the newest by push time. Nothing is deployed. Without a stack the entries are
    printed, and the functions that are left out go to standard error.
    """
    file = YamlFile.read(path)
    document = read_document(file)
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


def read_document(file: YamlFile) -> "Document":
    """*file*, and the file that it extends. Raises InvalidInput, with the line."""
    from fcpin.serverless_devs.document import Document, SFile

    if not isinstance(file.value, Mapping):
        raise InvalidInput(file.problem("", "expected an s.yaml: edition, name, resources"))
    extending = SFile(file.value, partial(_read_in, file.path.parent))
    extended = file.value.get(_EXTEND)
    if extended is None:
        return Document([extending])
    if not isinstance(extended, str) or not extended.endswith((".yaml", ".yml")):
        raise InvalidInput(file.problem(_EXTEND, "expected the path of a .yaml or .yml file"))
    try:
        base = YamlFile.read(file.path.parent / extended)
    except InvalidInput as error:
        raise InvalidInput(*(file.problem(_EXTEND, f"{each.path} {each.reason}") for each in error.problems)) from None
    if not isinstance(base.value, Mapping):
        raise InvalidInput(file.problem(_EXTEND, f"{base.path} is not an s.yaml: expected edition, name, resources"))
    if _EXTEND in base.value:
        reason = f"{base.path} extends a file itself, which Serverless Devs does not read; put both into one file"
        raise InvalidInput(file.problem(_EXTEND, reason))
    return Document([SFile(base.value, partial(_read_in, base.path.parent)), extending])


def _read_in(folder: Path, name: str) -> str:
    """The text of the file *name* that an s.yaml in *folder* refers to. Raises OSError, ValueError."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise PermissionError(errno.EPERM, f"{path} is outside of the folder of s.yaml")
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "no such file")
    with path.open("rb") as stream:
        data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {_MAX_BYTES} bytes")
    return data.decode("utf-8-sig")


def _found(document: "Document", stack: "Stack | None") -> "tuple[list[NewEntry], list[LeftOut]]":
    from fcpin.serverless_devs.adoption import Adoptable, LeftOut, new_entries
    from fcpin.serverless_devs.functions import functions_of_file

    def known(name: str, region: str) -> str:
        return next(pinned(stack, name, region or stack.settings.region), "") if stack else ""

    registries, region = (stack.settings.registries, stack.settings.region) if stack else ((), "")
    found = functions_of_file(document, region, known, registries, os.environ)
    adoptable = [each for each in found if isinstance(each, Adoptable)]
    left_out = [each for each in found if isinstance(each, LeftOut)]
    return new_entries(adoptable, stack.functions if stack else ()), left_out
