"""Find the newest among tags that have a key, and say how it won."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from fcpin.image import TagRecord
from fcpin.policy.candidate import Key, Ledger, last_pushed, reject
from fcpin.policy.order import Ranking
from fcpin.policy.ranked import Ranked

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
    def of(cls, ranked: Ranked[Key], ranking: Ranking, current: str | None) -> Self:
        """*ranked* has at least one tag."""
        best = (min if ranking.descending else max)(ranked.keys)
        first = ranked.keys.index(best)
        if ranked.keys.count(best) == 1:
            beaten = [*ranked.tags[:first], *ranked.tags[first + 1 :]]
            return cls(ranking.by, best, ranked.records[first], (), beaten)
        equals = [record for key, record in zip(ranked.keys, ranked.records, strict=True) if key == best]
        winner = max(equals, key=last_pushed)
        for record in equals:
            if record.tag == current and record.digest is not None and record.digest == winner.digest:
                winner = record
        ties = sorted((record for record in equals if record is not winner), key=lambda record: record.tag)
        beaten = [tag for key, tag in zip(ranked.keys, ranked.tags, strict=True) if key != best]
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

    def reject_others(self, rejected: Ledger) -> None:
        """Note why the others did not win."""
        reject(rejected, f"is not the newest by {self.by}: {self.winner.tag} is", self.beaten)
        for record in self.ties:
            if self._same_image(record):
                why = f"is the same image as {self.winner.tag}"
            elif self._pushed_before(record):
                why = f"ties with {self.winner.tag} by {self.by} and was pushed earlier"
            else:
                why = f"ties with {self.winner.tag} by {self.by} and its name is smaller"
            reject(rejected, why, [record.tag])

    def _same_image(self, record: TagRecord) -> bool:
        return record.digest is not None and record.digest == self.winner.digest

    def _pushed_before(self, record: TagRecord) -> bool:
        return last_pushed(record)[0] < last_pushed(self.winner)[0]
