"""The two ways to be told no: by a service over the wire, and by the emulator itself when a verb is misused."""

from collections.abc import Mapping


class ApiError(Exception):
    """An answer of a service that is no success. Every service has its own shape for it."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class EmulatorError(ValueError):
    """The emulator was asked for something that it cannot do: an unknown function, tag, knob or verb."""
