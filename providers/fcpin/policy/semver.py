"""Order tags by semantic version.

Pre-releases take part only when the range names one, as in every registry tool our users know.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from fcpin.errors import InvalidPolicy
from fcpin.policy.candidate import Candidates, Ledger, Reason, reject
from fcpin.policy.fields import Fields
from fcpin.policy.fixed import Fixed
from fcpin.policy.ranked import Ranked, rank_by
from fcpin.policy.version import VersionKey, parse_loose_version, parse_version, version_keys
from fcpin.policy.version_range import VersionRange


@dataclass(frozen=True)
class Semver(Fixed):
    """Newest is the greatest version inside *range*."""

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

    @property
    def lacking(self) -> Reason:
        return Reason("is no version X.Y.Z")

    def keys(self, candidates: Candidates) -> Sequence[VersionKey | None]:
        return version_keys(candidates.values, parse_version if self.strict else parse_loose_version)

    def rank(self, candidates: Candidates, rejected: Ledger) -> Ranked[VersionKey]:
        """Those inside the range. One outside is none that could win, but it has its place among them."""
        ranked = rank_by(self.keys(candidates), candidates, self.lacking, rejected)
        inside = self.range.among(ranked.keys)
        if not all(inside):
            self._reject(ranked, inside, rejected)
        return ranked.only(inside)

    def _reject(self, ranked: Ranked[VersionKey], inside: Sequence[bool], rejected: Ledger) -> None:
        early: list[str] = []
        outside: list[str] = []
        wanted = self.range.wants_prereleases
        for tag, version, fits in zip(ranked.tags, ranked.keys, inside, strict=True):
            if not fits:
                (early if version[3] == 0 and wanted(version) else outside).append(tag)
        reject(rejected, f"is a pre-release, and {self.range} names none (such as >=1.0.0-0)", early)
        reject(rejected, f"is outside {self.range}", outside)
