"""fcpin explain: every tag with its verdict, what would be deployed and why, and what will be if only time passes."""

from argparse import ArgumentParser, Namespace
from contextlib import nullcontext
from typing import Final

from fcpin.cli import answer, options
from fcpin.cli.command import Command, Streams
from fcpin.cli.question import Question
from fcpin.cli.tags import TAGS, given_tags
from fcpin.cli.where import refuse
from fcpin.policy import Ranking


def run(given: Namespace, streams: Streams) -> int:
    """The exit status. Raises InvalidInput, RegistryError."""
    from fcpin.cli.explanation import Explanation

    question = Question.of(given)
    explanation = Explanation.of(question, _ranking(given, question, streams))
    if given.json:
        streams.stdout.write(f"{explanation.as_json(given.limit)}\n")
        return answer.status(explanation.selection)
    from fcpin.cli.pager import paged
    from fcpin.cli.table import write_table

    with nullcontext(streams.stdout) if given.no_pager else paged(streams.stdout) as stdout:
        write_table(stdout, explanation, given.limit)
    return answer.status(explanation.selection)


def _ranking(given: Namespace, question: Question, streams: Streams) -> Ranking:
    if given.repository is None:
        refuse(given, ("endpoint", "cr_endpoint", "plain_http"), "needs --repository")
        return Ranking(question.policy, given_tags(streams))
    from fcpin.cli.remote import Remote  # clients of registries and of Alibaba Cloud: a third of a second to load

    return Remote.of(given).rank(question)


def _add_options(parser: ArgumentParser) -> None:
    options.add_policy(parser)
    options.add_repository(parser, required=False)
    parser.add_argument("--limit", type=options.count, metavar="N", help="show the verdicts of N tags (default: all)")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.add_argument("--no-pager", action="store_true", help="do not show it through $PAGER, even in a terminal")


EXPLAIN: Final = Command(
    "explain",
    "a verdict for every tag, what the next deployment would be, and why",
    f"{TAGS} With --repository they come from its registry. In a terminal it is shown through $PAGER (less -FRX).",
    _add_options,
    run,
)
