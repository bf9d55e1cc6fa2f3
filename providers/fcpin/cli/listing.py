"""fcpin tags: the tags of a repository, in the form that select, explain and test-policy read."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import Final

from fcpin.cli import options
from fcpin.cli.command import Command, Streams
from fcpin.cli.question import Question
from fcpin.image import TagRecord


def run(given: Namespace, streams: Streams) -> int:
    """The exit status. Raises InvalidInput, RegistryError."""
    question = None if given.policy is None else Question.of(given)
    from fcpin.cli.remote import Remote

    remote = Remote.of(given)
    tags = remote.every_tag() if question is None else remote.rank(question).listing.values()
    streams.stdout.writelines(
        f"{json.dumps(_fields(record))}\n" for record in sorted(tags, key=lambda record: record.tag)
    )
    return 0


def _fields(record: TagRecord) -> Mapping[str, str]:
    """What is known; a status that is not the usual one."""
    fields = {
        "tag": record.tag,
        "digest": record.digest,
        "pushed": record.pushed.isoformat() if record.pushed else None,
        "created": record.created.isoformat() if record.created else None,
        "status": None if record.status == "NORMAL" else record.status,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _add_options(parser: ArgumentParser) -> None:
    options.add_repository(parser, required=True)
    options.add_policy(parser, required=False)


LISTING: Final = Command(
    "tags",
    "list the tags of a repository as JSON lines, for select, explain and test-policy",
    "One JSON object a line: tag, and digest, pushed, created and status where they are known. "
    "With --policy the build times that this policy needs are asked for.",
    _add_options,
    run,
)
