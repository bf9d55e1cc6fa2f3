"""The seam of convergence: stacks, what their pins are, what would change, and the change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fcpin.image import Digest
from fcpin.stack.stack import StackPin

Progress = Callable[[str], None]
"""Takes one line of what the engine says, as it says it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One pin that would go from one image to another."""

    pin: str
    from_tag: str
    from_digest: Digest | None
    to_tag: str
    to_digest: Digest


class Converger(Protocol):
    """One engine and one project. Thread-safe: several stacks at once, each by one caller at a time."""

    def pins(self, stack: str) -> Sequence[StackPin]:
        """The pins in the stack's state, now. Raises StackError."""

    def preview(self, stack: str, pins: Sequence[str]) -> Sequence[Change]:
        """What `up` would deploy to *pins*, those that change only. Raises ConvergenceFailed."""

    def up(
        self,
        stack: str,
        pins: Sequence[str],
        progress: Progress,
        *,
        approved: Mapping[str, Change] | None = None,
    ) -> None:
        """Converge *pins* and nothing else. Raises ConvergenceFailed.

        With *approved* each pin is deployed to exactly what was approved for it; one whose policy chooses anything
        else by now is left as it is, and the call fails with `NotAsApproved`.
        """
