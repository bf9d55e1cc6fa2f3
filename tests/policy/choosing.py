"""Select by a policy in one line."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from fcpin.image import TagRecord, parse_digest
from fcpin.policy import Policy, Ranking, Selection

_START = datetime(2026, 1, 1, tzinfo=UTC)


def at(hour: int) -> datetime:
    """*hour* hours into the year of the tests."""
    return _START + timedelta(hours=hour)


def tag(
    name: str, pushed: int | None = None, *, created: int | None = None, content: str = "", status: str = "NORMAL"
) -> TagRecord:
    """A tag that was pushed and built at these hours, with the digest of *content* (one hexadecimal digit)."""
    digest = parse_digest(content * 64) if content else None
    moment = {hour: None if hour is None else at(hour) for hour in (pushed, created)}
    return TagRecord(name, digest, moment[pushed], moment[created], status)


def ranked(spec: Mapping[str, object], tags: Iterable[str | TagRecord]) -> Ranking:
    return Ranking(Policy.from_spec(spec), [TagRecord(item) if isinstance(item, str) else item for item in tags])


def choose(
    spec: Mapping[str, object], tags: Iterable[str | TagRecord], current: str | None = None, *, now: int = 100
) -> Selection:
    """What the policy selects at that hour."""
    return ranked(spec, tags).select(current, now=at(now))


def chosen(
    spec: Mapping[str, object], tags: Iterable[str | TagRecord], current: str | None = None, *, now: int = 100
) -> str | None:
    """The chosen tag, `keeps <current>`, or None."""
    selection = choose(spec, tags, current, now=now)
    if selection.keep:
        return f"keeps {current}"
    return selection.chosen.tag if selection.chosen else None


def reasons(selection: Selection) -> dict[str, str]:
    """Why each tag was rejected."""
    return {rejection.tag: rejection.reason for rejection in selection.rejected}
