"""The emulator's time: the machine's clock, plus whatever `advance` has added."""

from datetime import UTC, datetime

from fcpin.clock import Clock


class EmulatorClock:
    """What functions, listings and instances live by. Seconds since 1970, in UTC."""

    def __init__(self, machine: Clock, offset: float = 0.0) -> None:
        self._machine = machine
        self.offset = offset
        """Seconds that the emulator is ahead of the machine."""
        self.skew = 0.0
        """Seconds that the gateway's idea of the caller's time is wrong by."""

    def now(self) -> float:
        return self.machine_now() + self.offset

    def machine_now(self) -> float:
        """The time that clients and other processes live by: signatures and tokens are dated with it."""
        return self._machine.now().timestamp()

    def gateway_now(self) -> float:
        return self.machine_now() + self.skew

    def now_ms(self) -> int:
        return int(self.now() * 1000)


def iso(seconds: float) -> str:
    """As FC writes times: `2023-04-01T08:15:27Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
