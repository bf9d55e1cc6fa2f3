"""Which tags are candidates at all, and what an order compares for each."""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

from fcpin.errors import InvalidInput, InvalidPolicy, Problem, shown
from fcpin.image import ACCELERATED, TagRecord, is_artefact, is_pin_tag, is_tag
from fcpin.models import Model, Text, about
from fcpin.policy.orders import Candidate, Reason
from fcpin.policy.patterns import Pattern, PatternSet, PatternText, Template

_is_plain: Final = re.compile(r"(?!sha256-|fcpin-)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}+(?<!_accelerated)").fullmatch
"""The tags that need no closer look: valid, and of no image that fcpin or ACR made."""
_LONGEST_VALUE: Final = 256
_NO_TAG: Final = Reason("is not a valid tag; a tag has up to 128 letters, digits, '_', '.' and '-'")
_IS_ARTEFACT: Final = Reason("is a signature, attestation or SBOM (sha256-<digest>), not an image")
_IS_PIN_TAG: Final = Reason("is a pin tag of fcpin (protect: pin_tag), not a release")
_IS_ACCELERATED: Final = Reason("is made by ACR's image acceleration (_accelerated)")
_NOT_ALLOWED: Final = Reason("matches no pattern of allow_tags")
_NO_MATCH: Final = Reason("does not match filter_tags.pattern")
_EMPTY: Final = Reason("filter_tags.extract produced an empty value")
_LONG: Final = Reason(f"filter_tags.extract produced more than {_LONGEST_VALUE} characters")


class FilterTags(Model):
    """`filter_tags`, as in Flux."""

    pattern: Annotated[
        PatternText,
        about(
            "A regular expression of RE2, searched anywhere in the tag: anchor it with ^ and $.",
            example=r"'^main-(?P<n>\d+)$'",
        ),
    ]
    extract: Annotated[
        Text | None,
        about("What is compared: $name, ${name} or $1 for a group of the pattern, $$ for a dollar sign."),
    ] = None

    def __post_init__(self) -> None:
        try:
            self.template()
        except InvalidPolicy as error:
            raise InvalidInput(*(Problem("extract", problem.reason) for problem in error.problems)) from None

    def template(self) -> Template | None:
        """What *extract* makes of a match. Raises InvalidPolicy."""
        return None if self.extract is None else Template.parse(self.extract, self.pattern)

    @property
    def warnings(self) -> Sequence[str]:
        """What users should know before they rely on this filter."""
        if self.pattern.is_anchored:
            return ()
        source = shown(self.pattern.source)
        return (f"filter_tags.pattern {source} has no ^ and $: it matches anywhere inside a tag",)


class Filters:
    """What users allow. Cosign artefacts, `_accelerated` tags and pin tags are never candidates, nor is a tag that is
    being deleted."""

    def __init__(
        self, filter_tags: FilterTags | None = None, allow: Sequence[Pattern] = (), ignore: Sequence[Pattern] = ()
    ) -> None:
        self._pattern = filter_tags.pattern if filter_tags else None
        self._extract = filter_tags.template() if filter_tags else None
        self._allow, self._ignore = allow, ignore
        self._lists = PatternSet.of((*allow, *ignore), whole=True) if allow or ignore else None
        alone = None if self._extract else self._pattern
        self._search = None if alone is None else PatternSet.of((alone,), whole=False)

    def candidates(self, records: Iterable[TagRecord]) -> Sequence[Candidate]:
        """Those of *records* that are candidates."""
        images = [
            record
            for record in records
            if (_is_plain(record.tag) and record.status == "NORMAL") or _not_an_image(record) is None
        ]
        if self._lists is None and self._pattern is None:
            return [(record.tag, record) for record in images]
        value = self._value
        values = [(value(record.tag), record) for record in images]
        return [candidate for candidate in values if candidate[0].__class__ is not Reason]

    def value(self, record: TagRecord) -> str | Reason:
        """What the order compares for *record*, or why it is no candidate."""
        is_image = _is_plain(record.tag) and record.status == "NORMAL"
        reason = None if is_image else _not_an_image(record)
        return self._value(record.tag) if reason is None else reason

    def _value(self, tag: str) -> str | Reason:
        if self._lists is not None:
            matches = self._lists.matches(tag)
            if (matches or self._allow) and (reason := self._unlisted(matches or ())):
                return reason
        if self._extract is not None and self._pattern is not None:
            return _extracted(self._extract.expand(self._pattern, tag))
        if self._search is not None and not self._search.matches(tag):
            return _NO_MATCH
        return tag

    def _unlisted(self, matches: Sequence[int]) -> Reason | None:
        first_ignored = len(self._allow)
        if first_ignored and not (matches and min(matches) < first_ignored):
            return _NOT_ALLOWED
        if not matches or max(matches) < first_ignored:
            return None
        ignoring = [index for index in matches if index >= first_ignored]
        return Reason(f"matches {shown(self._ignore[min(ignoring) - first_ignored].source)} of ignore_tags")


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
