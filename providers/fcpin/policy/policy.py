"""A policy: a family of tags and an order, and the decision between them.

The rules, in the order in which they decide:

0. What is suspended stays as it is. Else an active hold decides alone (see hold.py).
1. What is no image of the family never takes part: filters first, then the order's own membership.
2. What is too young, or lacks the conversion that is wanted, waits. A deployed tag stays: nothing is taken back for it.
3. Newest is the greatest key of the order. Among equals: the one pushed last, then the one whose name is greatest;
   if the current tag is one of them and all the same image, it stays.
4. A tag older than the current one is not chosen without `allow_downgrade`, even if the current one is gone. If nobody
   can say which is older, the current pin is kept. A current tag that is no relative is no measure: the user changed
   the policy.
5. Where all wait, the current pin is kept. Where none qualifies, `on_empty` says whether it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from fcpin.image import TagRecord
from fcpin.policy.accelerated import IGNORED, Acceleration
from fcpin.policy.contest import Contest
from fcpin.policy.decision import Decision
from fcpin.policy.discovery import LIMIT, read_limit
from fcpin.policy.fields import Fields
from fcpin.policy.filters import Filters
from fcpin.policy.follow import Follow
from fcpin.policy.held import held
from fcpin.policy.hold import Hold
from fcpin.policy.listing import listing_of
from fcpin.policy.may_take import may_take
from fcpin.policy.min_age import MinAge
from fcpin.policy.order import Order
from fcpin.policy.protect import read_protect
from fcpin.policy.selection import Selection
from fcpin.policy.spec import DEFAULT_PLATFORM, read_order, read_platform, refuse_unknown
from fcpin.policy.suspend import suspended
from fcpin.policy.times import known


@dataclass(frozen=True)
class Policy:
    """Which tag of a repository to deploy. One that exists is valid."""

    order: Order
    filters: Filters
    allow_downgrade: bool = False
    on_empty: str = "fail"
    """`fail` or `keep`."""
    platform: str = DEFAULT_PLATFORM
    """What the chosen image must run on. For whoever resolves it: `select` sees no platforms."""
    min_age: MinAge | None = None
    acceleration: Acceleration = IGNORED
    hold: Hold | None = None
    suspend: bool = False
    """Whether the current pin stays whatever else is asked for, a hold included. Then `select` needs no tags."""
    is_protected: bool = False
    """Whether the chosen image is deployed on a tag of our own. For whoever deploys it."""
    discovery_limit: int = LIMIT
    """How many tags may be asked for their build time. For whoever asks."""

    @classmethod
    def from_spec(cls, spec: Mapping[str, object]) -> Self:
        """Read the dictionary that docs/policies describes. Raises InvalidPolicy with everything that is wrong.

        >>> policy = Policy.from_spec({"policy": {"semver": {"range": "1.x"}}})
        >>> policy.select([TagRecord("v1.2.0"), TagRecord("v2.0.0")]).chosen.tag
        'v1.2.0'
        """
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
            is_protected=read_protect(fields),
            discovery_limit=read_limit(fields),
        )
        fields.finish()
        return policy

    @property
    def goes_by_time(self) -> bool:
        """Whether `select` must be told the time."""
        return self.hold is not None or self.min_age is not None or self.acceleration.holds_back

    @property
    def warnings(self) -> Sequence[str]:
        """What the user should know before relying on this policy."""
        moving = () if self.is_protected else self.order.warnings
        return (*moving, *self.filters.warnings)

    def select(
        self,
        tags: Iterable[TagRecord],
        *,
        current: str | None = None,
        current_by: str = "",
        now: datetime | None = None,
        bypass_min_age: bool = False,
    ) -> Selection:
        """The newest of *tags* while *current* is deployed, and a reason for every other one.

        *current_by* is the `by` of the selection that chose *current*; empty where it is not known.

        The answer does not depend on the order of *tags*. *now* is needed by a policy with `hold` or an age.
        *bypass_min_age* is for one run, and said in the reason. Raises InvalidPolicy if the policy takes its family
        from the current tag and there is none, for a hold at what is not there, when there is no current tag to be
        suspended at, and when the registry gives no push times for `min_age` to go by.
        """
        listing = listing_of(tags)
        if self.suspend:
            return suspended(listing, current, self.hold)
        if (hold := self.active_hold(now)) is not None:
            return held(self, hold, listing, current)
        selection = Decision(self, listing, current, now, bypass_min_age, current_by).select()
        if self.hold is not None:
            return replace(selection, warnings=(self.hold.epitaph, *selection.warnings))
        return selection

    def confirm(self, selection: Selection, record: TagRecord) -> None:
        """Raises InvalidPolicy when *record*, read for what was selected, is not the image that was asked for.

        A listing may come without digests, so that only the tag itself can tell.
        """
        if selection.hold is not None:
            selection.hold.check(record)
        elif isinstance(self.order, Follow):
            self.order.check(record)

    def may_take(self, tag: str, current: str | None = None) -> bool:
        """Whether a push of *tag* may change what is deployed while *current* is.

        False only when no listing could make `select` choose it, at no time; True always for *current*, which was moved
        then. What is suspended takes nothing. Of `follow` it is the tag that the other stack was last seen to run.
        """
        return may_take(self, tag, current)

    def active_hold(self, now: datetime | None) -> Hold | None:
        """The hold that decides at *now*, if one does."""
        return None if self.hold is None or self.hold.is_over(known(now)) else self.hold

    def needs_created(
        self, tags: Iterable[TagRecord], current: str | None = None, *, now: datetime | None = None
    ) -> Sequence[str]:
        """The tags that can only be ordered by build time, and do not have it yet, in alphabetical order.

        Empty when the policy orders by anything else. The caller asks the registry for them and passes records with
        `created` filled in. Raises InvalidPolicy as `select` does.
        """
        if self.suspend or self.active_hold(now) is not None:
            return ()
        return sorted(Contest.of(self.order, self.filters, listing_of(tags), current, {}).lacks_created())
