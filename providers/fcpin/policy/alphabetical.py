"""Order tags by their letters, code point by code point."""

from collections.abc import Sequence
from typing import ClassVar

from fcpin.policy.candidate import Candidates, Key
from fcpin.policy.fixed import Directed


class Alphabetical(Directed):
    """Newest is the last one of the alphabet, or the first under `desc`."""

    by: ClassVar[str] = "alphabet"

    def keys(self, candidates: Candidates) -> Sequence[Key | None]:
        return candidates.values
