"""Let tags mature: only what the registry has had for a while is deployed.

1. It goes by the push time. A tag without one is held back; a registry without any is a problem, not an endless wait.
2. The newest tag that is old enough is chosen, so that a repository with a push an hour does not starve.
3. Nothing is ever taken back for being too young: a deployed tag stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from fcpin.errors import InvalidPolicy, Problem
from fcpin.image import TagRecord
from fcpin.policy.fields import Fields
from fcpin.policy.times import iso, read_duration
from fcpin.policy.waiting import Wait

_NO_TIME = Wait("has no push time, which min_age goes by")


@dataclass(frozen=True, slots=True)
class MinAge:
    """How long the registry must have had a tag."""

    age: timedelta
    text: str
    """As the user wrote it."""

    @classmethod
    def read(cls, fields: Fields) -> Self | None:
        """Read `min_age`; None if it is absent or a problem, which is then noted in *fields*."""
        age = read_duration(fields, "min_age")
        return None if age is None else cls(age, str(fields.values["min_age"]))

    def waits(self, records: Sequence[TagRecord], now: datetime) -> Mapping[int, Wait]:
        """Raises InvalidPolicy when none of *records* has a push time."""
        if records and all(record.pushed is None for record in records):
            raise InvalidPolicy(
                Problem(
                    "min_age",
                    "goes by push times, and the registry gives none: ACR Enterprise does, the OCI protocol does not; "
                    "remove it",
                )
            )
        latest = now - self.age
        return {
            index: self._wait(record)
            for index, record in enumerate(records)
            if record.pushed is None or record.pushed > latest
        }

    def _wait(self, record: TagRecord) -> Wait:
        if record.pushed is None:
            return _NO_TIME
        matures = record.pushed + self.age
        return Wait(f"matures at {iso(matures)} (min_age {self.text})", matures, f"min_age {self.text} has passed")
