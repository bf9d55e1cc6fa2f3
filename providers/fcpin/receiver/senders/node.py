"""Read JSON of strangers: within limits, one value at a time, each problem with its path."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn

from fcpin.errors import InvalidImage
from fcpin.image import Digest, Repository, is_tag, parse_digest
from fcpin.policy.fields import shown
from fcpin.policy.times import parse_moment
from fcpin.receiver.errors import Rejected

MOST_DEPTH: Final = 32
MOST_ITEMS: Final = 20_000
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""One without an end goes to the end of the body: nothing is looked at twice."""
_BRACKETS: Final = re.compile(rb"[\[\]{}]")


def malformed(reason: str) -> Rejected:
    """400, with the reason."""
    return Rejected(400, "malformed", reason)


def read_json(body: bytes) -> "Node":
    """The JSON text of *body*. Raises Rejected for what is none, is nested too deeply or has too many parts."""
    plain = _STRING.sub(b'""', body)
    if sum(map(plain.count, (b",", b"[", b"{"))) > MOST_ITEMS:
        raise Rejected(413, "oversized", f"the JSON has more than {MOST_ITEMS} parts")
    depth = 0
    for bracket in _BRACKETS.findall(plain):
        depth += 1 if bracket in b"[{" else -1
        if depth > MOST_DEPTH:
            raise malformed(f"the JSON is nested deeper than {MOST_DEPTH}")
    try:
        return Node(json.loads(body.decode("utf-8"), parse_constant=_no_constant))
    except (ValueError, RecursionError):
        raise malformed("the body is no JSON in UTF-8") from None


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no JSON")


@dataclass(frozen=True, slots=True)
class Node:
    """A value, and the path that leads to it. What is absent is as good as null."""

    value: object
    path: str = ""

    def __getitem__(self, key: str) -> "Node":
        """The value under *key*. Raises Rejected when this is no object."""
        if not isinstance(self.value, dict):
            raise malformed(f"{self.path or 'the body'}: expected an object")
        return Node(self.value.get(key), f"{self.path}.{key}" if self.path else key)

    def items(self) -> Iterator["Node"]:
        """The parts of a list. Raises Rejected for anything else."""
        if not isinstance(self.value, list):
            raise malformed(f"{self.path or 'the body'}: expected a list")
        return (Node(item, f"{self.path}[{index}]") for index, item in enumerate(self.value))

    def maybe(self) -> str:
        """A text; empty where there is none."""
        if self.value is None:
            return ""
        if not isinstance(self.value, str):
            raise malformed(f"{self.path}: expected text, got {type(self.value).__name__}")
        return self.value

    def text(self) -> str:
        """A text that is not empty."""
        return self.maybe() or self._missing("text")

    def repository_path(self) -> str:
        """`namespace/name`."""
        return repository_path(self.text(), self.path)

    def tag(self) -> str:
        """A tag."""
        text = self.text()
        return text if is_tag(text) else self._missing("a tag")

    def digest(self) -> Digest | None:
        """A digest, with or without its prefix; None where there is none."""
        text = self.maybe()
        try:
            return parse_digest(text) if text else None
        except InvalidImage:
            self._missing("sha256: and 64 hexadecimal digits")

    def moment(self) -> datetime | None:
        """A time with its zone; None where there is none."""
        text = self.maybe()
        try:
            return parse_moment(text) if text else None
        except ValueError as error:
            raise malformed(f"{self.path} {error}") from None

    def _missing(self, wanted: str) -> NoReturn:
        raise malformed(f"{self.path}: expected {wanted}")


def repository_path(text: str, where: str) -> str:
    """*text*, if it is the path of a repository. Raises Rejected."""
    try:
        return Repository.parse(f"localhost/{text}").path
    except InvalidImage:
        raise malformed(f"{where}: expected namespace/name") from None


def registry_host(text: str, where: str) -> str:
    """*text*, if it is the host of a registry or empty. Raises Rejected."""
    try:
        return Repository.parse(f"{text}/name").host if text else ""
    except InvalidImage:
        raise malformed(
            f"{where}: expected the host of a registry as images name it, got {shown(text)}; "
            "the URL may say it: ?registry=HOST"
        ) from None
