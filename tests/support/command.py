"""Run `fcpin` in this process."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from click.testing import CliRunner

from fcpin.cli import main


@dataclass(frozen=True)
class Answer:
    """Exit status and output of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(arguments: Sequence[str], stdin: str | bytes = "") -> Answer:
    """The streams of the command are in memory; what it starts are processes of their own."""
    with CliRunner().isolation(stdin) as (out, err, _):
        code = main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    return Answer(code, out.getvalue().decode(), err.getvalue().decode())


def fcpin(*arguments: str, stdin: str | bytes = "") -> Answer:
    return run(arguments, stdin)
