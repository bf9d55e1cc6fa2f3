"""Order tags by time: when they were pushed, or when their images say that they were built."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fcpin.policy.candidate import Candidates, Key, Reason
from fcpin.policy.fields import Fields
from fcpin.policy.fixed import Fixed


@dataclass(frozen=True)
class ByPushTime(Fixed):
    """Newest is what the registry received last."""

    by: ClassVar[str] = "push time"

    @property
    def lacking(self) -> Reason:
        return Reason("has no push time: the registry gives none")

    def keys(self, candidates: Candidates) -> Sequence[Key | None]:
        return [record.pushed for record in candidates.records]

    def belongs(self, value: str) -> bool:  # noqa: ARG002 - the seam's
        return True


@dataclass(frozen=True)
class ByBuildTime(Fixed):
    """Newest is what says that it was built last. The publisher controls it; reproducible builds say 1970."""

    by: ClassVar[str] = "build time"

    @property
    def lacking(self) -> Reason:
        return Reason("has no build time: its image says none, or it was not looked into")

    def keys(self, candidates: Candidates) -> Sequence[Key | None]:
        return [record.created for record in candidates.records]

    def belongs(self, value: str) -> bool:  # noqa: ARG002 - the seam's
        return True

    def lacks_created(self, candidates: Candidates) -> Sequence[str]:
        pairs = zip(candidates.tags, candidates.records, strict=True)
        return [tag for tag, record in pairs if record.created is None]


class Newest:
    """How the user asks for one of the two."""

    options: ClassVar[Collection[str]] = ("by",)

    @staticmethod
    def read(fields: Fields) -> ByPushTime | ByBuildTime:
        return ByBuildTime() if fields.choice("by", ("pushed", "created")) == "created" else ByPushTime()
