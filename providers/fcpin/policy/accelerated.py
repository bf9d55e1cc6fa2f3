"""Take the image that ACR Enterprise converted for faster starts: `main-12_accelerated`, made of `main-12`.

1. It is always the originals that are filtered, ordered and aged; the conversion is only what is deployed for one.
2. `require` takes originals that have a conversion. `prefer` takes the conversion if there is one, else the original,
   after `accelerated_wait` since the original's push.
3. A conversion that is older than its original was made of another image, and counts as none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from fcpin.image import TagRecord
from fcpin.policy.candidate import Ledger
from fcpin.policy.fields import Fields
from fcpin.policy.filters import IS_ACCELERATED, SUFFIX
from fcpin.policy.times import iso, read_duration
from fcpin.policy.waiting import Wait

_CONTAINERD: Final = f"_containerd{SUFFIX}"
"""Of a second conversion, for nodes of containerd, that ACR makes in its full mode."""
_MODES: Final = ("ignore", "prefer", "require")
_NO_TIME = Wait("has no push time, which accelerated_wait goes by")


def original(tag: str) -> str:
    """Return the tag that ACR converted into *tag*, or *tag* itself."""
    return tag.removesuffix(_CONTAINERD).removesuffix(SUFFIX)


@dataclass(frozen=True, slots=True)
class Acceleration:
    """What the user wants of conversions."""

    mode: str = "ignore"
    wait: timedelta = timedelta()
    text: str = ""
    """*wait* as the user wrote it."""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `accelerated` and `accelerated_wait`; problems are noted in *fields*."""
        mode, wait = fields.choice("accelerated", _MODES), read_duration(fields, "accelerated_wait")
        if wait is None:
            return cls(mode)
        if mode != "prefer":
            fields.wrong("accelerated_wait", "is how long `accelerated: prefer` waits; it means nothing without")
        return cls(mode, wait, str(fields.values["accelerated_wait"]))

    @property
    def holds_back(self) -> bool:
        """Whether a tag may have to wait for its conversion."""
        return self.mode == "require" or bool(self.wait)


IGNORED: Final = Acceleration()


@dataclass(frozen=True, slots=True)
class Conversions:
    """The conversions in a listing, and the gate that they are."""

    wanted: Acceleration
    listing: Mapping[str, TagRecord]

    def of(self, record: TagRecord) -> TagRecord | None:
        """What is to be deployed for *record* instead of it."""
        found = None if self.wanted.mode == "ignore" else self.listing.get(record.tag + SUFFIX)
        if found is None or found.status != "NORMAL":
            return None
        stale = found.pushed is not None and record.pushed is not None and found.pushed < record.pushed
        return None if stale else found

    def waits(self, records: Sequence[TagRecord], now: datetime) -> Mapping[int, Wait]:
        """Those without a conversion, while it is wanted."""
        waits = ((index, self._wait(record, now)) for index, record in enumerate(records) if self.of(record) is None)
        return {index: wait for index, wait in waits if wait is not None}

    def instead_of(self, winner: TagRecord, rejected: Ledger) -> tuple[TagRecord, str]:
        """What is deployed for *winner*, and what is said of it. *rejected* learns which of the two is not."""
        found = self.of(winner)
        if found is None:
            return winner, "; it has no accelerated image" if self.wanted.mode == "prefer" else ""
        rejected[IS_ACCELERATED].remove(found.tag)
        if not rejected[IS_ACCELERATED]:
            del rejected[IS_ACCELERATED]
        rejected[f"is deployed as {found.tag}"] = [winner.tag]
        return found, f"; as {found.tag}"

    def _wait(self, record: TagRecord, now: datetime) -> Wait | None:
        if self.wanted.mode == "require":
            return Wait("has no accelerated image of itself (accelerated: require)")
        if record.pushed is None:
            return _NO_TIME
        end = record.pushed + self.wanted.wait
        if now >= end:
            return None
        waits = f"waits for its accelerated image until {iso(end)} (accelerated_wait {self.wanted.text})"
        return Wait(waits, end, f"accelerated_wait {self.wanted.text} has passed")
