"""Order tags by semantic version.

Pre-releases take part only when the range names one, as in every registry tool our users know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from fcpin.policy.candidate import Key, Reason
from fcpin.policy.fields import Fields
from fcpin.policy.order import Fixed
from fcpin.policy.version_range import VersionRange, parse_version


@dataclass(frozen=True)
class Semver(Fixed):
    """Newest is the greatest version inside *range*."""

    range: VersionRange
    strict: bool = True
    """Whether `1.2` and `01.2.3` are no versions. A number of seven digits may be a commit."""

    keys: ClassVar[Sequence[str]] = ("range", "strict")
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

    def key(self, value: str, record: TagRecord) -> Key | Reason:  # noqa: ARG002 - the seam's
        version = parse_version(value, strict=self.strict)
        if version is None:
            return self._no_version
        if self.range.has(version):
            return version
        return self._prerelease if self.range.wants_prereleases(version) else self._outside

    def place(self, value: str, record: TagRecord) -> Key | Reason:  # noqa: ARG002 - the seam's
        return parse_version(value, strict=self.strict) or self._no_version

    def belongs(self, value: str) -> bool:
        return parse_version(value, strict=self.strict) is not None

    @property
    def _no_version(self) -> Reason:
        return Reason("is no version X.Y.Z" if self.strict else "is no version")

    @property
    def _outside(self) -> Reason:
        return Reason(f"is outside {self.range}")

    @property
    def _prerelease(self) -> Reason:
        return Reason(f"is a pre-release, and {self.range} names none (such as >=1.0.0-0)")
