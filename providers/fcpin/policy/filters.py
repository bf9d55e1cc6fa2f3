"""Which tags are candidates at all, and what an order compares for each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, Self

from fcpin.image import TagRecord, is_tag
from fcpin.policy.fields import Fields, shown
from fcpin.policy.orders import Reason
from fcpin.policy.patterns import Pattern, PatternSet, Template
from fcpin.policy.tag_names import ACCELERATED, is_artefact, is_pin_tag

_PLAIN: Final = re.compile(r"(?!sha256-|fcpin-)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}+(?<!_accelerated)")
"""The tags that need no closer look: valid, and of no image that fcpin or ACR made."""
_LONGEST_VALUE: Final = 256
_NO_TAG: Final = Reason("is not a valid tag; a tag has up to 128 letters, digits, '_', '.' and '-'")
_IS_ARTEFACT: Final = Reason("is a signature, attestation or SBOM (sha256-<digest>), no image")
_IS_PIN_TAG: Final = Reason("is a pin tag of fcpin (protect: pin_tag), no release")
_IS_ACCELERATED: Final = Reason("is made by ACR's image acceleration (_accelerated)")
_NOT_ALLOWED: Final = Reason("matches no pattern of allow_tags")
_NO_MATCH: Final = Reason("does not match filter_tags.pattern")
_EMPTY: Final = Reason("filter_tags.extract gives nothing for it")
_LONG: Final = Reason(f"filter_tags.extract gives more than {_LONGEST_VALUE} characters for it")


@dataclass(frozen=True)
class Filters:
    """What users allow. Cosign artefacts, `_accelerated` tags and pin tags are never candidates, nor is a tag that is
    being deleted."""

    pattern: Pattern | None = None
    extract: Template | None = None
    allow: tuple[Pattern, ...] = ()
    ignore: tuple[Pattern, ...] = ()

    options: ClassVar[Sequence[str]] = ("pattern", "extract")

    _lists: PatternSet | None = field(init=False, repr=False, compare=False)
    """Those of *allow*, then those of *ignore*."""
    _search: PatternSet | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lists", PatternSet.of((*self.allow, *self.ignore), whole=True))
        alone = () if self.pattern is None or self.extract else (self.pattern,)
        object.__setattr__(self, "_search", PatternSet.of(alone, whole=False))

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `filter_tags`, `allow_tags` and `ignore_tags`; problems are noted in *fields*."""
        section = Fields.of(fields.values.get("filter_tags"), fields.at("filter_tags"), fields.problems)
        section.only(cls.options)
        pattern = extract = None
        if fields.values.get("filter_tags") is not None:
            source = section.required("pattern", r"'^main-(?P<n>\d+)$'")
            pattern = Pattern.read(section, "pattern", source) if source else None
            if pattern is not None and (template := section.text("extract")) is not None:
                extract = Template.read(section, template, pattern)
        allow = [Pattern.read(fields, key, source) for key, source in fields.texts("allow_tags")]
        ignore = [Pattern.read(fields, key, source) for key, source in fields.texts("ignore_tags")]
        return cls(pattern, extract, tuple(filter(None, allow)), tuple(filter(None, ignore)))

    @property
    def warnings(self) -> Sequence[str]:
        """What users should know before they rely on these filters."""
        if self.pattern is None or self.pattern.is_anchored:
            return ()
        source = shown(self.pattern.source)
        return (f"filter_tags.pattern {source} has no ^ and $: it matches anywhere inside a tag",)

    def value(self, record: TagRecord) -> str | Reason:
        """What the order compares for *record*, or why it is no candidate."""
        tag = record.tag
        if (_PLAIN.fullmatch(tag) is None or record.status != "NORMAL") and (reason := _not_an_image(record)):
            return reason
        if self._lists is not None and (reason := self._unlisted(self._lists.matches(tag))):
            return reason
        if self.extract is not None and self.pattern is not None:
            return _extracted(self.extract.expand(self.pattern, tag))
        if self._search is not None and not self._search.matches(tag):
            return _NO_MATCH
        return tag

    def _unlisted(self, matches: Sequence[int]) -> Reason | None:
        first_ignored = len(self.allow)
        if first_ignored and not any(index < first_ignored for index in matches):
            return _NOT_ALLOWED
        ignoring = [index for index in matches if index >= first_ignored]
        if not ignoring:
            return None
        return Reason(f"matches {shown(self.ignore[min(ignoring) - first_ignored].source)} of ignore_tags")


def _extracted(value: str | None) -> str | Reason:
    if value is None:
        return _NO_MATCH
    if not value:
        return _EMPTY
    return value if len(value) <= _LONGEST_VALUE else _LONG


def _not_an_image(record: TagRecord) -> Reason | None:
    tag = record.tag
    if not is_tag(tag):
        return _NO_TAG
    if is_artefact(tag):
        return _IS_ARTEFACT
    if is_pin_tag(tag):
        return _IS_PIN_TAG
    if tag.endswith(ACCELERATED):
        return _IS_ACCELERATED
    return None if record.status == "NORMAL" else Reason(f"has status {record.status}")
