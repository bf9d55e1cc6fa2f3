"""The pins of all stacks as they were last seen, for the HTTP path: no process is started to answer a request.

A stack that could not be read lately keeps what was known of it. One that was never read is concerned by every push.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from fcpin.errors import FcpinError
from fcpin.receiver.concerned import Watches
from fcpin.stack.stack import StackPin

_AT_ONCE: Final = 4
_log = logging.getLogger(__name__)


class KnownPins:
    """Thread-safe."""

    def __init__(
        self,
        stacks: Sequence[str],
        instances: Mapping[str, str],
        read: Callable[[str], Sequence[StackPin]],
    ) -> None:
        """*read* gives the pins in a stack's state; it may raise FcpinError, and take seconds."""
        self._instances, self._read = instances, read
        self._pins: dict[str, Sequence[StackPin] | None] = dict.fromkeys(stacks)
        self._lock = threading.Lock()
        self._watches = Watches.of(self._pins, instances)

    def watches(self) -> Watches:
        """What pushes concern, by what is known now."""
        return self._watches

    def learn(self, stack: str, pins: Sequence[StackPin]) -> None:
        """Somebody has read *stack*."""
        with self._lock:
            self._pins[stack] = tuple(pins)
            self._watches = Watches.of(self._pins, self._instances)

    def refresh(self) -> None:
        """Read every stack, several at once. One that cannot be read is logged."""
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="receiver-pins") as pool:
            list(pool.map(self._refresh, list(self._pins)))

    def unready(self) -> str:
        """Why no push can be told from another yet: no stack was ever read. Empty for nothing."""
        if all(pins is None for pins in self._pins.values()):
            return "no stack has been read yet; `fcpin receiver check` says why where it stays so"
        return ""

    def _refresh(self, stack: str) -> None:
        try:
            pins = self._read(stack)
        except FcpinError as error:
            _log.warning("the pins of the stack %s cannot be read: %s", stack, error)
        else:
            self.learn(stack, pins)
