"""The tag orders: which candidates one includes, and which of them is the newest.

An order is the model of its options. `family` and `follow` have files of their own; `policy.py` names all of them.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Protocol, TypeAlias

from fcpin.errors import shown
from fcpin.image import TagRecord, is_tag
from fcpin.models import Model, about, from_text
from fcpin.policy.semver import RangeText, VersionKey, parse_loose_version, parse_version

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


TAG_PATTERN: Final = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$"


def _parse_tag(text: str) -> str:
    if not is_tag(text):
        raise ValueError(
            f"{shown(text)} is not a valid tag: up to 128 letters, digits, '_', '.' and '-', without the repository"
        )
    return text


if TYPE_CHECKING:
    TagText: TypeAlias = str
else:
    TagText = from_text(str, _parse_tag, pattern=TAG_PATTERN)


class Reason(str):
    """Why a tag was not chosen. A type of its own: a value or a key is never mistaken for a reason."""

    __slots__ = ()


class Key(Protocol):
    """What an order compares: a time, a number, a version. The keys of one order compare with one another."""

    def __lt__(self, other: Any, /) -> bool: ...


Candidate: TypeAlias = tuple[str, TagRecord]
"""A tag that passed the filters: what the order compares (the tag, or what `filter_tags.extract` made of it), and the
record."""

Row: TypeAlias = tuple[Key, TagRecord]
"""A candidate that the order includes, and its key."""

NO_PUSH_TIME: Final = Reason("has no push time: the registry gives none")
_NO_BUILD_TIME: Final = Reason("has no build time: its image has none, or was not read")
NO_NUMBER: Final = Reason("is not a number")
_NO_VERSION: Final = Reason("is not a version X.Y.Z")


class Order:
    """Base class. A subclass sets `measure` and implements `key`."""

    measure: ClassVar[str]
    """What the order compares, as users read it: `push time`."""
    descending: ClassVar[bool] = False
    """Whether the smallest key is the newest."""
    warnings: ClassVar[Sequence[str]] = ()
    """What users should know before they rely on this order."""
    reads_build_times: ClassVar[bool] = False
    """Whether the build times of members have to be known."""

    @property
    def lacks_push_times(self) -> bool:
        """Whether the order would compare push times if the candidates had any."""
        return False

    def scope(self, current: str | None) -> str:  # noqa: ARG002
        """The part of the repository that the order looks at while *current* is deployed: the family's name.

        *current* is what is compared for the current tag. Raises InvalidPolicy if the order needs one and it is None.
        """
        return ""

    def members(self, scope: str, candidates: Sequence[Candidate]) -> Sequence[Candidate]:  # noqa: ARG002
        """The candidates of this scope."""
        return candidates

    def bind(self, scope: str, members: Sequence[Candidate]) -> "Order":  # noqa: ARG002
        """Return the order that compares *members*."""
        return self

    def key(self, value: str, record: TagRecord) -> Key | None:
        """What a member is ordered by, or None if the order does not include it."""
        raise NotImplementedError

    def rows(self, members: Sequence[Candidate]) -> Sequence[Row]:
        """The members that the order includes."""
        rows: list[Row] = []
        key_of = self.key
        for value, record in members:
            key = key_of(value, record)
            if key is not None:
                rows.append((key, record))
        return rows

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        """Why a candidate has no key."""
        return Reason(f"cannot be compared by {self.measure}")

    def position(self, value: str, record: TagRecord) -> Key | Reason:
        """Where the current tag stands among the keys, whether or not it still qualifies."""
        key = self.key(value, record)
        return self.missing_key_reason(value, record) if key is None else key

    def includes(self, value: str) -> bool:
        """Whether the current tag is subject to this order at all."""
        return not isinstance(self.position(value, TagRecord(value)), Reason)

    def needs_build_time(self, record: TagRecord) -> bool:
        """Whether only the missing build time keeps a member out of the order."""
        return self.reads_build_times and record.created is None


class DirectedOrder(Model, Order):
    """An order that users may reverse, in Flux's words."""

    order: Annotated[Literal["asc", "desc"], about("asc: the greatest is the newest. desc: the smallest.")] = "asc"

    @property
    def descending(self) -> bool:  # type: ignore[override]
        return self.order == "desc"


class Alphabetical(DirectedOrder):
    """Newest is the last tag by code point, or the first under `desc`."""

    measure: ClassVar[str] = "alphabet"

    def key(self, value: str, record: TagRecord) -> str:  # noqa: ARG002
        return value


class Numerical(DirectedOrder):
    """Newest is the greatest number, or the smallest under `desc`. Other tags are left out, not an error."""

    measure: ClassVar[str] = "number"

    def key(self, value: str, record: TagRecord) -> Key | None:  # noqa: ARG002
        return number(value)

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        return NO_NUMBER


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

    measure: ClassVar[str] = "push time"

    def key(self, value: str, record: TagRecord) -> datetime | None:  # noqa: ARG002
        return record.pushed

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        return NO_PUSH_TIME

    def includes(self, value: str) -> bool:  # noqa: ARG002
        return True


class ByBuildTime(Order):
    """Newest is the image with the latest build time. The publisher controls it; reproducible builds have 1970."""

    measure: ClassVar[str] = "build time"
    reads_build_times: ClassVar[bool] = True

    def key(self, value: str, record: TagRecord) -> datetime | None:  # noqa: ARG002
        return record.created

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        return _NO_BUILD_TIME

    def includes(self, value: str) -> bool:  # noqa: ARG002
        return True


class Newest(Model, Order):
    """Newest is the last one, by one of the two times."""

    by: Annotated[
        Literal["pushed", "created"],
        about(
            "pushed: when the registry received it. created: the build time that the publisher wrote into the image."
        ),
    ] = "pushed"

    def bind(self, scope: str, members: Sequence[Candidate]) -> Order:  # noqa: ARG002
        return ByBuildTime() if self.by == "created" else ByPushTime()


class Semver(Model, Order):
    """Newest is the greatest version inside *range*. Pre-releases need a range that names one, as in Flux and Helm."""

    range: Annotated[
        RangeText,
        about(
            "As Flux and Helm read it: 1.x, ~1.2, >=1.0.0 <2.0.0 || ^3; * is every release.",
            example="'1.x', '~1.2' or '>=1.0.0 <2.0.0'; '*' is every release",
        ),
    ]
    strict: Annotated[
        bool, about("Whether a version needs all three numbers. With false, 1234567 and 1.2 are versions too.")
    ] = True
    """A number of seven digits may be a commit, one of four a year."""

    measure: ClassVar[str] = "version"

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


class DigestOf(Model, Order):
    """Newest is whatever *tag* points at. The pin changes when the tag moves."""

    tag: Annotated[TagText, about("The tag to follow, without the repository.", example="main")]

    measure: ClassVar[str] = "digest"

    @property
    def warnings(self) -> Sequence[str]:  # type: ignore[override]
        outage = (
            f"the tag {self.tag} moves: from each push until the next update of the function, new instances fail with "
            "'resolved image uri deleted'; a family of unique tags (main-<sha>) has no such window"
        )
        return (outage,)

    def key(self, value: str, record: TagRecord) -> tuple[()] | None:  # noqa: ARG002
        return () if value == self.tag else None

    def missing_key_reason(self, value: str, record: TagRecord) -> Reason:  # noqa: ARG002
        return Reason(f"is not {self.tag}")
