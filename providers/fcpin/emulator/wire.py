"""HTTP messages and routes of the APIs, independent of the web framework."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, unquote


class ApiError(Exception):
    """An error response. Each API has its own shape for it."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class EmulatorError(ValueError):
    """A verb, knob or option cannot be carried out: an unknown function, tag, name or value."""


_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A complete request."""

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
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_length: int | None = None
    """Content-Length if it is not that of the body: for a HEAD request."""

    @classmethod
    def of_json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Self:
        body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        return cls(status, body, {"content-type": "application/json", **(headers or {})})


class Route(NamedTuple):
    """One operation of an API in ROA style."""

    method: str
    path: str
    """`/functions/{name}`."""
    action: str
    """The operation's name, by which calls are recorded."""
    handler: Callable[..., Any]
    """Takes the request, and the parts of the path by name."""


class RoutingTable:
    """The operations of one API version, whose paths all start with *prefix*."""

    def __init__(self, prefix: str, routes: Iterable[Route]) -> None:
        self._routes = [
            (route, re.compile(prefix + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path))) for route in routes
        ]

    @property
    def actions(self) -> list[str]:
        return [route.action for route, _ in self._routes]

    def find(self, request: WireRequest) -> tuple[Route | None, dict[str, str]]:
        """The route of a request, and the parts of its path."""
        for route, pattern in self._routes:
            if route.method == request.method and (match := pattern.fullmatch(request.path)):
                return route, match.groupdict()
        return None, {}


def json_object(request: WireRequest) -> dict[str, Any] | None:
    """The body as a JSON object, None for any other body."""
    try:
        value = json.loads(request.body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
