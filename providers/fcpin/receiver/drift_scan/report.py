"""What a drift scan found in a stack: kept in the ledger, shown by the page and the metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import msgspec

from fcpin.drift import Kind
from fcpin.errors import FcpinError
from fcpin.image import Digest


class UnreadableReport(FcpinError):
    """The ledger holds a report of another version. The next scan replaces it."""


def report_key(stack: str) -> str:
    """Of the stack's report, for `Ledger.get`."""
    return f"drift:{stack}"


@dataclass(frozen=True, slots=True)
class HoldReport:
    tag: str
    """Empty where the hold names a digest only."""
    digest: Digest | None
    until: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FunctionReport:
    """One pin, at the time of the scan."""

    pin: str
    """Name of the resource in the stack."""
    function_name: str
    region: str
    repository: str
    """`host/namespace/name`."""
    policy: str
    """Such as `family main`, `semver 1.x, min_age 2h`."""
    tag: str
    """What is deployed; empty where a state does not have it."""
    digest: Digest | None
    since: datetime | None
    """When it was deployed, if that is known."""
    drift: Kind
    sentence: str = ""
    """Why it is drift; empty for `ok`."""
    detail: str = ""
    """The message of a service."""
    exposed_seconds: float | None = None
    """For how long, at the time of the scan, new instances have been unable to start; None where they can."""
    hold: HoldReport | None = None
    """The active one."""
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class StackReport:
    stack: str
    at: datetime
    """When it was scanned."""
    engine: str
    """`pulumi` or `embedded`."""
    functions: tuple[FunctionReport, ...] = ()
    error: str | None = None
    """Why the stack could not be scanned. *functions* are then those of the report before, if there was one."""

    def as_json(self) -> dict[str, Any]:
        """For `Ledger.put`."""
        value: dict[str, Any] = msgspec.to_builtins(self)
        return value

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        """What `as_json` returned, perhaps in another version. Raises UnreadableReport."""
        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            raise UnreadableReport(
                f"the drift report of the stack cannot be read ({error}): another version wrote it; the next scan "
                "replaces it"
            ) from None
