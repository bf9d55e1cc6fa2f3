"""Gates: policy options that delay a tag, `min_age` and `accelerated`.

`min_age` lets tags mature.

1. It goes by the push time. A tag without one is held back; a registry without any is a problem, not an endless wait.
2. The newest tag that is old enough is chosen, so that a repository with a push an hour does not starve.
3. A deployed tag stays, however young it is.

`accelerated` deploys the image that ACR Enterprise converted for faster starts.

1. Filters, orders and gates look at the originals; the conversion is only what is deployed for one.
2. `require` takes originals that have a conversion. `prefer` takes the conversion if there is one, else the original,
   after `accelerated_wait` since the original's push.
3. A conversion that is older than its original was made of another image, and counts as none.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from fcpin.errors import InvalidPolicy, Problem
from fcpin.image import ACCELERATED, TagRecord, is_tag
from fcpin.policy.times import Duration, iso

Mode: TypeAlias = Literal["ignore", "prefer", "require"]


class Wait(NamedTuple):
    """Why a tag may not be deployed yet: `matures at 2026-11-22T14:00:00Z (min_age 2h)`."""

    reason: str
    until: datetime | None = None
    """When the wait ends without another push, if it does."""
    over: str = ""
    """What happens then: `min_age 2h has passed`."""


_NO_PUSH_TIME: Final = Wait("has no push time, which min_age needs")


class Gate(Protocol):
    """An option that delays tags. `Policy.gates` names all of them."""

    def check(self, records: Iterable[TagRecord]) -> None:
        """Raises InvalidPolicy when the gate would hold back every tag of this registry for ever."""

    def waits(self, listing: Mapping[str, TagRecord], now: datetime) -> Callable[[TagRecord], Wait | None]:
        """Return what answers why a tag may not be deployed at *now*; None if it may."""


class MinAge(NamedTuple):
    """How old a tag has to be, since its push."""

    least: Duration

    def check(self, records: Iterable[TagRecord]) -> None:
        """Raises InvalidPolicy when there are *records*, and none has a push time."""
        has_records = False
        for record in records:
            if record.pushed is not None:
                return
            has_records = True
        if has_records:
            raise InvalidPolicy(
                Problem(
                    "min_age",
                    "needs push times, and the registry gives none: ACR Enterprise does, the OCI protocol does not; "
                    "remove it",
                )
            )

    def waits(self, listing: Mapping[str, TagRecord], now: datetime) -> Callable[[TagRecord], Wait | None]:  # noqa: ARG002
        latest = now - self.least.length

        def wait(record: TagRecord) -> Wait | None:
            if record.pushed is None:
                return _NO_PUSH_TIME
            return None if record.pushed <= latest else self._wait(record.pushed)

        return wait

    def _wait(self, pushed: datetime) -> Wait:
        matures, text = pushed + self.least.length, self.least.text
        return Wait(f"matures at {iso(matures)} (min_age {text})", matures, f"min_age {text} has passed")


class Acceleration(NamedTuple):
    """Whether to deploy conversions, and how long `prefer` waits for one."""

    mode: Mode
    patience: Duration | None

    @property
    def delays(self) -> bool:
        """Whether a tag may have to wait for its conversion."""
        return self.mode == "require" or (self.patience is not None and bool(self.patience.length))

    def check(self, records: Iterable[TagRecord]) -> None:
        """A registry without conversions is no problem: one may still be made."""

    def conversion(self, record: TagRecord, listing: Mapping[str, TagRecord]) -> TagRecord | None:
        """What is deployed instead of *record*, if *listing* has it."""
        found = None if self.mode == "ignore" else listing.get(record.tag + ACCELERATED)
        if found is None or found.status != "NORMAL" or not is_tag(found.tag):
            return None
        stale = found.pushed is not None and record.pushed is not None and found.pushed < record.pushed
        return None if stale else found

    def waits(self, listing: Mapping[str, TagRecord], now: datetime) -> Callable[[TagRecord], Wait | None]:
        return lambda record: self._wait(record, listing, now)

    def _wait(self, record: TagRecord, listing: Mapping[str, TagRecord], now: datetime) -> Wait | None:
        """Why *record* has to wait for its conversion at *now*."""
        if not self.delays or self.conversion(record, listing) is not None:
            return None
        if self.patience is None:
            return Wait("has no accelerated image of itself (accelerated: require)")
        if record.pushed is None:
            return Wait("has no push time, which accelerated_wait needs")
        end, text = record.pushed + self.patience.length, self.patience.text
        if now >= end:
            return None
        waits = f"waits for its accelerated image until {iso(end)} (accelerated_wait {text})"
        return Wait(waits, end, f"accelerated_wait {text} has passed")
