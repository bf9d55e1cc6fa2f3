"""Which tags take part at all, and what of each is compared."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, Self

from fcpin.image import TagRecord, is_tag
from fcpin.policy.candidate import Candidates, Ledger, Reason, reject
from fcpin.policy.extract import Extract, compile_extract
from fcpin.policy.fields import Fields, shown
from fcpin.policy.lines import expecting, strays
from fcpin.policy.patterns import Pattern, read_pattern, unanchored
from fcpin.policy.protect import is_pin_tag

_IMAGES = expecting(r"(?!sha256-|fcpin-)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}+(?<!_accelerated)")
"""What is surely the tag of an image."""

_ARTEFACT = re.compile(r"sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?")
_NO_TAG = Reason("is not a valid tag; a tag has up to 128 letters, digits, '_', '.' and '-'")
_IS_ARTEFACT = Reason("is a signature, attestation or SBOM (sha256-<digest>), no image")
_IS_PIN_TAG = Reason("is a pin tag of fcpin (protect: pin_tag), no release")
SUFFIX: Final = "_accelerated"
"""Of the tags of images that ACR converts."""
IS_ACCELERATED = Reason("is made by ACR's image acceleration (_accelerated)")
_NOT_ALLOWED = Reason("matches no pattern of allow_tags")
_NO_MATCH = Reason("does not match filter_tags.pattern")
_EMPTY = Reason("filter_tags.extract gives nothing for it")
_LONG = Reason("filter_tags.extract gives more than 256 characters for it")
_LONGEST_VALUE = 256


@dataclass(frozen=True)
class Filters:
    """Cosign artefacts, `_accelerated` tags, pin tags and what is being deleted never take part; else the user says."""

    pattern: Pattern | None = None
    extract: Extract | None = None
    allow: Sequence[Pattern] = ()
    ignore: Sequence[Pattern] = ()
    warnings: Sequence[str] = field(default=(), compare=False)

    options: ClassVar[Sequence[str]] = ("pattern", "extract")

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `filter_tags`, `allow_tags` and `ignore_tags`; problems are noted in *fields*."""
        section = Fields.of(fields.values.get("filter_tags"), fields.at("filter_tags"), fields.problems)
        section.only(cls.options)
        pattern = extract = None
        notes: tuple[str, ...] = ()
        if fields.values.get("filter_tags") is not None:
            source = section.required("pattern", r"'^main-(?P<n>\d+)$'")
            pattern = read_pattern(section, "pattern", source) if source else None
            if pattern is not None:
                if unanchored(source):
                    notes = (f"filter_tags.pattern {shown(source)} has no ^ and $: it matches anywhere inside a tag",)
                if (template := section.text("extract")) is not None:
                    extract = compile_extract(section, template, pattern)
        allow = [read_pattern(fields, key, source) for key, source in fields.texts("allow_tags")]
        ignore = [read_pattern(fields, key, source) for key, source in fields.texts("ignore_tags")]
        return cls(pattern, extract, tuple(filter(None, allow)), tuple(filter(None, ignore)), notes)

    def apply(self, candidates: Candidates, rejected: Ledger) -> Candidates:
        """Those of *candidates*, which are a whole listing, that take part; the others go to *rejected*."""
        images = _normal(_images(candidates, rejected), rejected)
        return self._extracted(self._matching(images, rejected), rejected)

    def value(self, tag: str) -> str | Reason:
        """What is compared for *tag*, or why it does not take part."""
        rejected: dict[str, list[str]] = {}
        candidates = self.apply(Candidates.of({tag: TagRecord(tag)}), rejected)
        return candidates.values[0] if candidates.tags else Reason(next(iter(rejected)))

    def _matching(self, candidates: Candidates, rejected: Ledger) -> Candidates:
        if self.allow:
            matches = zip(*(pattern.fullmatch(candidates.tags) for pattern in self.allow), strict=True)
            candidates = candidates.those([any(match) for match in matches], _NOT_ALLOWED, rejected)
        for pattern in self.ignore:
            others = [not matches for matches in pattern.fullmatch(candidates.tags)]
            candidates = candidates.those(others, f"matches {shown(pattern.source)} of ignore_tags", rejected)
        return candidates

    def _extracted(self, candidates: Candidates, rejected: Ledger) -> Candidates:
        if self.pattern is None:
            return candidates
        candidates = candidates.those(self.pattern.search(candidates.tags), _NO_MATCH, rejected)
        if self.extract is None:
            return candidates
        values = self.pattern.extract(candidates.tags, self.extract)
        found = Candidates(candidates.tags, values, candidates.records)
        found = found.those(found.values, _EMPTY, rejected)
        return found.those([len(value) <= _LONGEST_VALUE for value in found.values], _LONG, rejected)


def _images(candidates: Candidates, rejected: Ledger) -> Candidates:
    odd = {tag: reason for tag in strays(candidates.tags, _IMAGES) if (reason := _oddity(tag)) is not None}
    for tag, reason in odd.items():
        reject(rejected, reason, [tag])
    return candidates.without(odd)


def _oddity(tag: str) -> Reason | None:
    """Why *tag* names no image of the user's, if so."""
    if not is_tag(tag):
        return _NO_TAG
    if _ARTEFACT.fullmatch(tag):
        return _IS_ARTEFACT
    if is_pin_tag(tag):
        return _IS_PIN_TAG
    return IS_ACCELERATED if tag.endswith(SUFFIX) else None


def _normal(candidates: Candidates, rejected: Ledger) -> Candidates:
    statuses = [record.status for record in candidates.records]
    if statuses.count("NORMAL") == len(statuses):
        return candidates
    for tag, status in zip(candidates.tags, statuses, strict=True):
        if status != "NORMAL":
            reject(rejected, f"has status {status}", [tag])
    return candidates.only([status == "NORMAL" for status in statuses])
