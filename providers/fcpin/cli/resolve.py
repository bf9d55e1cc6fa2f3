"""fcpin resolve: choose from the tags of a repository and read the digest of the chosen one; JSON."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import Final

from fcpin.cli import answer, options
from fcpin.cli.command import Command, Streams
from fcpin.cli.question import Question


def run(given: Namespace, streams: Streams) -> int:
    """The exit status. Raises InvalidInput, RegistryError."""
    question = Question.of(given)
    from fcpin.cli.remote import Remote  # clients of registries and of Alibaba Cloud: a third of a second to load

    pin: Mapping[str, str | None]
    remote, current = Remote.of(given), question.current
    selection = question.select(remote.rank(question))
    if selection.chosen is None:
        kept = remote.image(current) if current and selection.keep else None
        pin = {**answer.pin(selection, current), "image": kept}
    else:
        pin = remote.pin(question.policy, selection, selection.chosen.tag)
    answer.write_json(streams.stdout, pin, selection)
    return answer.status(selection)


def _add_options(parser: ArgumentParser) -> None:
    options.add_policy(parser)
    options.add_repository(parser, required=True)


RESOLVE: Final = Command(
    "resolve",
    "choose from the tags of a repository; prints JSON with the image",
    "Credentials come from docker's config.json (docker login); "
    "those for the APIs of ACR from Alibaba Cloud's default chain.",
    _add_options,
    run,
)
