"""One case: a question to a policy, and the answer that is expected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fcpin.cli.cases.expectation import Expectation
from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from fcpin.policy import Policy, Selection


@dataclass(frozen=True, slots=True)
class Case:
    """What a policy is asked, and what it should say."""

    name: str
    place: str
    """Where it is written: `cases.yaml:7`."""
    policy: Policy
    tags: Sequence[TagRecord]
    current: str | None
    now: datetime | None
    bypass_min_age: bool
    expected: Expectation

    def outcome(self) -> Selection | InvalidPolicy:
        """What the policy says, or why it cannot: a hold at what is not there."""
        try:
            return self.policy.select(self.tags, current=self.current, now=self.now, bypass_min_age=self.bypass_min_age)
        except InvalidPolicy as error:
            return error
