"""Tag families: `main-11` and `main-12` are relatives, and `main` is their family's name.

1. A family's name is everything before the last dash (`strict`), so `rel-a-1` and `rel-b-2` are no relatives.
   The seed's rule (`seed`) counts dashes and compares the first segment only: for it they are.
2. The bare tag `main` is the name of the family and not a relative; a function that runs it may move to `main-11`.
3. Newest is the relative pushed last where the registry gives push times; else the one with the greatest number, if
   every relative ends in one; else the one built last, if the images have build times. A single one needs no order.
4. A tag that was chosen by push time is not replaced while there are no push times (rule 4 of select.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from fcpin.errors import InvalidPolicy, Problem, shown
from fcpin.image import Image, TagRecord, is_tag
from fcpin.models import Model, about, from_text
from fcpin.policy.orders import (
    NO_NUMBER,
    NO_PUSH_TIME,
    TAG_PATTERN,
    ByBuildTime,
    ByPushTime,
    Candidate,
    Key,
    Numerical,
    Order,
    Reason,
    Row,
    number,
)

Rule: TypeAlias = Literal["strict", "seed"]


def has_update(current_image: str, new_image: str, *, rule: Rule = "strict") -> bool:
    """Whether *new_image* is a later member of *current_image*'s tag family, going by their names alone.

    >>> has_update("registry.cn-beijing.aliyuncs.com/a/b:main-2", "registry.cn-beijing.aliyuncs.com/a/b:main-33")
    True

    The repositories must be the same one (ACR's public, VPC and internal hosts count as one), the tags must differ, and
    the new one must be a relative. An image without a tag has no family. The answer does not order them.
    Raises InvalidImage.
    """
    current, new = Image.parse(current_image), Image.parse(new_image)
    if current.tag is None or new.tag is None or current.tag == new.tag:
        return False
    return current.repository.is_same(new.repository) and _is_relative(new.tag, _family_of(current.tag), rule)


def _family_of(tag: str) -> str:
    """The name of the family that *tag* is a relative or the bare name of."""
    name, dash, _ = tag.rpartition("-")
    return name if dash else tag


def _is_relative(tag: str, family: str, rule: Rule) -> bool:
    if rule == "strict":
        name, dash, suffix = tag.rpartition("-")
        return name == family and bool(dash and suffix)
    return tag.startswith(f"{family.partition('-')[0]}-") and tag.count("-") == family.count("-") + 1


def _parse_name(text: str) -> str:
    if not is_tag(text):
        raise ValueError(f"{shown(text)} cannot begin a tag; write what stands before the last '-'")
    if text.endswith("-"):
        raise ValueError(f"{shown(text)} ends with the '-' that divides name and suffix; leave it out")
    return text


if TYPE_CHECKING:
    FamilyName: TypeAlias = str
else:
    FamilyName = from_text(str, _parse_name, pattern=TAG_PATTERN)


class Family(Model, Order):
    """The relatives of *name*, or of the current tag when there is no name."""

    name: Annotated[
        FamilyName | None, about("What stands before the last dash; the family of the deployed tag unless given.")
    ] = None
    rule: Annotated[
        Rule,
        about("strict: everything up to the last dash is equal. seed: the first segment and the number of dashes."),
    ] = "strict"

    def scope(self, current: str | None) -> str:
        if self.name is not None:
            return self.name
        if current is not None:
            return _family_of(current)
        raise InvalidPolicy(
            Problem(
                "policy.family.name",
                "is required: there is no current tag (or the filters leave it out) to take the family from",
            )
        )

    def members(self, scope: str, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        if self.rule == "seed":
            return [one for one in candidates if _is_relative(one[0], scope, "seed")]
        return [one for one in candidates if (parts := one[0].rpartition("-"))[0] == scope and parts[1] and parts[2]]

    def bind(self, scope: str, members: Sequence[Candidate]) -> "Relatives":
        return Relatives(scope, self.rule, _order_for(members))


def _order_for(relatives: Sequence[Candidate]) -> Order:
    """What the relatives can be ordered by."""
    if any(record.pushed is not None for _, record in relatives):
        return ByPushTime()
    numbers = {value: number(value.rpartition("-")[2]) for value, _ in relatives}
    if None not in numbers.values():
        return SuffixNumber(numbers=numbers)
    return ByBuildTime() if len(relatives) > 1 else OnlyOne()


@dataclass(frozen=True)
class Relatives(Order):
    """The tags `<name>-<suffix>`, in the order that they allow."""

    name: str
    rule: Rule
    order: Order

    @property
    def measure(self) -> str:  # type: ignore[override]
        return self.order.measure

    @property
    def lacks_push_times(self) -> bool:
        return self.measure != ByPushTime.measure

    def key(self, value: str, record: TagRecord) -> Key | None:
        return self.order.key(value, record)

    def rows(self, members: Sequence[Candidate]) -> Sequence[Row]:
        return self.order.rows(members)

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:
        if not _is_relative(value, self.name, self.rule):
            return Reason(f"is not of the family {self.name}-*")
        return self.order.missing_key_reason(value, record)

    def position(self, value: str, record: TagRecord) -> Key | Reason:
        return self.order.position(value, record)

    def includes(self, value: str) -> bool:
        return _is_relative(value, self.name, self.rule)

    @property
    def reads_build_times(self) -> bool:  # type: ignore[override]
        return self.order.reads_build_times


@dataclass(frozen=True)
class SuffixNumber(Order):
    """Newest is the greatest number after the last dash."""

    numbers: Mapping[str, Key | None]
    """Those of the members."""

    measure: ClassVar[str] = Numerical.measure

    def key(self, value: str, record: TagRecord) -> Key | None:  # noqa: ARG002
        return self.numbers.get(value)

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        return NO_NUMBER

    def position(self, value: str, record: TagRecord) -> Key | Reason:  # noqa: ARG002
        key = number(value.rpartition("-")[2])
        return NO_NUMBER if key is None else key


class OnlyOne(Order):
    """A single relative is the newest, but nothing shows whether it is newer than a tag that is gone."""

    measure: ClassVar[str] = "being the only one"

    def key(self, value: str, record: TagRecord) -> tuple[()]:  # noqa: ARG002
        return ()

    def position(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        return NO_PUSH_TIME
