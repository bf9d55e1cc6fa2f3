"""Order tags by semantic version.

Pre-releases take part only when the range names one, as in every registry tool our users know.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from fcpin.errors import InvalidPolicy
from fcpin.image import TagRecord
from fcpin.policy.candidate import Candidates, Key, Reason
from fcpin.policy.fields import Fields
from fcpin.policy.order import Fixed
from fcpin.policy.version_range import VersionKey, VersionRange, parse_loose_version, parse_version

_NO_VERSION = Reason("is no version X.Y.Z")


@dataclass(frozen=True)
class Semver(Fixed):
    """Newest is the greatest version inside *range*."""

    range: VersionRange
    strict: bool = True
    """Whether `1.2` and `01.2.3` are no versions. A number of seven digits may be a commit."""

    options: ClassVar[Sequence[str]] = ("range", "strict")
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

    def keys(self, candidates: Candidates) -> Sequence[Key | Reason]:
        outside = Reason(f"is outside {self.range}")
        prerelease = Reason(f"is a pre-release, and {self.range} names none (such as >=1.0.0-0)")
        parse, admits = self._version, self.range.has
        found: list[Key | Reason] = []
        for value in candidates.values:
            version = parse(value)
            if version is None:
                found.append(_NO_VERSION)
            elif admits(version):
                found.append(version)
            else:
                found.append(prerelease if self.range.wants_prereleases(version) else outside)
        return found

    def place(self, value: str, record: TagRecord) -> Key | Reason:  # noqa: ARG002 - the seam's
        return self._version(value) or _NO_VERSION

    @property
    def _version(self) -> Callable[[str], VersionKey | None]:
        return parse_version if self.strict else parse_loose_version
