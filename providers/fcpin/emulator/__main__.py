"""`python -m fcpin.emulator`: imports nothing of its extra before that is known to be installed."""

import sys
from collections.abc import Sequence

from fcpin.cli.programs import run


def main(arguments: Sequence[str]) -> int:
    """The exit status of fcpin.emulator.command_line."""
    from fcpin.emulator import command_line

    return command_line.main(arguments)


if __name__ == "__main__":
    sys.exit(run("emulator", sys.argv[1:]))
