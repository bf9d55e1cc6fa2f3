"""Hold a function at one image until a date: an exception from the policy, with its reason and its end.

1. An active hold wins over the policy, going back included: that is what it is for.
2. It ends by itself. What comes after is the policy's choice again, and a warning that the hold can be removed.
3. It names a tag, a digest, or both. A tag that is gone, or has another digest, is a problem and not a reason to go on.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias

from fcpin.errors import InvalidInput, InvalidPolicy, Problem
from fcpin.image import Digest, TagRecord, is_pin_tag, is_tag, parse_digest
from fcpin.models import Model, Text, about, from_text
from fcpin.policy.orders import TagText
from fcpin.policy.times import MomentText, iso

if TYPE_CHECKING:
    DigestText: TypeAlias = Digest
else:
    DigestText = from_text(str, parse_digest, pattern=r"^(sha256:)?[0-9a-fA-F]{64}$")


class Hold(Model):
    """What the function is held at, until when, and why."""

    schema_rules: ClassVar[Mapping[str, Any]] = {"anyOf": [{"required": ["tag"]}, {"required": ["digest"]}]}

    tag: Annotated[TagText | None, about("The tag to stay on. It need not be one that the policy could select.")] = None
    digest: Annotated[
        DigestText | None, about("With tag: what it must point at. Alone: the image itself, by whichever tag has it.")
    ] = None
    until: Annotated[
        MomentText,
        about(
            "When the policy decides again, with a time zone: 2026-12-01T00:00:00Z. Quote it in YAML.",
            example="2026-12-01T00:00:00Z; what is to last is an allow_tags",
        ),
    ]
    reason: Annotated[Text | None, about("Why, for those who read the preview.")] = None

    def __post_init__(self) -> None:
        if self.tag is None and self.digest is None:
            raise InvalidInput(Problem("tag", "is required, or digest: what is the function to be held at?"))

    def is_over(self, now: datetime) -> bool:
        """Whether the policy decides again."""
        return now >= self.until

    def at(self, tag: str) -> str:
        """`held at main-11 until 2026-12-01T00:00:00Z: bad release`."""
        return f"held at {tag} until {iso(self.until)}" + (f": {' '.join(self.reason.split())}" if self.reason else "")

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
                raise _problem("digest", "needs hold.tag too: this registry lists tags without their digests")
            hint = "it may be the digest of one platform: name the tag's own"
            raise _problem("digest", f"none of {len(listing)} tags has {self.digest}; {hint}")
        return [record for record in found if not is_pin_tag(record.tag)] or found

    def check(self, record: TagRecord) -> None:
        """Raises InvalidPolicy when the function cannot be held at *record*. A digest that is unknown is no problem."""
        if record.status != "NORMAL":
            raise _problem("tag", f"{record.tag} has status {record.status}: it cannot be deployed")
        if self.digest is not None and record.digest is not None and record.digest != self.digest:
            raise _problem("digest", f"{record.tag} has {record.digest} and not {self.digest}: it was moved")


def _problem(key: str, reason: str) -> InvalidPolicy:
    return InvalidPolicy(Problem(f"hold.{key}", f"{reason}; correct the hold, or remove it"))
