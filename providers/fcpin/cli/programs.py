"""Programs of their own under `fcpin`: they take all words that follow, and have their own help and signals."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from fcpin.cli.command import Command
from fcpin.extras import ExtraMissing, require

_MISSING: Final = 2


@dataclass(frozen=True, slots=True)
class Program:
    """A package with a `main(arguments)` in its `__main__`."""

    help: str
    extra: str = ""
    """What has to be installed for it beside fcpin; empty for nothing."""


PROGRAMS: Final[Mapping[str, Program]] = {
    "engine": Program("deploy stacks where no Pulumi CLI is installed (docs/engine.md)"),
    "receiver": Program("deploy what registries report as pushed (docs/receiver.md)", "receiver"),
    "emulator": Program("serve Function Compute, ACR and a registry on this machine (docs/emulator.md)", "emulator"),
}


def run(name: str, arguments: Sequence[str]) -> int:
    """The exit status of the program *name*; 2 where its extra is not installed."""
    try:
        if PROGRAMS[name].extra:
            require(PROGRAMS[name].extra)
    except ExtraMissing as error:
        sys.stderr.write(f"fcpin {name}: {error}\n")
        return _MISSING
    main: Callable[[Sequence[str]], int] = import_module(f"fcpin.{name}.__main__").main
    return main(arguments)


def commands() -> Sequence[Command]:
    """One for the help of `fcpin` each. `main` runs them before any argument is parsed."""
    return [Command(name, program.help, program.help, _no_options, _refuse) for name, program in PROGRAMS.items()]


def _no_options(_: ArgumentParser) -> None:
    """The program has its own."""


def _refuse(*_: object) -> int:
    raise AssertionError("main runs a program itself")  # pragma: no cover
