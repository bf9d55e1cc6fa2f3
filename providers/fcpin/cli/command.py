"""What a command of `fcpin` is: its name, its options, and what it does with them."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, TextIO


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a command reads and writes."""

    stdin: BinaryIO
    stdout: TextIO
    stderr: TextIO


@dataclass(frozen=True, slots=True)
class Command:
    """One word after `fcpin`. Its module imports what is heavy in *run*: naming a command costs nothing."""

    name: str
    help: str
    """What `fcpin --help` says of it."""
    description: str
    add_options: Callable[[ArgumentParser], None]
    run: Callable[[Namespace, Streams], int]
    """Answers the exit status. Raises FcpinError."""
