"""Order tags by time: when they were pushed, or when their images say that they were built."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fcpin.policy.candidate import Candidates, Key, Reason
from fcpin.policy.fields import Fields
from fcpin.policy.order import Fixed

_NOT_PUSHED = Reason("has no push time: the registry gives none")
_NOT_CREATED = Reason("has no build time: its image says none")


@dataclass(frozen=True)
class ByPushTime(Fixed):
    """Newest is what the registry received last."""

    by: ClassVar[str] = "push time"

    def keys(self, candidates: Candidates) -> Sequence[Key | Reason]:
        return [record.pushed or _NOT_PUSHED for record in candidates.records]

    def belongs(self, value: str) -> bool:  # noqa: ARG002 - the seam's
        return True


@dataclass(frozen=True)
class ByBuildTime(Fixed):
    """Newest is what says that it was built last. The publisher controls it; reproducible builds say 1970."""

    by: ClassVar[str] = "build time"

    @property
    def reads_created(self) -> bool:
        return True

    def keys(self, candidates: Candidates) -> Sequence[Key | Reason]:
        return [record.created or _NOT_CREATED for record in candidates.records]

    def belongs(self, value: str) -> bool:  # noqa: ARG002 - the seam's
        return True


class Newest:
    """How the user asks for one of the two."""

    options: ClassVar[Sequence[str]] = ("by",)

    @staticmethod
    def read(fields: Fields) -> ByPushTime | ByBuildTime:
        return ByBuildTime() if fields.choice("by", ("pushed", "created")) == "created" else ByPushTime()
