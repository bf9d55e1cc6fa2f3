"""A policy as a value: which tag of a repository to deploy. `select.py` has the rules by which it decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from fcpin.image import TagRecord
from fcpin.policy.fields import Fields
from fcpin.policy.filters import Filters
from fcpin.policy.follow import Follow
from fcpin.policy.gates import IGNORED, Acceleration, MinAge
from fcpin.policy.hold import Hold
from fcpin.policy.orders import Order
from fcpin.policy.selection import Selection
from fcpin.policy.spec import DEFAULT_PLATFORM, LIMIT, read_limit, read_order, read_platform, refuse_unknown


@dataclass(frozen=True)
class Policy:
    """One that exists is valid."""

    order: Order
    filters: Filters
    allow_downgrade: bool = False
    on_empty: str = "fail"
    """`fail` or `keep`."""
    platform: str = DEFAULT_PLATFORM
    """What the chosen image must run on. A listing has no platforms: the caller checks it."""
    min_age: MinAge | None = None
    acceleration: Acceleration = IGNORED
    hold: Hold | None = None
    suspend: bool = False
    """Whether the current pin stays whatever else is set, a hold included. Then no tags are needed."""
    is_protected: bool = False
    """Whether the chosen image is deployed by its pin tag."""
    discovery_limit: int = LIMIT
    """How many tags may be looked into for their build time."""

    @classmethod
    def from_spec(cls, spec: Mapping[str, object]) -> Self:
        """Read the dictionary that docs/policies describes. Raises InvalidPolicy with every problem."""
        fields = Fields.of(spec, "", [])
        fields.finish()
        refuse_unknown(fields)
        policy = cls(
            order=read_order(fields),
            filters=Filters.read(fields),
            allow_downgrade=fields.flag("allow_downgrade", default=False),
            on_empty=fields.choice("on_empty", ("fail", "keep")),
            platform=read_platform(fields),
            min_age=MinAge.read(fields),
            acceleration=Acceleration.read(fields),
            hold=Hold.read(fields),
            suspend=fields.flag("suspend", default=False),
            is_protected=fields.choice("protect", ("none", "pin_tag")) == "pin_tag",
            discovery_limit=read_limit(fields),
        )
        fields.finish()
        return policy

    @property
    def needs_now(self) -> bool:
        """Whether a selection depends on the time."""
        return self.hold is not None or self.min_age is not None or self.acceleration.delays

    @property
    def warnings(self) -> Sequence[str]:
        """What users should know before they rely on this policy."""
        moving = () if self.is_protected else self.order.warnings
        return (*moving, *self.filters.warnings)

    def active_hold(self, now: datetime | None) -> Hold | None:
        """The hold that decides at *now*, if one does."""
        return None if self.hold is None or self.hold.is_over(known(now)) else self.hold

    def confirm(self, selection: Selection, record: TagRecord) -> None:
        """Raises InvalidPolicy when *record*, resolved for *selection*, is not the image that was selected.

        A listing may come without digests: then only the tag itself shows it.
        """
        if selection.hold is not None:
            selection.hold.check(record)
        elif isinstance(self.order, Follow):
            self.order.check(record)


def known(now: datetime | None) -> datetime:
    """Raises ValueError for None."""
    if now is None:
        raise ValueError("this policy goes by time: it needs now=…")
    return now
