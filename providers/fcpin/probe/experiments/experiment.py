"""What an experiment is: the questions that it settles, and how."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fcpin.probe.findings import Finding
from fcpin.probe.lab import Lab


@dataclass(frozen=True, slots=True)
class Experiment:
    """A few calls and what follows from them."""

    names: tuple[str, ...]
    run: Callable[[Lab], Iterator[Finding]]
    """Finds each of *names* at most once. FcpinError leaves the others unknown."""
