"""What a case expects of a decision, and what it got."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from fcpin.errors import InvalidPolicy, Problem
from fcpin.policy import Selection
from fcpin.policy.fields import Fields

_ANSWERS: Final = ("tag", "keep", "none", "problem")
OPTIONS: Final = (*_ANSWERS, "rejected")


class Answer(NamedTuple):
    """One of `tag`, `keep`, `none` and `problem`; with the tag, or with the path of the problem."""

    kind: str
    value: str = ""

    @classmethod
    def of(cls, outcome: Selection | InvalidPolicy) -> Self:
        """What a policy answered, or why it could not."""
        if isinstance(outcome, InvalidPolicy):
            return cls("problem", outcome.problems[0].path)
        if outcome.chosen is not None:
            return cls("tag", outcome.chosen.tag)
        return cls("keep" if outcome.keep else "none")

    def __str__(self) -> str:
        said = {"keep": "the current tag kept", "none": "no tag", "problem": f"a problem at {self.value}"}
        return said.get(self.kind, self.value)


@dataclass(frozen=True, slots=True)
class Expectation:
    """The answer that is to come, and tags that must not be it, whatever it is."""

    answer: Answer
    rejected: Sequence[str] = ()

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Problems are noted in *fields*."""
        fields.only(OPTIONS)
        rejected = [tag for _, tag in fields.texts("rejected")]
        given = [kind for kind in _ANSWERS if fields.values.get(kind) is not None]
        if len(given) != 1:
            if fields.readable:
                got = " and ".join(given) or "none of them"
                fields.problems.append(Problem(fields.path, f"expected one of {', '.join(_ANSWERS)}; got {got}"))
            return cls(Answer("none"), rejected)
        (kind,) = given
        if kind in ("tag", "problem"):
            return cls(Answer(kind, fields.text(kind) or ""), rejected)
        if not fields.flag(kind, default=True):
            fields.wrong(kind, "must be true; leave it out otherwise")
        return cls(Answer(kind), rejected)

    def failures(self, outcome: Selection | InvalidPolicy) -> Iterator[str]:
        """How *outcome* differs: `expected main-12, got main-11: newest of 2 of 3 tags by push time`."""
        got = Answer.of(outcome)
        if got != self.answer:
            why = outcome.reason if isinstance(outcome, Selection) else "; ".join(map(str, outcome.problems))
            yield f"expected {self.answer}, got {got}: {why}"
        elif isinstance(outcome, Selection):
            known = {rejection.tag for rejection in outcome.rejected}
            for tag in self.rejected:
                if tag not in known:
                    yield f"expected {tag} to be rejected, got {'it chosen' if got.value == tag else 'no such tag'}"
