"""Read lists of tags: names or JSON objects, one a line, or one JSON array."""

import io
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from fcpin.errors import InvalidInput, Problem
from fcpin.image import Digest, TagRecord, parse_digest
from fcpin.json_reader import InvalidJson, read_json

TAG_FORMAT: Final = "One tag a line, or one JSON object a line: {tag, digest, pushed, created, status}."
_MAX_INPUT: Final = 256 * 2**20
_EPOCH = datetime.fromtimestamp(0, UTC)
_SHOWN = 60


def read_stdin() -> Sequence[TagRecord]:
    """The tags on standard input. Raises InvalidInput."""
    stdin = sys.stdin.buffer if sys.stdin else io.BytesIO()
    if stdin.isatty():
        sys.stderr.write("reading tags from the terminal, one per line; end with Ctrl-D\n")
    return read_tags(stdin.read(_MAX_INPUT + 1))


def read_tags(data: bytes, name: str = "standard input") -> Sequence[TagRecord]:
    """The tags in *data*, which is UTF-8; *name* is its source, for messages.

    An object has `tag` and optionally `digest`, `pushed`, `created` (RFC 3339, or milliseconds since 1970 as ACR
    gives them) and `status`; other keys are ignored. Raises InvalidInput with every line that cannot be read.
    """
    if len(data) > _MAX_INPUT:
        raise InvalidInput(Problem(name, f"is larger than {_MAX_INPUT // 2**20} MiB"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(Problem(name, f"is not UTF-8 (byte {error.start}); expected tags")) from None
    return records_of(_items(text, name))


def records_of(items: Iterable[tuple[str, object]]) -> Sequence[TagRecord]:
    """One record for each pair of place and value. Raises InvalidInput with every value that is not a tag."""
    records: list[TagRecord] = []
    problems: list[Problem] = []
    for where, item in items:
        try:
            records.append(_record(item))
        except InvalidInput as error:
            problems += (Problem(where, str(problem)) for problem in error.problems)
    if problems:
        raise InvalidInput(*problems)
    return records


def _items(text: str, name: str) -> Iterator[tuple[str, object]]:
    """Place and value of each tag: the text of a line, or its JSON."""
    if text.lstrip().startswith("["):
        items = parse_json(text, name)
        for number, item in enumerate(items if isinstance(items, list) else ()):
            yield f"item {number}", item
        return
    for number, line in enumerate(text.split("\n"), start=1):
        word = line.strip()
        if word.startswith("{"):
            yield f"line {number}", parse_json(word, f"line {number}")
        elif word:
            yield f"line {number}", word


def parse_json(text: str, where: str) -> object:
    """Raises InvalidInput naming *where* and the position."""
    try:
        return read_json(text)
    except InvalidJson as error:
        raise InvalidInput(Problem(where, str(error))) from None


def _record(item: object) -> TagRecord:
    if isinstance(item, str):
        return TagRecord(item)
    if not isinstance(item, Mapping):
        quotes = ", in quotes" if isinstance(item, int | float) else ""
        raise _wrong("", f"must be a tag{quotes} or an object with tag", item)
    tag = item.get("tag")
    if not isinstance(tag, str):
        raise _wrong("tag", "must be text", tag)
    status = item.get("status")
    if status is not None and not isinstance(status, str):
        raise _wrong("status", "must be text such as NORMAL", status)
    return TagRecord(
        tag, _digest(item.get("digest")), _time(item, "pushed"), _time(item, "created"), status or "NORMAL"
    )


def _digest(value: object) -> Digest | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong("digest", "must be text such as sha256:…", value)
    try:
        return parse_digest(value)
    except InvalidInput as error:
        raise InvalidInput(*(Problem("digest", problem.reason) for problem in error.problems)) from None


def _time(item: Mapping[str, object], key: str) -> datetime | None:
    value = item.get(key)
    if value is None:
        return None
    try:
        if isinstance(value, str) and not value.isdecimal():
            time = datetime.fromisoformat(value)
            if time.tzinfo is None:
                raise _wrong(key, "has no time zone; add Z or an offset", value)
            return time.astimezone(UTC)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return _EPOCH + timedelta(milliseconds=int(value))
    except (ValueError, OverflowError):
        pass
    raise _wrong(key, "must be a time such as 2026-05-01T12:00:00Z, or milliseconds since 1970", value)


def _wrong(key: str, reason: str, value: object) -> InvalidInput:
    text = repr(value)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return InvalidInput(Problem(key, f"{reason}, got {shown}"))
