"""What is logged, without secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from fcpin.receiver.logs import Redactor, configure_logging
from fcpin.receiver.settings.secrets import Secret

SECRET = Secret("env:S", 'not"to/be-logged+1')
LOG = logging.getLogger("fcpin.receiver.test")


class Terminal(io.StringIO):
    """Claims to be one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_record_is_one_line_of_json_and_text_on_a_terminal() -> None:
    stream, terminal = io.StringIO(), Terminal()
    for one in (stream, terminal):
        configure_logging([], one)
        LOG.info("%s: 3\n%s", "dev", "pushes", extra={"stack": "dev", "job": "7", "attempts": 2})
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert line.pop("time").endswith("Z")
    fields = {"logger": "fcpin.receiver.test", "stack": "dev", "job": "7", "attempts": 2}
    assert line == {"level": "info", "message": "dev: 3\npushes", **fields}
    assert "INFO fcpin.receiver.test: dev: 3\npushes" in terminal.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["a file", "a terminal"])
def test_secrets_are_redacted(stream: io.StringIO) -> None:
    configure_logging([SECRET], stream)
    try:
        dict[str, str]()[f"in the traceback: {SECRET.value}"]
    except KeyError:
        LOG.exception("in the message: %s", SECRET.value, extra={"url": f"https://h/hooks/{SECRET.value}"})
    LOG.info("in a URL: %s", "not%22to%2Fbe-logged%2B1")
    text = stream.getvalue()
    assert text.count("in the traceback: ***") >= 1
    assert "logged" not in text


URLS = [
    ("a password", "redis://user:p%40ssword-1@10.0.0.1:6379/0", "10.0.0.1: AUTH p@ssword-1 failed", "10.0.0.1"),
    ("a token in the place of a host", "dingtalk://0123456789abcdef0123/13800000000", "access_token=0123456789abcdef0123", "access_token"),
    ("a token in the path", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "POST …/TIiajkdnlazkcOXrIdevi7FQ", "POST"),
    ("a token in the query", "jsons://hooks.example.com/x?+X-Token=abcdefgh12", "X-Token: abcdefgh12", "X-Token"),
    ("a host is no secret", "json://hooks.example.com/x", "no route to hooks.example.com", "hooks.example.com"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "text", "left"), [pytest.param(*row[1:], id=row[0]) for row in URLS])
def test_the_secret_part_of_a_url(url: str, text: str, left: str) -> None:
    redacted = Redactor([Secret("env:X", url)])(text)
    assert left in redacted
    assert ("***" in redacted) == (redacted != text)
    assert not any(part in redacted for part in ("p@ssword", "0123456789abcdef", "TIiajk", "abcdefgh12"))
