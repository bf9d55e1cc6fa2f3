"""Tag families: `main-11` and `main-12` are relatives, and `main` is their family's name.

1. A family's name is everything before the last dash (`strict`), so `rel-a-1` and `rel-b-2` are no relatives.
   The seed's rule (`seed`) counts dashes and compares the first segment only: for it they are.
2. The bare tag `main` is the name of the family and not a relative; a function that runs it may move to `main-11`.
3. Newest is the relative pushed last where the registry gives push times; else the one with the greatest number, if
   every relative ends in one; else the one built last, if the images say so. A single relative needs no order.
4. A tag that was chosen by push time is not replaced while there are no push times (see downgrade.py).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self, TypeAlias

from fcpin.errors import InvalidPolicy, Problem
from fcpin.image import Image, TagRecord, is_tag
from fcpin.policy.candidate import Candidates, Key, Ledger, Reason, reject
from fcpin.policy.fields import Fields, shown
from fcpin.policy.fixed import Fixed
from fcpin.policy.newest import ByBuildTime, ByPushTime
from fcpin.policy.numerical import NO_NUMBER, number_keys
from fcpin.policy.order import Ranking
from fcpin.policy.ranked import Ranked, rank_by

Rule: TypeAlias = Literal["strict", "seed"]


def has_update(current_image: str, new_image: str, *, rule: Rule = "strict") -> bool:
    """Whether *new_image* is a later member of *current_image*'s tag family, going by their names alone.

    >>> has_update("registry.cn-beijing.aliyuncs.com/a/b:main-2", "registry.cn-beijing.aliyuncs.com/a/b:main-33")
    True

    The repositories must be the same one (ACR's public, VPC and internal hosts count as one), the tags must differ, and
    the new one must be a relative. An image without a tag has no family. Nothing is said about which is newer.
    Raises InvalidImage.
    """
    current, new = Image.parse(current_image), Image.parse(new_image)
    if current.tag is None or new.tag is None or current.tag == new.tag:
        return False
    return current.repository.is_same(new.repository) and Relatives.of(current.tag, rule).has(new.tag)


@dataclass(frozen=True, slots=True)
class Relatives:
    """Who is a relative: the tags `<name>-<suffix>`, by one of the two rules."""

    name: str
    rule: Rule = "strict"

    @classmethod
    def of(cls, tag: str, rule: Rule = "strict") -> Self:
        """The family that *tag* is a relative or the bare name of."""
        name, dash, _ = tag.rpartition("-")
        return cls(name if dash else tag, rule)

    def has(self, tag: str) -> bool:
        """Whether *tag* is a relative."""
        return self.among((tag,))[0]

    def among(self, tags: Sequence[str]) -> Sequence[bool]:
        """For each of *tags* whether it is a relative."""
        if self.rule == "strict":
            prefix, start = f"{self.name}-", len(self.name) + 1
            return [tag[:start] == prefix and "-" not in tag[start:] and tag != prefix for tag in tags]
        prefix, dashes = f"{self.name.partition('-')[0]}-", self.name.count("-") + 1
        return [tag.startswith(prefix) and tag.count("-") == dashes for tag in tags]


@dataclass(frozen=True)
class Family:
    """The relatives of *name*, or of the current tag when there is no name."""

    name: str | None = None
    rule: Rule = "strict"
    path: str = "policy.family"

    options: ClassVar[Collection[str]] = ("name", "rule")
    warnings: ClassVar[Sequence[str]] = ()

    @classmethod
    def read(cls, fields: Fields) -> Self:
        name = fields.text("name")
        if name is not None and not is_tag(name):
            fields.wrong("name", f"{shown(name)} cannot begin a tag; write what stands before the last '-'")
        elif name is not None and name.endswith("-"):
            fields.wrong("name", f"{shown(name)} ends with the '-' that divides name and suffix; leave it out")
        rule: Rule = "seed" if fields.choice("rule", ("strict", "seed")) == "seed" else "strict"
        return cls(name, rule, fields.path)

    def ranking(self, candidates: Candidates, current: str | None) -> "FamilyRanking":
        """Raises InvalidPolicy without a name and without a current tag."""
        if self.name is not None:
            relatives = Relatives(self.name, self.rule)
        elif current is not None:
            relatives = Relatives.of(current, self.rule)
        else:
            raise InvalidPolicy(
                Problem(
                    f"{self.path}.name",
                    "is required: there is no current tag (or the filters leave it out) to take the family from",
                )
            )
        related = relatives.among(candidates.values)
        members = candidates.only(related)
        return FamilyRanking(relatives, related, members, _order_of(members))


def _order_of(relatives: Candidates) -> Ranking:
    """What these relatives can be ordered by."""
    if any(record.pushed is not None for record in relatives.records):
        return ByPushTime()
    numbers = SuffixNumber().keys(relatives)
    if None not in numbers:
        return SuffixNumber(numbers)
    return ByBuildTime() if len(relatives.tags) > 1 else Alone()


@dataclass(frozen=True)
class FamilyRanking:
    """The relatives, compared by what they can be ordered by."""

    relatives: Relatives
    related: Sequence[bool]
    """Which of the candidates are relatives."""
    members: Candidates
    """Those that are."""
    order: Ranking

    descending: ClassVar[bool] = False

    @property
    def by(self) -> str:
        return self.order.by

    @property
    def lacks_push_times(self) -> bool:
        return self.by != ByPushTime.by

    def rank(self, candidates: Candidates, rejected: Ledger) -> Ranked[Key]:
        strangers = [tag for tag, is_member in zip(candidates.tags, self.related, strict=True) if not is_member]
        reject(rejected, f"is not of the family {self.relatives.name}-*", strangers)
        return self.order.rank(self.members, rejected)

    def belongs(self, value: str) -> bool:
        return self.relatives.has(value)

    def place(self, value: str, record: TagRecord) -> Key | Reason:
        return self.order.place(value, record)

    def lacks_created(self, candidates: Candidates) -> Sequence[str]:  # noqa: ARG002 - those of the family alone
        return self.order.lacks_created(self.members)


@dataclass(frozen=True)
class SuffixNumber(Fixed):
    """Newest is the greatest number after the last dash."""

    numbers: Sequence[Key | None] = field(default=(), compare=False)
    """Those of the candidates, as they were found when this order was chosen."""

    by: ClassVar[str] = "number"

    @property
    def lacking(self) -> Reason:
        return NO_NUMBER

    def keys(self, candidates: Candidates) -> Sequence[Key | None]:
        return number_keys([value.rpartition("-")[2] for value in candidates.values])

    def rank(self, candidates: Candidates, rejected: Ledger) -> Ranked[Key]:
        return rank_by(self.numbers, candidates, self.lacking, rejected)


@dataclass(frozen=True)
class Alone(Fixed):
    """A single relative is the newest, but nobody can say whether it is newer than a tag that is gone."""

    by: ClassVar[str] = "being the only one"

    def keys(self, candidates: Candidates) -> Sequence[Key | None]:
        return [()] * len(candidates.tags)

    def place(self, value: str, record: TagRecord) -> Key | Reason:  # noqa: ARG002 - the seam's
        return Reason("has no push time: the registry gives none")
