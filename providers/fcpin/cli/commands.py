"""select, explain and resolve: one decision, three ways to show it."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final, TextIO, TypeAlias

from fcpin.cli.arguments import Arguments
from fcpin.cli.tags import parse_json, read_tags
from fcpin.errors import InvalidInput, Problem
from fcpin.image import TagRecord, is_tag
from fcpin.policy import Policy, Selection

CHOSEN: Final = 0
NO_TAG: Final = 3
_LARGEST_INPUT: Final = 256 * 2**20

Command: TypeAlias = Callable[[Arguments, BinaryIO, TextIO, TextIO], int]


def select(arguments: Arguments, stdin: BinaryIO, stdout: TextIO, stderr: TextIO) -> int:
    """Choose from the tags on standard input; JSON."""
    policy, current = read_policy(arguments.policy), read_current(arguments.current)
    selection = policy.select(_given_tags(stdin, stderr), current=current)
    _write_json(stdout, _pin(selection, current), selection)
    return _status(selection)


def explain(arguments: Arguments, stdin: BinaryIO, stdout: TextIO, stderr: TextIO) -> int:
    """The same as a table for people."""
    from fcpin.cli.table import write_table  # what draws tables takes longer to load than to choose

    policy, current = read_policy(arguments.policy), read_current(arguments.current)
    if arguments.repository is None:
        tags = _given_tags(stdin, stderr)
    else:
        from fcpin.cli.remote import Remote  # clients of registries and of Alibaba Cloud: a third of a second to load

        tags = Remote.of(arguments).tags(policy, current)
    selection = policy.select(tags, current=current)
    write_table(stdout, tags, selection, current)
    return _status(selection)


def resolve(arguments: Arguments, _stdin: BinaryIO, stdout: TextIO, _stderr: TextIO) -> int:
    """Choose from the tags of a repository and read the digest of the chosen one; JSON."""
    policy, current = read_policy(arguments.policy), read_current(arguments.current)
    from fcpin.cli.remote import Remote

    pin: Mapping[str, str | None]
    remote = Remote.of(arguments)
    selection = policy.select(remote.tags(policy, current), current=current)
    if selection.chosen is None:
        pin = {**_pin(selection, current), "image": remote.image(current) if current and selection.keep else None}
    else:
        pin = remote.pin(selection.chosen.tag, policy.platform)
    _write_json(stdout, pin, selection)
    return _status(selection)


COMMANDS: Final[Mapping[str, Command]] = {"select": select, "explain": explain, "resolve": resolve}


def read_policy(text: str) -> Policy:
    """A policy from JSON, or from the file named after `@`. Raises InvalidInput."""
    if text.startswith("@"):
        path = Path(text[1:])
        try:
            text = path.read_text("utf-8")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise InvalidInput(Problem("--policy", f"{path} cannot be read: {why}")) from None
    spec = parse_json(text, "--policy")
    if not isinstance(spec, dict):
        raise InvalidInput(Problem("--policy", 'must be a JSON object such as {"semver": {"range": "1.x"}}'))
    return Policy.from_spec(spec)


def read_current(tag: str | None) -> str | None:
    """Raises InvalidInput unless *tag* is a tag or absent."""
    if tag is not None and not is_tag(tag):
        raise InvalidInput(Problem("--current", f"{tag[:80]!r} is no tag; give the tag alone, without the repository"))
    return tag


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
