"""What is logged, and that no secret is among it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

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
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(stream: io.StringIO) -> Any:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_with_the_extra_fields() -> None:
    stream = io.StringIO()
    configure_logging([], stream)
    LOG.info("%s: 3 %s", "dev", "pushes", extra={"stack": "dev", "job": "7", "attempts": 2})
    (line,) = logged(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info", "logger": "fcpin.receiver.test", "message": "dev: 3 pushes", "stack": "dev", "job": "7", "attempts": 2,
    }  # fmt: skip


def test_a_sentence_of_several_lines_is_one_line_of_the_log() -> None:
    stream = io.StringIO()
    configure_logging([], stream)
    LOG.warning("one\ntwo")
    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["a file", "a terminal"])
def test_a_secret_is_nowhere(stream: io.StringIO) -> None:
    configure_logging([SECRET], stream)
    try:
        dict[str, str]()[f"in the traceback: {SECRET.value}"]
    except KeyError:
        LOG.exception("in the sentence: %s", SECRET.value, extra={"url": f"https://h/hooks/{SECRET.value}"})
    LOG.info("as URLs write it: %s", "not%22to%2Fbe-logged%2B1")
    text = stream.getvalue()
    assert text.count("in the traceback: ***") >= 1
    assert "logged" not in text


def test_a_terminal_gets_text() -> None:
    stream = Terminal()
    configure_logging([], stream)
    LOG.info("hello")
    assert stream.getvalue().endswith("INFO fcpin.receiver.test: hello\n")


ADDRESSES = [
    ("a password", "redis://user:p%40ssword-1@10.0.0.1:6379/0", "10.0.0.1: AUTH p@ssword-1 failed", "10.0.0.1"),
    ("a token in the place of a host", "dingtalk://0123456789abcdef0123/13800000000", "access_token=0123456789abcdef0123", "access_token"),
    ("a token in the path", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "POST …/TIiajkdnlazkcOXrIdevi7FQ", "POST"),
    ("a token in the query", "jsons://hooks.example.com/x?+X-Token=abcdefgh12", "X-Token: abcdefgh12", "X-Token"),
    ("the host of a plain address is none", "json://hooks.example.com/x", "no route to hooks.example.com", "hooks.example.com"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "text", "left"), [row[1:] for row in ADDRESSES], ids=[row[0] for row in ADDRESSES])
def test_the_secret_part_of_an_address(address: str, text: str, left: str) -> None:
    redacted = Redactor([Secret("env:X", address)])(text)
    assert left in redacted
    assert ("***" in redacted) == (redacted != text)
    assert not any(part in redacted for part in ("p@ssword", "0123456789abcdef", "TIiajk", "abcdefgh12"))
