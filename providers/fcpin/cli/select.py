"""fcpin select: choose from the tags on standard input; JSON."""

from argparse import Namespace
from typing import Final

from fcpin.cli import answer, options
from fcpin.cli.command import Command, Streams
from fcpin.cli.question import Question
from fcpin.cli.tags import TAGS, given_tags
from fcpin.policy import Ranking


def run(given: Namespace, streams: Streams) -> int:
    """The exit status. Raises InvalidInput."""
    question = Question.of(given)
    selection = question.select(Ranking(question.policy, given_tags(streams)))
    answer.write_json(streams.stdout, answer.pin(selection, question.current), selection)
    return answer.status(selection)


SELECT: Final = Command("select", "choose from tags on standard input; prints JSON", TAGS, options.add_policy, run)
