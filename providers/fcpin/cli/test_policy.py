"""fcpin test-policy: cases of a policy, each with what is expected of it, for a user's own CI."""

from argparse import ArgumentParser, Namespace
from io import StringIO
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Final

from fcpin.cli.command import Command, Streams
from fcpin.errors import one_line

if TYPE_CHECKING:
    from fcpin.cli.cases import Case
    from fcpin.policy import Selection

FAILED: Final = 1


def run(given: Namespace, streams: Streams) -> int:
    """The exit status: 1 when a case failed. Raises InvalidInput for a file that is wrong."""
    from fcpin.cli.cases import read_cases

    cases = [case for path in given.files for case in read_cases(path)]
    failed = sum(not _passes(case, streams) for case in cases)
    total = f"{len(cases)} case{'s' if len(cases) > 1 else ''}"
    streams.stdout.write(f"{failed} of {total} failed\n" if failed else f"{total} passed\n")
    return FAILED if failed else 0


def _passes(case: "Case", streams: Streams) -> bool:
    from fcpin.policy import Selection

    outcome = case.outcome()
    failures = list(case.expected.failures(outcome))
    streams.stdout.write(f"{'FAIL' if failures else 'ok  '}  {one_line(case.name)}\n")
    streams.stdout.writelines(f"      {case.place}: {one_line(failure)}\n" for failure in failures)
    if failures and isinstance(outcome, Selection):
        _explain(case, outcome, streams)
    return not failures


def _explain(case: "Case", outcome: "Selection", streams: Streams) -> None:
    """The verdicts of the tags that the case is about."""
    from fcpin.cli.explanation import Explanation
    from fcpin.cli.table import write_verdicts

    named = {case.expected.answer.value, case.current, *case.expected.rejected}
    verdicts = [
        verdict
        for verdict in Explanation(case.tags, case.current, outcome, ()).verdicts()
        if verdict.verdict != "rejected" or verdict.tag in named
    ]
    if verdicts:
        table = StringIO()
        write_verdicts(table, verdicts, timed=any(verdict.pushed for verdict in verdicts))
        streams.stdout.write(indent(table.getvalue(), " " * 6))


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="cases in YAML: docs/testing-policies.md")


TEST_POLICY: Final = Command(
    "test-policy",
    "answer the cases of a file, and tell which are not as expected",
    "Exit status: 0 when every case is as expected, 1 when one is not, 2 when a file is wrong.",
    _add_options,
    run,
)
