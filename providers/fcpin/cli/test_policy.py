"""`fcpin test-policy`."""

import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from textwrap import indent
from typing import Final

import click

from fcpin.cli.cases import Case, read_cases
from fcpin.cli.explain import Explanation, write_verdicts
from fcpin.errors import one_line
from fcpin.policy import Selection

FAILED: Final = 1


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(files: Sequence[Path]) -> int:
    """Run the test cases of FILE, in YAML (docs/testing-policies.md), and report those that fail.

    Exit status: 0 every case passed, 1 a case failed, 2 a file is not valid.
    """
    cases = [case for path in files for case in read_cases(path)]
    failed = sum(not _passes(case) for case in cases)
    total = f"{len(cases)} case{'s' if len(cases) > 1 else ''}"
    sys.stdout.write(f"{failed} of {total} failed\n" if failed else f"{total} passed\n")
    return FAILED if failed else 0


def _passes(case: Case) -> bool:
    outcome = case.outcome()
    failures = list(case.expected.failures(outcome))
    sys.stdout.write(f"{'FAIL' if failures else 'ok  '}  {one_line(case.name)}\n")
    sys.stdout.writelines(f"      {case.place}: {one_line(failure)}\n" for failure in failures)
    if failures and isinstance(outcome, Selection):
        _explain(case, outcome)
    return not failures


def _explain(case: Case, outcome: Selection) -> None:
    """The verdicts of the tags that the case names."""
    named = {case.expected.result.value, case.current, *case.expected.rejected}
    verdicts = [
        verdict
        for verdict in Explanation(case.tags, case.current, outcome).verdicts()
        if verdict.verdict != "rejected" or verdict.tag in named
    ]
    if verdicts:
        table = StringIO()
        write_verdicts(verdicts, with_times=any(verdict.pushed for verdict in verdicts), stream=table)
        sys.stdout.write(indent(table.getvalue(), " " * 6))
