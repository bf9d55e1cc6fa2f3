"""No function is managed by two resources of one run: each would undo what the other did."""

import threading

from fcpin.errors import InvalidSettings, Problem
from fcpin.pinned_function.inputs import PinArgs


class Claims:
    """Which resource manages which function. Thread-safe."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, str, str], str] = {}
        self._lock = threading.Lock()

    def claim(self, args: PinArgs) -> None:
        """Raises InvalidSettings when another resource has claimed the function. The same one may claim it again."""
        with self._lock:
            owner = self._owners.setdefault((args.region, args.profile, args.function_name), args.owner)
        if owner != args.owner:
            other = owner.rpartition("::")[2]
            where = f"{args.function_name} in {args.region}"
            raise InvalidSettings(
                Problem("function_name", f"{where} is managed by {other} already; remove one of both")
            )
