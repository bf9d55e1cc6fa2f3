"""The tag orders: which candidates one includes, and which of them is the newest. `family` and `follow` have files of
their own; `spec.py` registers all of them."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final, Protocol, Self, TypeAlias

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord, is_tag
from fcpin.policy.fields import Fields, shown
from fcpin.policy.semver import VersionKey, VersionRange, parse_loose_version, parse_version

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Reason(str):
    """Why a tag was not chosen. A type of its own: a value or a key is never mistaken for a reason."""

    __slots__ = ()


class Key(Protocol):
    """What an order compares: a time, a number, a version. The keys of one order compare with one another."""

    def __lt__(self, other: Any, /) -> bool: ...


Candidate: TypeAlias = tuple[str, TagRecord]
"""A tag that passed the filters: what the order compares (the tag, or what `filter_tags.extract` made of it), and the
record."""

NO_PUSH_TIME: Final = Reason("has no push time: the registry gives none")
_NO_BUILD_TIME: Final = Reason("has no build time: its image says none, or it was not looked into")
_NO_NUMBER: Final = Reason("is no number")
_NO_VERSION: Final = Reason("is no version X.Y.Z")


class Order:
    """Base class. A subclass sets `by` and implements `key`; it is frozen and hashable."""

    by: ClassVar[str]
    """What the order compares, as users read it: `push time`."""
    options: ClassVar[Collection[str]] = ()
    """Every key that users may write under the order's name."""

    @property
    def descending(self) -> bool:
        """Whether the smallest key is the newest."""
        return False

    @property
    def warnings(self) -> Sequence[str]:
        """What users should know before they rely on this order."""
        return ()

    @property
    def lacks_push_times(self) -> bool:
        """Whether the order would compare push times if the candidates had any."""
        return False

    def scope(self, current: str | None) -> str:  # noqa: ARG002
        """The part of the repository that the order looks at while *current* is deployed: the family's name.

        *current* is what is compared for the current tag. Raises InvalidPolicy if the order needs one and it is None.
        """
        return ""

    def bind(self, scope: str, candidates: Sequence[Candidate]) -> "Order":  # noqa: ARG002
        """Return the order to use for *candidates*. Only `family` has to look at them first."""
        return self

    def key(self, value: str, record: TagRecord) -> Key | None:
        """What a candidate is ordered by, or None if the order does not include it."""
        raise NotImplementedError

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        """Why a candidate has no key."""
        return Reason(f"cannot be compared by {self.by}")

    def position(self, value: str, record: TagRecord) -> Key | Reason:
        """Where the current tag stands among the keys, whether or not it still qualifies."""
        key = self.key(value, record)
        return self.missing_key_reason(value, record) if key is None else key

    def includes(self, value: str) -> bool:
        """Whether the current tag is subject to this order at all."""
        return not isinstance(self.position(value, TagRecord(value)), Reason)

    def needs_build_time(self, value: str, record: TagRecord) -> bool:  # noqa: ARG002
        """Whether only the missing build time keeps a candidate out of the order."""
        return False


@dataclass(frozen=True)
class DirectedOrder(Order):
    """An order that users may reverse."""

    order: str = "asc"
    """`asc` or `desc`, Flux's words."""

    options: ClassVar[Collection[str]] = ("order",)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(fields.choice("order", ("asc", "desc")))

    @property
    def descending(self) -> bool:
        return self.order == "desc"


class Alphabetical(DirectedOrder):
    """Newest is the last tag by code point, or the first under `desc`."""

    by: ClassVar[str] = "alphabet"

    def key(self, value: str, record: TagRecord) -> str:  # noqa: ARG002
        return value


class Numerical(DirectedOrder):
    """Newest is the greatest number, or the smallest under `desc`. Other tags are left out, not an error."""

    by: ClassVar[str] = "number"

    def key(self, value: str, record: TagRecord) -> Key | None:  # noqa: ARG002
        return number(value)

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        return _NO_NUMBER


def number(text: str) -> Key | None:
    """Parse a plain decimal number, exactly: timestamps of twenty digits do not collide as floats would.

    `1e5`, `0x1p4`, `Inf` and `NaN` are not numbers here, although Flux reads them.
    """
    if text.isdecimal() and text.isascii():
        return int(text)
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    return Decimal(text) if match[1] else int(text)


class ByPushTime(Order):
    """Newest is what the registry received last."""

    by: ClassVar[str] = "push time"

    def key(self, value: str, record: TagRecord) -> datetime | None:  # noqa: ARG002
        return record.pushed

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        return NO_PUSH_TIME

    def includes(self, value: str) -> bool:  # noqa: ARG002
        return True


class ByBuildTime(Order):
    """Newest is the image with the latest build time. The publisher controls it; reproducible builds have 1970."""

    by: ClassVar[str] = "build time"

    def key(self, value: str, record: TagRecord) -> datetime | None:  # noqa: ARG002
        return record.created

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        return _NO_BUILD_TIME

    def includes(self, value: str) -> bool:  # noqa: ARG002
        return True

    def needs_build_time(self, value: str, record: TagRecord) -> bool:  # noqa: ARG002
        return record.created is None


class Newest:
    """Reads which of the two times users want."""

    options: ClassVar[Collection[str]] = ("by",)

    @staticmethod
    def read(fields: Fields) -> ByPushTime | ByBuildTime:
        return ByBuildTime() if fields.choice("by", ("pushed", "created")) == "created" else ByPushTime()


@dataclass(frozen=True)
class Semver(Order):
    """Newest is the greatest version inside *range*. Pre-releases need a range that names one, as in Flux and Helm."""

    range: VersionRange
    strict: bool = True
    """Whether a version needs all three numbers. A number of seven digits may be a commit, one of four a year."""

    options: ClassVar[Collection[str]] = ("range", "strict")
    by: ClassVar[str] = "version"

    @classmethod
    def read(cls, fields: Fields) -> Self:
        strict = fields.flag("strict", default=True)
        version_range = VersionRange.parse("*")
        if text := fields.required("range", "'1.x', '~1.2' or '>=1.0.0 <2.0.0'; '*' is every release"):
            try:
                version_range = VersionRange.parse(text)
            except InvalidPolicy as error:
                for problem in error.problems:
                    fields.wrong("range", problem.reason)
        return cls(version_range, strict)

    def key(self, value: str, record: TagRecord) -> VersionKey | None:  # noqa: ARG002
        version = parse_version(value) if self.strict else parse_loose_version(value)
        return version if version is not None and self.range.has(version) else None

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:
        version = self.position(value, record)
        if isinstance(version, Reason):
            return version
        if self.range.wants_prereleases(version):
            return Reason(f"is a pre-release, and {self.range} names none (such as >=1.0.0-0)")
        return Reason(f"is outside {self.range}")

    def position(self, value: str, record: TagRecord) -> VersionKey | Reason:  # noqa: ARG002
        """A version outside the range has its place among those inside."""
        version = parse_version(value) if self.strict else parse_loose_version(value)
        return _NO_VERSION if version is None else version


@dataclass(frozen=True)
class DigestOf(Order):
    """Newest is whatever *tag* points at. The pin changes when the tag moves."""

    tag: str

    options: ClassVar[Collection[str]] = ("tag",)
    by: ClassVar[str] = "digest"

    @classmethod
    def read(cls, fields: Fields) -> Self:
        tag = fields.required("tag", "main")
        if tag and not is_tag(tag):
            fields.wrong("tag", f"{shown(tag)} is no tag; a tag has up to 128 letters, digits, '_', '.' and '-'")
        return cls(tag)

    @property
    def warnings(self) -> Sequence[str]:
        outage = (
            f"the tag {self.tag} moves: from each push until the next update of the function, new instances fail with "
            "'resolved image uri deleted'; a family of unique tags (main-<sha>) has no such window"
        )
        return (outage,)

    def key(self, value: str, record: TagRecord) -> tuple[()] | None:  # noqa: ARG002
        return () if value == self.tag else None

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        return Reason(f"is not {self.tag}")
