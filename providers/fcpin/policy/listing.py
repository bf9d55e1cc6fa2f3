"""A listing: the tags of a repository by their names, each once."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from fcpin.image import TagRecord
from fcpin.policy.candidate import LONG_AGO


def listing_of(tags: Iterable[TagRecord]) -> Mapping[str, TagRecord]:
    """Of two records of one name the one pushed last."""
    records = list(tags)
    found = {record.tag: record for record in records}
    if len(found) < len(records):
        for record in records:
            if record is not (other := found[record.tag]):
                found[record.tag] = max(other, record, key=_age)
    return found


def _age(record: TagRecord) -> tuple[datetime, datetime, str, str]:
    return (record.pushed or LONG_AGO, record.created or LONG_AGO, record.digest or "", record.status)
