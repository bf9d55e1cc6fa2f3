"""The stack that a command is about, and the engine that is asked for it."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from fcpin.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from fcpin.stack import Engine, Stack

ENGINES = ("auto", "embedded", "pulumi")


def add_stack(parser: ArgumentParser, about: str = "the stack (default: PULUMI_STACK)") -> None:
    """Which stack, where its project is, and who is asked."""
    parser.add_argument("--stack", "-s", metavar="NAME", help=about)
    parser.add_argument(
        "--cwd", "-C", type=Path, default=Path(), metavar="DIRECTORY", help="the folder of its project (default: here)"
    )
    parser.add_argument(
        "--engine", choices=ENGINES, help="who tells of it (default: ENGINE, else pulumi where it is on PATH)"
    )


def stack_name(given: Namespace) -> str:
    """Raises InvalidInput when none is named."""
    name: str = given.stack or os.environ.get("PULUMI_STACK", "")
    if not name:
        raise InvalidInput(Problem("--stack", "is required, or PULUMI_STACK"))
    return name


def read_stack(given: Namespace) -> "Stack":
    """Raises InvalidInput, StackError."""
    from fcpin.stack import Stack

    return Stack.read(engine(given), stack_name(given))


def engine(given: Namespace) -> "Engine":
    """Raises InvalidInput, StackError."""
    from fcpin.stack import Engine

    return Engine.find(given.engine, given.cwd.resolve())
