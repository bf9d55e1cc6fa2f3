"""The commands of `fcpin`, in the order in which its help tells of them."""

from collections.abc import Sequence
from typing import Final

from fcpin.cli import programs
from fcpin.cli.changes import CHANGES
from fcpin.cli.command import Command
from fcpin.cli.doctor import DOCTOR
from fcpin.cli.drift import DRIFT
from fcpin.cli.explain import EXPLAIN
from fcpin.cli.impact import IMPACT
from fcpin.cli.importing import IMPORT
from fcpin.cli.init import INIT
from fcpin.cli.listing import LISTING
from fcpin.cli.pipelines import PIPELINE
from fcpin.cli.probe import PROBE
from fcpin.cli.prune import PRUNE
from fcpin.cli.resolve import RESOLVE
from fcpin.cli.rollback import ROLLBACK
from fcpin.cli.s_import import S_IMPORT
from fcpin.cli.schema import SCHEMA
from fcpin.cli.select import SELECT
from fcpin.cli.test_policy import TEST_POLICY

COMMANDS: Final[Sequence[Command]] = (
    INIT,
    SELECT,
    EXPLAIN,
    RESOLVE,
    LISTING,
    TEST_POLICY,
    SCHEMA,
    CHANGES,
    DRIFT,
    IMPACT,
    IMPORT,
    S_IMPORT,
    PIPELINE,
    ROLLBACK,
    PRUNE,
    DOCTOR,
    PROBE,
    *programs.commands(),
)
"""Where a command is registered."""
