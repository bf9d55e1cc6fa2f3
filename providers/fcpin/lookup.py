"""What a policy needs of a registry: its tags, with their build times where the order needs them."""

import logging
import re
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from fcpin.image import Repository, TagRecord
from fcpin.policy import Policy, Ranking
from fcpin.registry.base import ReadableRepository

_log = logging.getLogger(__name__)
_DIGITS: Final = re.compile(r"(\d+)", re.ASCII)


class Rankings:
    """The rankings of one run: functions that share repository and policy share one. Safe to share between threads."""

    def __init__(self) -> None:
        self._rankings: dict[tuple[Repository, Policy, tuple[str, ...]], tuple[Sequence[TagRecord], Ranking]] = {}
        self._lock = threading.Lock()

    def rank(
        self,
        policy: Policy,
        repository: ReadableRepository,
        current: str | None,
        *,
        now: datetime,
        warn: Callable[[str], None] = _log.warning,
    ) -> Ranking:
        """Rank the tags of *repository* by *policy*, with the build times that it needs while *current* is deployed.

        Nothing is listed for a suspended policy. *warn* takes a line when there are more tags than may be looked into
        for their build time. Raises RegistryError, InvalidPolicy.
        """
        tags = () if policy.suspend else repository.list_tags()
        ranking = self._shared((repository.name, policy, ()), tags, lambda: Ranking(policy, tags))
        wanted = ranking.needs_build_times(current, now=now)
        if not wanted:
            return ranking
        if len(wanted) > policy.discovery_limit:
            warn(
                f"{repository.name}: {len(wanted)} tags can only be ordered by their build time, and only the "
                f"{policy.discovery_limit} greatest by name are looked into; narrow them with filter_tags or "
                "allow_tags, or raise discovery_limit"
            )
            wanted = greatest(wanted, policy.discovery_limit, current)
        created = repository.created(wanted)
        key = (repository.name, policy, tuple(wanted))
        return self._shared(key, tags, lambda: ranking.with_build_times(created))

    def _shared(
        self,
        key: tuple[Repository, Policy, tuple[str, ...]],
        tags: Sequence[TagRecord],
        make: Callable[[], Ranking],
    ) -> Ranking:
        """The ranking of *key*, made for this very listing: a repository is listed again after a build."""
        with self._lock:
            listed, ranking = self._rankings.get(key, (None, None))
            if ranking is None or listed is not tags:
                ranking = make()
                self._rankings[key] = (tags, ranking)
            return ranking


def rank(policy: Policy, repository: ReadableRepository, current: str | None, *, now: datetime) -> Ranking:
    """The same for a single question. Raises RegistryError, InvalidPolicy."""
    return Rankings().rank(policy, repository, current, now=now)


def greatest(tags: Sequence[str], limit: int, current: str | None = None) -> Sequence[str]:
    """The *limit* greatest of *tags* by name, runs of digits taken as numbers; *current* is always among them."""
    found = sorted(tags, key=_by_name, reverse=True)[:limit]
    if current is None or current in found or current not in tags:
        return found
    return [*found, current]


def _by_name(tag: str) -> list[tuple[int, str]]:
    """Text and numbers by turns. Of numbers the longer is the greater, without leading zeros."""
    parts = _DIGITS.split(tag)
    numbers = (part.lstrip("0") if index % 2 else part for index, part in enumerate(parts))
    return [(len(part) if index % 2 else 0, part) for index, part in enumerate(numbers)]
