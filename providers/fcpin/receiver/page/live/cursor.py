"""How far a listener is, and what it has missed. Pure, and alike on all machines: it may resume on any."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self
from urllib.parse import quote, unquote

from fcpin.receiver.ledger.model import Job
from fcpin.receiver.page.overview import Overview
from fcpin.receiver.page.words import plain

_LONGEST: Final = 4096

Lines = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Moment:
    """What there is to show."""

    mark: str
    """Another one whenever the page would look otherwise; not for each line of progress."""
    said: Mapping[str, Lines] = field(default_factory=dict)
    """By job: what those have said that run."""

    @classmethod
    def of(cls, overview: Overview) -> Self:
        return cls(mark_of(overview), overview.said)


@dataclass(frozen=True, slots=True)
class Event:
    """One message to a browser."""

    kind: str
    """`changed` or `progress`."""
    data: Mapping[str, Any]
    after: "Cursor"
    """How far the listener is once it has this."""

    def wire(self) -> bytes:
        data = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))
        return f"id: {self.after}\nevent: {self.kind}\ndata: {data}\n\n".encode()


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a listener has: a page, and of each job the lines up to a number. Prints as the event's id."""

    mark: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def at(cls, moment: Moment) -> Self:
        """Of somebody who was given the whole page now."""
        return cls(moment.mark, {job: said[-1][0] for job, said in moment.said.items() if said})

    @classmethod
    def parse(cls, text: str) -> Self:
        """What a browser sends back; anything else has seen nothing yet."""
        mark, *parts = text[:_LONGEST].split(",")
        pairs = [part.rpartition("=") for part in parts]
        lines = {unquote(job): int(number) for job, _, number in pairs if number.isascii() and number.isdecimal()}
        return cls(mark, lines)

    def __str__(self) -> str:
        return ",".join([self.mark, *(f"{quote(job, safe='')}={number}" for job, number in self.lines.items())])

    def missed(self, moment: Moment) -> Iterator[Event]:
        """Lines first, so that the last line of a job is there before the page without it."""
        here = replace(self, lines={job: number for job, number in self.lines.items() if job in moment.said})
        for job, said in moment.said.items():
            for number, line in said:
                if number > here.lines.get(job, 0):
                    here = replace(here, lines={**here.lines, job: number})
                    yield Event("progress", {"job": job, "number": number, "line": plain(line)}, here)
        if moment.mark != self.mark:
            yield Event("changed", {}, replace(here, mark=moment.mark))


def mark_of(overview: Overview) -> str:
    """Sixteen hexadecimal digits. A lease that is renewed changes nothing that is shown."""
    shown = replace(overview, jobs=_steady(overview.jobs), done=_steady(overview.done), said={})
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def _steady(jobs: Sequence[Job]) -> list[Job]:
    return [replace(job, lease=None, worker="") for job in jobs]
