"""select, explain and resolve: one decision, three ways to show it."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO, Final, TextIO, TypeAlias

from fcpin.cli.arguments import Arguments
from fcpin.cli.question import Question
from fcpin.cli.tags import read_tags
from fcpin.errors import InvalidInput, Problem
from fcpin.image import TagRecord
from fcpin.policy import Selection

CHOSEN: Final = 0
NO_TAG: Final = 3
_LARGEST_INPUT: Final = 256 * 2**20

Command: TypeAlias = Callable[[Arguments, BinaryIO, TextIO, TextIO], int]


def select(arguments: Arguments, stdin: BinaryIO, stdout: TextIO, stderr: TextIO) -> int:
    """Choose from the tags on standard input; JSON."""
    question = Question.of(arguments)
    selection = question.answer(_given_tags(stdin, stderr))
    _write_json(stdout, _pin(selection, question.current), selection)
    return _status(selection)


def explain(arguments: Arguments, stdin: BinaryIO, stdout: TextIO, stderr: TextIO) -> int:
    """The same as a table for people."""
    from fcpin.cli.table import write_table  # what draws tables takes longer to load than to choose

    question = Question.of(arguments)
    if arguments.repository is None:
        tags = _given_tags(stdin, stderr)
    else:
        from fcpin.cli.remote import Remote  # clients of registries and of Alibaba Cloud: a third of a second to load

        tags = Remote.of(arguments).tags(question)
    selection = question.answer(tags)
    write_table(stdout, tags, selection, question.current)
    return _status(selection)


def resolve(arguments: Arguments, _stdin: BinaryIO, stdout: TextIO, _stderr: TextIO) -> int:
    """Choose from the tags of a repository and read the digest of the chosen one; JSON."""
    question = Question.of(arguments)
    from fcpin.cli.remote import Remote

    pin: Mapping[str, str | None]
    remote = Remote.of(arguments)
    current = question.current
    selection = question.answer(remote.tags(question))
    if selection.chosen is None:
        pin = {**_pin(selection, current), "image": remote.image(current) if current and selection.keep else None}
    else:
        pin = remote.pin(selection, selection.chosen.tag, question.policy.platform)
    _write_json(stdout, pin, selection)
    return _status(selection)


COMMANDS: Final[Mapping[str, Command]] = {"select": select, "explain": explain, "resolve": resolve}


def _given_tags(stdin: BinaryIO, stderr: TextIO) -> Sequence[TagRecord]:
    if stdin.isatty():
        print("reading tags from the terminal, one per line; end with Ctrl-D", file=stderr)
    data = stdin.read(_LARGEST_INPUT + 1)
    if len(data) > _LARGEST_INPUT:
        raise InvalidInput(Problem("standard input", f"is larger than {_LARGEST_INPUT // 2**20} MiB"))
    return read_tags(data)


def _status(selection: Selection) -> int:
    return CHOSEN if selection.chosen is not None or selection.keep else NO_TAG


def _pin(selection: Selection, current: str | None) -> Mapping[str, str | None]:
    """Tag and digest; of a pin that is kept only the tag is known here."""
    if selection.chosen is not None:
        return {"tag": selection.chosen.tag, "digest": selection.chosen.digest}
    return {"tag": current if selection.keep else None, "digest": None}


def _write_json(stdout: TextIO, pin: Mapping[str, str | None], selection: Selection) -> None:
    """One object. A rejected tag takes a line, so that the answer can be read and searched."""
    fields: dict[str, object] = {**pin, "reason": selection.reason}
    if selection.keep:
        fields["keep"] = True
    if selection.warnings:
        fields["warnings"] = list(selection.warnings)
    head = "".join(f'  "{key}": {json.dumps(value)},\n' for key, value in fields.items())
    rejected = ",\n".join(f"    {json.dumps(rejection._asdict())}" for rejection in selection.rejected)
    if rejected:
        rejected = f"\n{rejected}\n  "
    stdout.write(f'{{\n{head}  "rejected": [{rejected}]\n}}\n')
