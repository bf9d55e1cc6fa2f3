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
    name: str,
    pushed: int | None = None,
    *,
    created: int | None = None,
    content: str | None = None,
    status: str = "NORMAL",
) -> TagRecord:
    """A tag that was pushed and built at these hours, with the digest of *content* (one hexadecimal digit)."""
    return TagRecord(
        name,
        parse_digest(content * 64) if content else None,
        None if pushed is None else at(pushed),
        None if created is None else at(created),
        status,
    )


def choose(
    spec: Mapping[str, object], tags: Iterable[str | TagRecord], current: str | None = None, *, now: int = 100
) -> Selection:
    """What the policy answers at that hour."""
    records = [TagRecord(item) if isinstance(item, str) else item for item in tags]
    return Ranking(Policy.from_spec(spec), records).select(current, now=at(now))


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
