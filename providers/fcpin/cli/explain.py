"""fcpin explain: the same as select as a table for people, of a list or of a registry."""

from argparse import ArgumentParser, Namespace
from typing import Final

from fcpin.cli import answer, options
from fcpin.cli.command import Command, Streams
from fcpin.cli.question import Question
from fcpin.cli.tags import TAGS, given_tags
from fcpin.errors import InvalidInput, Problem


def run(given: Namespace, streams: Streams) -> int:
    """The exit status. Raises InvalidInput, RegistryError."""
    from fcpin.cli.table import write_table  # what draws tables takes longer to load than to choose

    question = Question.of(given)
    if given.repository is None:
        _refuse_endpoints(given)
        tags = given_tags(streams)
    else:
        from fcpin.cli.remote import Remote  # clients of registries and of Alibaba Cloud: a third of a second to load

        tags = Remote.of(given).tags(question)
    selection = question.answer(tags)
    write_table(streams.stdout, tags, selection, question.current)
    return answer.status(selection)


def _add_options(parser: ArgumentParser) -> None:
    options.add_policy(parser)
    options.add_repository(parser, required=False)


def _refuse_endpoints(given: Namespace) -> None:
    for option in ("endpoint", "cr_endpoint", "plain_http"):
        if getattr(given, option):
            raise InvalidInput(Problem(f"--{option.replace('_', '-')}", "needs --repository"))


EXPLAIN: Final = Command(
    "explain",
    "the same as a table with a verdict for every tag",
    f"{TAGS} With --repository they come from its registry.",
    _add_options,
    run,
)
