"""The commands of `fcpin`, in the order in which its help tells of them."""

from collections.abc import Sequence
from typing import Final

from fcpin.cli.changes import CHANGES
from fcpin.cli.command import Command
from fcpin.cli.drift import DRIFT
from fcpin.cli.explain import EXPLAIN
from fcpin.cli.impact import IMPACT
from fcpin.cli.resolve import RESOLVE
from fcpin.cli.rollback import ROLLBACK
from fcpin.cli.select import SELECT

COMMANDS: Final[Sequence[Command]] = (SELECT, EXPLAIN, RESOLVE, CHANGES, DRIFT, IMPACT, ROLLBACK)
"""Where a command is registered."""
