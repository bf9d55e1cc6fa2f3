"""Hold a function at one image until a date: an exception from the policy that says why it is there and when it ends.

1. An active hold wins over the policy, going back included: that is what it is for.
2. It ends by itself. What comes after is the policy's choice again, and a warning that the hold can be removed.
3. It names a tag, a digest, or both. A tag that is gone, or has another digest, is a problem and not a reason to go on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from fcpin.errors import InvalidInput, InvalidPolicy, Problem
from fcpin.image import Digest, TagRecord, is_tag, parse_digest
from fcpin.policy.fields import Fields, shown
from fcpin.policy.tag_names import is_pin_tag
from fcpin.policy.times import iso, read_moment


@dataclass(frozen=True)
class Hold:
    """What the function is held at, until when, and why."""

    until: datetime
    tag: str | None = None
    digest: Digest | None = None
    """With a tag: what the tag must point at. Alone: any tag that has it."""
    reason: str | None = None

    options: ClassVar[Sequence[str]] = ("tag", "digest", "until", "reason")

    @classmethod
    def read(cls, fields: Fields) -> Self | None:
        """Read `hold`; None if it is absent or a problem, which is then noted in *fields*."""
        if fields.values.get("hold") is None:
            return None
        section = Fields.of(fields.values["hold"], fields.at("hold"), fields.problems)
        section.only(cls.options)
        tag, digest, reason = section.text("tag"), _digest(section), section.text("reason")
        if tag is not None and not is_tag(tag):
            section.wrong("tag", f"{shown(tag)} is no tag; give the tag alone, without the repository")
        if section.readable and section.values.get("tag") is None and section.values.get("digest") is None:
            section.wrong("tag", "is required, or digest: what is the function to be held at?")
        if section.readable and section.values.get("until") is None:
            section.wrong("until", "is required, such as 2026-12-01T00:00:00Z; what is to last is an allow_tags")
        until = read_moment(section, "until")
        return None if until is None else cls(until, tag, digest, " ".join(reason.split()) if reason else None)

    def is_over(self, now: datetime) -> bool:
        """Whether the policy decides again."""
        return now >= self.until

    def at(self, tag: str) -> str:
        """`held at main-11 until 2026-12-01T00:00:00Z: bad release`."""
        return f"held at {tag} until {iso(self.until)}" + (f": {self.reason}" if self.reason else "")

    @property
    def expiry_warning(self) -> str:
        return f"the hold at {self.tag or self.digest} expired at {iso(self.until)}; remove it"

    def among(self, listing: Mapping[str, TagRecord]) -> Sequence[TagRecord]:
        """The tags that the function may be held at, at least one. Raises InvalidPolicy."""
        if self.tag is not None:
            record = listing.get(self.tag)
            if record is None:
                raise _problem("tag", f"{self.tag} is not among the {len(listing)} tags of the repository")
            self.check(record)
            return (record,)
        normal = [record for record in listing.values() if record.status == "NORMAL" and is_tag(record.tag)]
        found = [record for record in normal if record.digest == self.digest]
        if not found:
            if all(record.digest is None for record in listing.values()):
                raise _problem("digest", "needs hold.tag beside it: this registry lists tags without their digests")
            hint = "it may be the digest of one platform: name the tag's own"
            raise _problem("digest", f"none of {len(listing)} tags has {self.digest}; {hint}")
        return [record for record in found if not is_pin_tag(record.tag)] or found

    def check(self, record: TagRecord) -> None:
        """Raises InvalidPolicy when the function cannot be held at *record*. A digest that is unknown is no problem."""
        if record.status != "NORMAL":
            raise _problem("tag", f"{record.tag} has status {record.status}: it cannot be deployed")
        if self.digest is not None and record.digest is not None and record.digest != self.digest:
            raise _problem("digest", f"{record.tag} has {record.digest} and not {self.digest}: it was moved")


def _digest(section: Fields) -> Digest | None:
    text = section.text("digest")
    try:
        return None if text is None else parse_digest(text)
    except InvalidInput as error:
        for problem in error.problems:
            section.wrong("digest", problem.reason)
        return None


def _problem(key: str, reason: str) -> InvalidPolicy:
    return InvalidPolicy(Problem(f"hold.{key}", f"{reason}; correct the hold, or remove it"))
