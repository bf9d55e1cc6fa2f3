"""A query to a policy, from options: the policy, the current tag, and the time. Its selection, as JSON."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

import click

from fcpin.cli.options import Decorator, gathered
from fcpin.cli.tag_input import parse_json
from fcpin.clock import SystemClock
from fcpin.errors import InvalidInput, Problem
from fcpin.image import is_tag
from fcpin.policy import Policy, Ranking, Selection
from fcpin.policy.times import parse_moment

NO_TAG: Final = 3


@dataclass(frozen=True, slots=True)
class Query:
    """A policy and the inputs of a selection other than the tags."""

    policy: Policy
    current: str | None
    now: datetime
    min_age_bypass: bool

    @classmethod
    def of(cls, policy: str, current: str | None, now: str | None, min_age_bypass: bool) -> Self:
        """From the values of options. Raises InvalidInput."""
        return cls(_policy(policy), _current(current), _now(now), min_age_bypass)

    def select(self, ranking: Ranking) -> Selection:
        """Raises InvalidPolicy."""
        return ranking.select(self.current, now=self.now, min_age_bypass=self.min_age_bypass)


def query_options(*, required: bool = True) -> Decorator:
    """`query: Query`, or None where the policy is not *required* and not given."""

    def make(policy: str | None, **others: str | bool | None) -> Query | None:
        return None if policy is None else Query.of(policy, **others)  # type: ignore[arg-type]  # click's values

    return gathered(
        "query",
        make,
        ("policy", "current", "now", "min_age_bypass"),
        [
            click.option("--policy", metavar="JSON", required=required, help="The policy, or @FILE to read it from."),
            click.option("--current", metavar="TAG", help="The tag that is deployed now."),
            click.option("--now", metavar="TIME", help="Select as of this time, such as 2026-12-01T00:00:00Z."),
            click.option("--min-age-bypass", is_flag=True, help="Ignore the policy's min_age for this selection."),
        ],
    )


def exit_status(selection: Selection) -> int:
    """The exit status: 0 for a tag that was chosen or is kept."""
    return 0 if selection.chosen is not None or selection.keep else NO_TAG


def pin_of(selection: Selection, current: str | None) -> Mapping[str, str | None]:
    """Tag and digest; the digest of a pin that is kept is not known here."""
    if selection.chosen is not None:
        return {"tag": selection.chosen.tag, "digest": selection.chosen.digest}
    return {"tag": current if selection.keep else None, "digest": None}


def summary_of(pin: Mapping[str, str | None], selection: Selection) -> dict[str, object]:
    """Everything but the tags that were not chosen."""
    fields: dict[str, object] = {**pin, "reason": selection.reason}
    if selection.keep:
        fields["keep"] = True
    if selection.warnings:
        fields["warnings"] = list(selection.warnings)
    return fields


def write_selection(pin: Mapping[str, str | None], selection: Selection) -> None:
    """One object. Each rejected tag is on a line of its own, so that people can read and search it."""
    head = "".join(f'  "{key}": {json.dumps(value)},\n' for key, value in summary_of(pin, selection).items())
    rejected = ",\n".join(f"    {json.dumps(rejection._asdict())}" for rejection in selection.rejected)
    if rejected:
        rejected = f"\n{rejected}\n  "
    sys.stdout.write(f'{{\n{head}  "rejected": [{rejected}]\n}}\n')


def _policy(text: str) -> Policy:
    """A policy from JSON, or from the file named after `@`."""
    if text.startswith("@"):
        name = text[1:]
        try:
            with open(name, encoding="utf-8") as file:  # noqa: PTH123 - pathlib takes 4 ms of every `fcpin select`
                text = file.read()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise InvalidInput(Problem("--policy", f"{name} cannot be read: {why}")) from None
    spec = parse_json(text, "--policy")
    if not isinstance(spec, dict):
        raise InvalidInput(Problem("--policy", 'must be a JSON object such as {"semver": {"range": "1.x"}}'))
    return Policy.from_spec(spec)


def _current(tag: str | None) -> str | None:
    if tag is not None and not is_tag(tag):
        reason = f"{tag[:80]!r} is not a valid tag; give the tag alone, without the repository"
        raise InvalidInput(Problem("--current", reason))
    return tag


def _now(text: str | None) -> datetime:
    try:
        return SystemClock().now() if text is None else parse_moment(text)
    except ValueError as error:
        raise InvalidInput(Problem("--now", str(error))) from None
