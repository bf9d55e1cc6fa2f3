"""Follow the digest of one moving tag."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from fcpin.image import is_tag
from fcpin.policy.candidate import Candidates, Key, Reason
from fcpin.policy.fields import Fields, shown
from fcpin.policy.fixed import Fixed


@dataclass(frozen=True)
class DigestOf(Fixed):
    """Newest is whatever *tag* points at. The pin changes when the tag moves."""

    tag: str

    options: ClassVar[Collection[str]] = ("tag",)
    by: ClassVar[str] = "digest"

    @classmethod
    def read(cls, fields: Fields) -> Self:
        tag = fields.required("tag", "main")
        if tag and not is_tag(tag):
            fields.wrong("tag", f"{shown(tag)} is no tag; a tag has up to 128 letters, digits, '_', '.' and '-'")
        return cls(tag)

    @property
    def warnings(self) -> Sequence[str]:
        outage = (
            f"the tag {self.tag} moves: from each push until the next update of the function, new instances fail with "
            "'resolved image uri deleted'; a family of unique tags (main-<sha>) has no such window"
        )
        return (outage,)

    @property
    def lacking(self) -> Reason:
        return Reason(f"is not {self.tag}")

    def keys(self, candidates: Candidates) -> Sequence[Key | None]:
        return [() if value == self.tag else None for value in candidates.values]
