"""Which tags take part at all, and what of each is compared."""

import re
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeAlias

from fcpin.image import TagRecord, is_tag
from fcpin.policy.candidate import Candidate, Reason
from fcpin.policy.extract import compile_extract
from fcpin.policy.fields import Fields, shown
from fcpin.policy.patterns import compile_pattern, unanchored

Ledger: TypeAlias = MutableMapping[str, list[str]]
"""The tags that do not take part, by reason."""

_ARTEFACT = re.compile(r"sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?")
_NO_TAG = Reason("is no tag; a tag has up to 128 letters, digits, '_', '.' and '-'")
_IS_ARTEFACT = Reason("is a signature, attestation or SBOM (sha256-<digest>), no image")
_IS_ACCELERATED = Reason("is made by ACR's image acceleration (_accelerated)")
_EMPTY = Reason("filter_tags.extract gives nothing for it")
_LONG = Reason("filter_tags.extract gives more than 256 characters for it")
_LONGEST_VALUE = 256


@dataclass(frozen=True)
class Filters:
    """Cosign artefacts, `_accelerated` tags and tags that are being deleted never take part; the rest is the user's."""

    pattern: re.Pattern[str] | None = None
    extract: Callable[[re.Match[str]], str] | None = None
    allow: Sequence[re.Pattern[str]] = ()
    ignore: Sequence[re.Pattern[str]] = ()
    warnings: Sequence[str] = field(default=(), compare=False)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `filter_tags`, `allow_tags` and `ignore_tags`; problems are noted in *fields*."""
        section = Fields.of(fields.values.get("filter_tags"), fields.at("filter_tags"), fields.problems)
        section.only(("pattern", "extract"))
        pattern = extract = None
        notes: tuple[str, ...] = ()
        if fields.values.get("filter_tags") is not None:
            source = section.required("pattern", r"'^main-(?P<n>\d+)$'")
            pattern = compile_pattern(section, "pattern", source) if source else None
            if pattern is not None:
                if unanchored(source):
                    notes = (f"filter_tags.pattern {shown(source)} has no ^ and $: it matches anywhere inside a tag",)
                if (template := section.text("extract")) is not None:
                    extract = compile_extract(section, template, pattern)
        allow = [compile_pattern(fields, key, source) for key, source in fields.texts("allow_tags")]
        ignore = [compile_pattern(fields, key, source) for key, source in fields.texts("ignore_tags")]
        return cls(pattern, extract, tuple(filter(None, allow)), tuple(filter(None, ignore)), notes)

    def apply(self, records: Iterable[TagRecord], rejected: Ledger) -> list[Candidate]:
        """The candidates among *records*; the others go to *rejected*."""
        found: list[Candidate] = []
        value = self.value
        for record in records:
            answer = value(record.tag)
            if isinstance(answer, Reason):
                rejected.setdefault(answer, []).append(record.tag)
            elif record.status != "NORMAL":
                rejected.setdefault(f"has status {record.status}", []).append(record.tag)
            else:
                found.append((answer, record))
        return found

    def value(self, tag: str) -> str | Reason:
        """What is compared for *tag*, or why it does not take part."""
        if not is_tag(tag):
            return _NO_TAG
        if tag.startswith("sha256-") and _ARTEFACT.fullmatch(tag):
            return _IS_ARTEFACT
        if tag.endswith("_accelerated"):
            return _IS_ACCELERATED
        if self.allow and not any(pattern.fullmatch(tag) for pattern in self.allow):
            return Reason("matches no pattern of allow_tags")
        for pattern in self.ignore:
            if pattern.fullmatch(tag):
                return Reason(f"matches {shown(pattern.pattern)} of ignore_tags")
        return self._extracted(tag) if self.pattern else tag

    def _extracted(self, tag: str) -> str | Reason:
        match = self.pattern.search(tag) if self.pattern else None
        if match is None:
            return Reason("does not match filter_tags.pattern")
        if self.extract is None:
            return tag
        value = self.extract(match)
        if not value:
            return _EMPTY
        return value if len(value) <= _LONGEST_VALUE else _LONG
