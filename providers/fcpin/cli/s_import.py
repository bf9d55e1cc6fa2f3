"""fcpin s-import: entries of a stack's configuration for the functions of a Serverless Devs file."""

import errno
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fcpin.cli.command import Command, Streams
from fcpin.cli.edits import as_written, difference
from fcpin.cli.importing import pinned
from fcpin.cli.stacks import add_stack, read_stack
from fcpin.cli.yaml_file import YamlFile
from fcpin.errors import InvalidInput, one_line

if TYPE_CHECKING:
    from fcpin.adoption.candidates import LeftOut
    from fcpin.adoption.entries import Entry
    from fcpin.serverless_devs.document import Document
    from fcpin.stack import Stack

_EXTEND: Final = "extend"
_LARGEST: Final = 64 * 2**10
"""Bytes of a file that `${file(…)}` reads."""


def run(given: Namespace, streams: Streams) -> int:
    """0, also when there is nothing to import. Raises InvalidInput, StackError; then nothing changed."""
    file = YamlFile.read(given.file)
    document = read_document(file)
    stack = read_stack(given) if given.stack else None
    try:
        entries, left_out = _found(document, stack)
    except InvalidInput as error:
        raise InvalidInput(*(file.problem(each.path, each.reason) for each in error.problems)) from None
    notes = [f"left out: {each.name} {each.why}" for each in left_out]
    if not entries:
        notes.append(f"no functions to import from {given.file}")
    if stack is not None:
        streams.stdout.writelines(f"{one_line(line)}\n" for line in _into_stack(given, stack, entries, notes))
    else:
        streams.stdout.write(_whole_file(entries))
        streams.stderr.writelines(f"{one_line(line)}\n" for line in notes)
    return 0


def read_document(file: YamlFile) -> "Document":
    """*file* and what it extends. Raises InvalidInput, with the line."""
    from fcpin.serverless_devs.document import Document, SFile

    if not isinstance(file.value, Mapping):
        raise InvalidInput(file.problem("", "expected an s.yaml: edition, name, resources"))
    extending = SFile(file.value, partial(_beside, file.path.parent))
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
    return Document([SFile(base.value, partial(_beside, base.path.parent)), extending])


def _beside(folder: Path, name: str) -> str:
    """The text of a file that an s.yaml in *folder* refers to. Raises OSError, ValueError."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise PermissionError(errno.EPERM, f"{path} is outside of the folder of s.yaml")
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "no such file")
    with path.open("rb") as stream:
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {_LARGEST} bytes")
    return data.decode("utf-8-sig")


def _found(document: "Document", stack: "Stack | None") -> "tuple[list[Entry], list[LeftOut]]":
    from fcpin.adoption.candidates import LeftOut
    from fcpin.serverless_devs.entries import entries
    from fcpin.serverless_devs.functions import functions

    def known(name: str, region: str) -> str:
        return next(pinned(stack, name, region or stack.settings.region), "") if stack else ""

    registries = stack.settings.registries if stack else ()
    found = functions(document, known, registries, os.environ)
    left_out = [each for each in found if isinstance(each, LeftOut)]
    deployed = [each for each in found if not isinstance(each, LeftOut)]
    region = stack.settings.region if stack else ""
    return entries(deployed, region, stack.functions if stack else ()), left_out


def _into_stack(given: Namespace, stack: "Stack", entries: "Sequence[Entry]", notes: Sequence[str]) -> list[str]:
    from fcpin.stack.project import read_file, stack_file, write_file
    from fcpin.stack.yaml_edit import with_functions

    own = stack.file_of_new
    file = own.path if own else stack_file(given.cwd.resolve(), stack.name)
    before, shown = read_file(file), as_written(file)
    after = with_functions(before, entries, shown, is_stack=own is None)
    if after != before:
        write_file(file, after)
    follows = [f"next: {stack.engine.name} preview --stack {stack.name}"] if entries else []
    return [*difference(before, after, shown), *notes, *follows]


def _whole_file(entries: "Sequence[Entry]") -> str:
    from fcpin.stack.yaml_edit import with_functions

    return with_functions("config:\n", entries, "standard output") if entries else ""


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the s.yaml of Serverless Devs, edition 3.0.0")
    add_stack(parser, "write the entries into the file of this stack (default: print them)")


S_IMPORT: Final = Command(
    "s-import",
    "adopt the functions of a Serverless Devs file",
    "Reads the fc3 functions of an s.yaml and writes an entry of fcpin:functions for each that runs an image of ACR: "
    "the tag ${env(GIT_COMMIT)} becomes the family of all commits, the one pushed last. Nothing is deployed.",
    _add_options,
    run,
)
