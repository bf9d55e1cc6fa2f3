"""HTTP messages as the services see them: whole, decoded once, free of any web framework."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, unquote


class ApiError(Exception):
    """An answer of a service that is no success. Every service has its own shape for it."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class EmulatorError(ValueError):
    """The emulator does not have what was requested: an unknown function, tag, knob or verb."""


_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One request, read to its end."""

    method: str
    raw_path: str
    """As on the request line: percent-encoded, without query."""
    query: tuple[tuple[str, str], ...] = ()
    """Decoded as a form, because that is what the SDKs send."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; the values of a repeated one joined with commas."""
    body: bytes = b""

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    def param(self, name: str, default: str = "") -> str:
        """The first query parameter of that name."""
        return next((value for key, value in self.query if key == name), default)

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The parameters of an RPC call: those of the query, and of the body where it is a form."""
        if self.header("content-type").partition(";")[0].strip().lower() != _FORM:
            return self.query
        return self.query + tuple(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def params(self, name: str) -> list[str]:
        """All query parameters of that name."""
        return [value for key, value in self.query if key == name]

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class WireResponse:
    """One response, sent with its Content-Length."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_length: int | None = None
    """Length to announce where it is not that of the body: the answer to a HEAD."""

    @classmethod
    def of_json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Self:
        body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        return cls(status, body, {"content-type": "application/json", **(headers or {})})
