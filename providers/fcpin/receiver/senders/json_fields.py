"""Read the JSON of untrusted senders: bounded, one value at a time, each problem with its path."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn

from fcpin.errors import InvalidImage, shown
from fcpin.image import Digest, Repository, is_tag, parse_digest
from fcpin.policy.times import parse_moment
from fcpin.receiver.errors import Reason, Rejected

MAX_DEPTH: Final = 32
MAX_VALUES: Final = 20_000
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string without an end reaches to the end of the body: no byte is read twice."""
_BRACKETS: Final = re.compile(rb"[\[\]{}]")


def malformed(message: str) -> Rejected:
    return Rejected(Reason.MALFORMED, message)


def read_json(body: bytes) -> "JsonField":
    """Return the value of *body*. Raises Rejected if it is not JSON, is nested too deeply or has too many values."""
    plain = _STRING.sub(b'""', body)
    if sum(map(plain.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise Rejected(Reason.OVERSIZED, f"the JSON exceeds {MAX_VALUES:,} values")
    depth = 0
    for bracket in _BRACKETS.findall(plain):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise malformed(f"the JSON is nested deeper than {MAX_DEPTH} levels")
    try:
        return JsonField(json.loads(body.decode("utf-8"), parse_constant=_no_constant))
    except (ValueError, RecursionError):
        raise malformed("the body is not JSON in UTF-8") from None


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is not JSON")


@dataclass(frozen=True, slots=True)
class JsonField:
    """A value and its path. An absent field reads as null. Every method raises Rejected for a wrong type."""

    value: object
    path: str = ""

    def __getitem__(self, key: str) -> "JsonField":
        if not isinstance(self.value, dict):
            raise malformed(f"{self.path or 'the body'}: expected an object")
        return JsonField(self.value.get(key), f"{self.path}.{key}" if self.path else key)

    def items(self) -> Iterator["JsonField"]:
        if not isinstance(self.value, list):
            raise malformed(f"{self.path or 'the body'}: expected a list")
        return (JsonField(item, f"{self.path}[{index}]") for index, item in enumerate(self.value))

    def optional_text(self) -> str:
        """Return the text; empty for null."""
        if self.value is None:
            return ""
        if not isinstance(self.value, str):
            raise malformed(f"{self.path}: expected text, got {type(self.value).__name__}")
        return self.value

    def text(self) -> str:
        return self.optional_text() or self._wrong("text")

    def repository_path(self) -> str:
        """`namespace/name`."""
        return repository_path(self.text(), self.path)

    def tag(self) -> str:
        text = self.text()
        return text if is_tag(text) else self._wrong("a tag")

    def digest(self) -> Digest | None:
        """Return a digest, which may stand without its prefix; None for null."""
        text = self.optional_text()
        try:
            return parse_digest(text) if text else None
        except InvalidImage:
            self._wrong("sha256: and 64 hexadecimal digits")

    def moment(self) -> datetime | None:
        """Return a time with its zone; None for null."""
        text = self.optional_text()
        try:
            return parse_moment(text) if text else None
        except ValueError as error:
            raise malformed(f"{self.path} {error}") from None

    def _wrong(self, expected: str) -> NoReturn:
        raise malformed(f"{self.path}: expected {expected}")


def repository_path(text: str, path: str) -> str:
    """Return *text*, which stands at *path*, if it is the path of a repository. Raises Rejected."""
    try:
        return Repository.parse(f"localhost/{text}").path
    except InvalidImage:
        raise malformed(f"{path}: expected namespace/name") from None


def registry_host(text: str, path: str) -> str:
    """Return *text*, which stands at *path*, if it is a registry host or empty. Raises Rejected."""
    try:
        return Repository.parse(f"{text}/name").host if text else ""
    except InvalidImage:
        raise malformed(
            f"{path}: expected the registry host that images name, got {shown(text)}; "
            "set it in the URL of the hook: ?registry=HOST"
        ) from None
