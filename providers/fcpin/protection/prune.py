"""Judge every pin tag of a repository: in use, too young to say, or unused. Pure.

The registry knows when a tag was pushed, not when it was run last: the grace counts from the push.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from fcpin.image import TagRecord
from fcpin.policy.tag_names import is_pin_tag, pin_tag
from fcpin.policy.times import iso
from fcpin.protection.usage import Usage


@dataclass(frozen=True, slots=True)
class Judgement:
    """One pin tag, and whether it can go."""

    record: TagRecord
    unused: bool
    why: str


def is_ours(record: TagRecord) -> bool:
    """Whether *record* is a pin tag that still points where it was made for."""
    return is_pin_tag(record.tag) and record.digest is not None and pin_tag(record.digest) == record.tag


def judge(records: Iterable[TagRecord], usage: Usage, grace: timedelta, now: datetime) -> list[Judgement]:
    """Those of *records* that have the name of a pin tag, by name. Their digests must be known."""
    tags = sorted((record for record in records if is_pin_tag(record.tag)), key=lambda record: record.tag)
    return [_judge(record, usage, grace, now) for record in tags]


def _judge(record: TagRecord, usage: Usage, grace: timedelta, now: datetime) -> Judgement:
    if not is_ours(record):
        return Judgement(record, unused=False, why=f"points at {record.digest}, so it is not ours")
    user = usage.of_tag(record)
    if user is not None:
        return Judgement(record, unused=False, why=f"{user} runs it")
    if not grace:
        return Judgement(record, unused=True, why="nothing runs it")
    if record.pushed is None:
        return Judgement(record, unused=False, why="nothing runs it, but the registry tells no push time")
    if now - record.pushed < grace:
        return Judgement(record, unused=False, why=f"nothing runs it; its grace ends at {iso(record.pushed + grace)}")
    return Judgement(record, unused=True, why="nothing runs it")
