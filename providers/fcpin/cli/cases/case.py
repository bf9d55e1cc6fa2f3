"""One case: a question to a policy, and the answer that is expected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fcpin.cli.cases.expectation import Expectation
from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from fcpin.policy import Policy, Ranking, Selection


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
    min_age_bypass: bool
    expected: Expectation

    def outcome(self) -> Selection | InvalidPolicy:
        """What the policy says, or why it cannot: a hold at what is not there."""
        try:
            return Ranking(self.policy, self.tags).select(
                self.current, now=self.now, min_age_bypass=self.min_age_bypass
            )
        except InvalidPolicy as error:
            return error
