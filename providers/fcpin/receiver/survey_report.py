"""What a survey saw of a stack: written to the ledger by whoever looked, read by the page and the metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from fcpin.drift import Kind
from fcpin.errors import FcpinError
from fcpin.image import Digest, parse_digest
from fcpin.policy.times import iso, parse_moment


class UnreadableReport(FcpinError):
    """What lies in the ledger is no report of this version. The next survey writes one."""


def survey_key(stack: str) -> str:
    """Where in the ledger the report of *stack* lies."""
    return f"survey:{stack}"


@dataclass(frozen=True, slots=True)
class HoldReport:
    """What a function is held at for now."""

    tag: str
    """Empty where the hold names a digest only."""
    digest: Digest | None
    until: datetime
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"tag": self.tag, "digest": self.digest, "until": iso(self.until), "reason": self.reason}

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        return cls(
            tag=str(value["tag"]),
            digest=_digest(value["digest"]),
            until=parse_moment(value["until"]),
            reason=str(value["reason"]),
        )


@dataclass(frozen=True, slots=True)
class FunctionReport:
    """One pin, as it was at the time of the survey."""

    pin: str
    """Name of the resource in the stack."""
    function_name: str
    region: str
    repository: str
    """`host/namespace/name`."""
    policy: str
    """In words: `family main`, `semver 1.x`; with what stands beside the order."""
    tag: str
    """What is deployed; empty where a state does not tell."""
    digest: Digest | None
    since: datetime | None
    """When it was deployed, if that is known."""
    drift: Kind
    sentence: str = ""
    """Why it is drift; empty for `ok`."""
    detail: str = ""
    """What a service said."""
    exposed_seconds: float | None = None
    """For how long, at the time of the survey, new instances have been unable to start; None where they can."""
    hold: HoldReport | None = None
    """The one that is active."""
    suspended: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "pin": self.pin,
            "function_name": self.function_name,
            "region": self.region,
            "repository": self.repository,
            "policy": self.policy,
            "tag": self.tag,
            "digest": self.digest,
            "since": iso(self.since) if self.since else None,
            "drift": str(self.drift),
            "sentence": self.sentence,
            "detail": self.detail,
            "exposed_seconds": self.exposed_seconds,
            "hold": self.hold.as_json() if self.hold else None,
            "suspended": self.suspended,
        }

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        exposed, since, hold = value["exposed_seconds"], value["since"], value["hold"]
        texts = ("pin", "function_name", "region", "repository", "policy", "tag", "sentence", "detail")
        return cls(
            **{key: str(value[key]) for key in texts},
            digest=_digest(value["digest"]),
            since=parse_moment(since) if since is not None else None,
            drift=Kind(value["drift"]),
            exposed_seconds=float(exposed) if exposed is not None else None,
            hold=HoldReport.read(hold) if hold is not None else None,
            suspended=bool(value["suspended"]),
        )


@dataclass(frozen=True, slots=True)
class StackReport:
    """One stack."""

    stack: str
    at: datetime
    """When it was looked at."""
    engine: str
    """`pulumi` or `embedded`."""
    functions: Sequence[FunctionReport] = ()
    error: str | None = None
    """Why the stack could not be looked at. *functions* are then those of the survey before, if there was one."""

    def as_json(self) -> dict[str, Any]:
        """For `Ledger.put`."""
        return {
            "stack": self.stack,
            "at": iso(self.at),
            "engine": self.engine,
            "functions": [function.as_json() for function in self.functions],
            "error": self.error,
        }

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        """What `as_json` gave, perhaps by another version. Raises UnreadableReport."""
        try:
            return cls(
                stack=str(value["stack"]),
                at=parse_moment(value["at"]),
                engine=str(value["engine"]),
                functions=tuple(map(FunctionReport.read, value["functions"])),
                error=None if value["error"] is None else str(value["error"]),
            )
        except (KeyError, TypeError, ValueError, FcpinError) as error:
            raise UnreadableReport(
                f"the survey of the stack cannot be read ({type(error).__name__}: {error}): "
                "another version wrote it; the next survey writes it anew"
            ) from None


def _digest(text: str | None) -> Digest | None:
    return None if text is None else parse_digest(text)
