"""What is asked: a policy, the tag that is deployed, and the time."""

from argparse import Namespace
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from fcpin.cli.tags import parse_json
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput, Problem
from fcpin.image import is_tag
from fcpin.policy import Policy, Ranking, Selection
from fcpin.policy.times import parse_moment


@dataclass(frozen=True, slots=True)
class Question:
    """A policy and the circumstances in which it is to decide."""

    policy: Policy
    current: str | None
    now: datetime
    min_age_bypass: bool

    @classmethod
    def of(cls, given: Namespace) -> Self:
        """Raises InvalidInput."""
        return cls(_policy(given.policy), _current(given.current), _now(given.now), given.min_age_bypass)

    def select(self, ranking: Ranking) -> Selection:
        """Raises InvalidPolicy."""
        return ranking.select(self.current, now=self.now, min_age_bypass=self.min_age_bypass)


def _policy(text: str) -> Policy:
    """A policy from JSON, or from the file named after `@`."""
    if text.startswith("@"):
        path = Path(text[1:])
        try:
            text = path.read_text("utf-8")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise InvalidInput(Problem("--policy", f"{path} cannot be read: {why}")) from None
    spec = parse_json(text, "--policy")
    if not isinstance(spec, dict):
        raise InvalidInput(Problem("--policy", 'must be a JSON object such as {"semver": {"range": "1.x"}}'))
    return Policy.from_spec(spec)


def _current(tag: str | None) -> str | None:
    if tag is not None and not is_tag(tag):
        raise InvalidInput(Problem("--current", f"{tag[:80]!r} is no tag; give the tag alone, without the repository"))
    return tag


def _now(text: str | None) -> datetime:
    try:
        return SystemClock().now() if text is None else parse_moment(text)
    except ValueError as error:
        raise InvalidInput(Problem("--now", str(error))) from None
