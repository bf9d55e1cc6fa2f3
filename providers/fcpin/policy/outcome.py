"""Find the newest among candidates that have a key, and say how it won."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from fcpin.image import TagRecord
from fcpin.policy.candidate import Candidates, Key, Ledger, Reason
from fcpin.policy.order import Ranking


@dataclass(frozen=True, slots=True)
class Ranked:
    """The tags that have a key, and beside each its key."""

    keys: Sequence[Key]
    records: Sequence[TagRecord]

    @classmethod
    def of(cls, candidates: Candidates, ranking: Ranking, rejected: Ledger) -> Self:
        """Those of *candidates* that have a key; the others go to *rejected*."""
        keys: list[Key] = []
        records: list[TagRecord] = []
        for key, record in zip(ranking.keys(candidates), candidates.records, strict=True):
            if isinstance(key, Reason):
                rejected.setdefault(key, []).append(record.tag)
            else:
                keys.append(key)
                records.append(record)
        return cls(keys, records)


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_MOST_NAMED = 3


@dataclass(frozen=True)
class Outcome:
    """The winner, those it ties with, and those it beats."""

    by: str
    key: Key
    winner: TagRecord
    ties: Sequence[TagRecord]
    beaten: Sequence[str]

    @classmethod
    def of(cls, ranked: Ranked, ranking: Ranking, current: str | None) -> Self:
        """*ranked* has at least one candidate."""
        best = (min if ranking.descending else max)(ranked.keys)
        equals = [record for key, record in zip(ranked.keys, ranked.records, strict=True) if key == best]
        winner = max(equals, key=lambda record: (record.pushed or _LONG_AGO, record.tag))
        for record in equals:
            if record.tag == current and record.digest is not None and record.digest == winner.digest:
                winner = record
        ties = sorted((record for record in equals if record is not winner), key=lambda record: record.tag)
        beaten = [record.tag for key, record in zip(ranked.keys, ranked.records, strict=True) if key != best]
        return cls(ranking.by, best, winner, ties, beaten)

    def summary(self, total: int) -> str:
        """`newest of 37 of 212 tags by push time`."""
        ranked = len(self.beaten) + len(self.ties) + 1
        if ranked == 1:
            return "the only tag" if total == 1 else f"the only one of {total} tags that qualifies"
        return f"newest of {ranked} of {total} tags by {self.by}"

    def reason(self, total: int, *, already: bool) -> str:
        """Why the winner is the winner, with the tags it ties with; *already* if it is deployed."""
        text = f"already the {self.summary(total).removeprefix('the ')}" if already else self.summary(total)
        rivals = [record for record in self.ties if not self._same_image(record)]
        if rivals:
            names = ", ".join(record.tag for record in rivals[:_MOST_NAMED])
            more = f" and {len(rivals) - _MOST_NAMED} more" if len(rivals) > _MOST_NAMED else ""
            why = "pushed last" if all(self._pushed_before(record) for record in rivals) else "greatest name"
            text += f"; ties with {names}{more}, {why}"
        return text

    def rejections(self) -> dict[str, list[str]]:
        """The others, by the reason why they did not win."""
        found: dict[str, list[str]] = {}
        if self.beaten:
            found[f"is not the newest by {self.by}: {self.winner.tag} is"] = list(self.beaten)
        for record in self.ties:
            if self._same_image(record):
                why = f"is the same image as {self.winner.tag}"
            elif self._pushed_before(record):
                why = f"ties with {self.winner.tag} by {self.by} and was pushed earlier"
            else:
                why = f"ties with {self.winner.tag} by {self.by} and its name is smaller"
            found.setdefault(why, []).append(record.tag)
        return found

    def _same_image(self, record: TagRecord) -> bool:
        return record.digest is not None and record.digest == self.winner.digest

    def _pushed_before(self, record: TagRecord) -> bool:
        return (record.pushed or _LONG_AGO) < (self.winner.pushed or _LONG_AGO)
