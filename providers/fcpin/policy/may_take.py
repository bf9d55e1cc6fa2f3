"""Whether a policy could ever choose a tag, told from the tag's name alone: is a push of it any of our business?

No registry is asked, so the answer errs on one side only: where it is no, no listing could make the policy choose the
tag, or choose otherwise because of it.
"""

from contextlib import suppress
from typing import TYPE_CHECKING

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from fcpin.policy.accelerated import original
from fcpin.policy.candidate import LONG_AGO
from fcpin.policy.contest import Contest

if TYPE_CHECKING:
    from fcpin.policy.policy import Policy


def may_take(policy: "Policy", tag: str, current: str | None) -> bool:
    """*current* is the deployed tag: a push of it has moved it."""
    if policy.suspend:
        return False
    if tag == current or (policy.hold is not None and policy.hold.tag in (None, tag)):
        return True
    name = tag if policy.acceleration.mode == "ignore" else original(tag)
    alone = {name: TagRecord(name, pushed=LONG_AGO, created=LONG_AGO)}
    with suppress(InvalidPolicy):  # no current tag to take the family from: that is the deployment's to say
        contest = Contest.of(policy.order, policy.filters, alone, current, {})
        return bool(contest.rank({}).tags)
    return True
