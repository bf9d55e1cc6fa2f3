"""Identifiers in the forms that the cloud gives them, from randomness that is handed in."""

from random import Random
from uuid import UUID


class Ids:
    """Makes identifiers. Two with equally seeded randomness make the same ones."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def fc_request(self, now: float) -> str:
        """`1-<hexadecimal seconds>-<24 hexadecimal digits>`."""
        return f"1-{int(now):08x}-{self.hex(24)}"

    def acr_request(self) -> str:
        return self.uuid().upper()

    def acr(self, prefix: str) -> str:
        """`cri-`, `crr-` and so on with 16 characters."""
        return f"{prefix}-{self.hex(16)}"
