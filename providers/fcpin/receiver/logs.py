"""The log on standard error: one JSON object a line, or text on a terminal, without secrets."""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, TextIO
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from fcpin.receiver.settings.secrets import Secret

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_SHORTEST_PART: Final = 8
"""Characters. Shorter parts of a URL (a port, a channel) are not secret, and would redact half of the log."""
_WARNINGS_ONLY: Final = ("apprise", "urllib3", "uvicorn.access")
"""Their messages below a warning hold URLs with tokens, or repeat for every poll."""


def configure_logging(secrets: Iterable[Secret], stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Log everything to *stream*, without *secrets*."""
    form = _Text if stream.isatty() else _Json
    handler = logging.StreamHandler(stream)
    handler.setFormatter(form(Redactor(secrets)))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _WARNINGS_ONLY:
        logging.getLogger(name).setLevel(logging.WARNING)


class Redactor:
    """Replaces secrets by `***`, and the parts of URLs that may be secret themselves."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        forms = {form for secret in secrets for part in _parts(secret.value) for form in (part, quote(part, safe=""))}
        longest_first = sorted((re.escape(form) for form in forms if form), key=len, reverse=True)
        self._secrets = re.compile("|".join(longest_first)) if longest_first else None

    def __call__(self, text: str) -> str:
        return self._secrets.sub("***", text) if self._secrets else text


def _parts(value: str) -> Iterator[str]:
    """Yield *value*, and the parts of a URL that may be a password or a token."""
    yield value
    if "://" not in value:
        return
    address = urlsplit(value)
    if address.password:
        yield from (address.password, unquote(address.password))
    queried = [text for _, text in parse_qsl(address.query)]
    inner = [address.username or "", *address.path.split("/"), *queried]
    if address.scheme not in _ADDRESSED_BY_HOST:
        inner.append(address.netloc.rpartition("@")[2])
    yield from (part for part in inner if len(part) >= _SHORTEST_PART)


_ADDRESSED_BY_HOST: Final = frozenset({"redis", "rediss", "unix", "json", "jsons", "xml", "xmls", "form", "forms"})
"""In every other URL of apprise the first part is a token."""


class _Json(logging.Formatter):
    """`time`, `level`, `logger`, `message`, `error` with a traceback, and the extra fields."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = self._redact("".join(traceback.format_exception(*record.exc_info)))
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        return json.dumps(line | {name: self._plain(value) for name, value in extra.items()}, ensure_ascii=False)

    def _plain(self, value: object) -> object:
        return value if value is None or isinstance(value, bool | int | float) else self._redact(str(value))


class _Text(logging.Formatter):
    """For people: `20:31:05 WARNING receiver.intake: …`."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
