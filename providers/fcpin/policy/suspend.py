"""Leave a deployed pin alone, whatever else is asked for: a hold too is a change."""

from collections.abc import Collection

from fcpin.errors import InvalidPolicy, Problem
from fcpin.policy.hold import Hold
from fcpin.policy.selection import Selection


def suspended(tags: Collection[str], current: str | None, hold: Hold | None) -> Selection:
    """Keep *current*. Raises InvalidPolicy when there is none."""
    if current is None:
        raise InvalidPolicy(Problem("suspend", "needs a deployed pin to stay on, and there is none; remove it"))
    reason = "it is suspended (suspend: true)"
    if hold is not None:
        reason += f", and so is its hold at {hold.tag or hold.digest}"
    others = {"is not looked at: suspend is true": list(tags)} if tags else {}
    return Selection(None, reason, f"keeps {current}, suspended", True, by_reason=others)
