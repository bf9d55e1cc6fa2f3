"""Requests to one registry, authenticated as it requires, and what its error responses mean.

Codes: OCI distribution specification, "Error Codes"; a code that is not in the table counts as its HTTP status.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fcpin.errors import (
    RegistryDenied,
    RegistryError,
    RegistryProtocolError,
    RegistryUnavailable,
    RepositoryNotFound,
    TagNotFound,
)
from fcpin.http.exchange import Response
from fcpin.http.limits import MIB
from fcpin.image import Repository
from fcpin.json_reader import InvalidJson, read_json
from fcpin.registry.auth import PULL, Authenticator
from fcpin.registry.logins import Login
from fcpin.registry.transport import Transport, origin

_CHALLENGES: Final = 2
"""A registry that is met for the first time sends a challenge, and may then find the token expired."""
_BY_CODE: Final[Mapping[str, type[RegistryError]]] = {
    "BLOB_UNKNOWN": TagNotFound,
    "DENIED": RegistryDenied,
    "MANIFEST_UNKNOWN": TagNotFound,
    "NAME_INVALID": RepositoryNotFound,
    "NAME_UNKNOWN": RepositoryNotFound,
    "TAG_INVALID": TagNotFound,
    "TOOMANYREQUESTS": RegistryUnavailable,
    "UNAUTHORIZED": RegistryDenied,
}
_BY_STATUS: Final[Mapping[int, type[RegistryError]]] = {401: RegistryDenied, 403: RegistryDenied}
_MEANINGS: Final[Mapping[type[RegistryError], str]] = {
    RegistryDenied: "access denied",
    RepositoryNotFound: "no such repository",
    TagNotFound: "no such tag or digest",
    RegistryUnavailable: "too many requests",
}
_SHOWN: Final = 160
_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a registry."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    limit: int = 4 * MIB
    """Bytes that the response may have."""
    actions: str = PULL
    """The rights on the repository that it needs."""
    elsewhere: bool = False
    """Whether the registry may redirect it to another host: only content that is verified by its digest."""


class Session:
    """Sends requests to the registry at *base* (`https://host[:port]`). Safe to share between threads.

    A token that is refused is renewed once.
    """

    def __init__(self, base: str, auth: Authenticator, transport: Transport) -> None:
        self._base = base
        self._auth = auth
        self._transport = transport

    def send(self, request: Request, repository: Repository) -> Response:
        """The response, whatever its status. Raises RegistryError when there is none, or no way to authenticate."""
        authorization = self._auth.header(repository.path, request.actions)
        response = self._send(request, authorization)
        for _ in range(_CHALLENGES):
            if response.status != 401 or origin(response.url) != origin(self._base):
                break
            if not self._auth.answer_challenge(response, repository.path, authorization, request.actions):
                break
            authorization = self._auth.header(repository.path, request.actions)
            response = self._send(request, authorization)
        return response

    def error(
        self, response: Response, repository: Repository, what: str, missing: type[RegistryError], right: str = "pull"
    ) -> RegistryError:
        """The error for *response* about *repository*, which is not a success; see `error_of`."""
        return error_of(response, what, missing, self._auth.used_login(repository.path), right)

    def _send(self, request: Request, authorization: str | None) -> Response:
        headers = {**request.headers, **({"Authorization": authorization} if authorization else {})}
        return self._transport.send(
            request.method,
            request.url,
            headers=headers,
            limit=request.limit,
            body=request.body,
            elsewhere=request.elsewhere,
        )


def error_of(
    response: Response, what: str, missing: type[RegistryError], login: Login, right: str = "pull"
) -> RegistryError:
    """The error for *response*, which is not a success.

    *what* names where and what ("registry.example.com: tags of shop/app"), *missing* is the meaning of a bare 404,
    *login* is the one that was used, *right* what it must allow.
    """
    codes = _codes(response)
    by_status = missing if response.status == 404 else _BY_STATUS.get(response.status, RegistryError)
    kind = next((_BY_CODE[code] for code, _ in codes if code in _BY_CODE), by_status)
    detail = "; ".join(filter(None, (f"{code} {message}".strip() for code, message in codes)))
    meaning = _MEANINGS.get(kind, "refused")
    return kind(f"{what}: {meaning} ({detail or f'status {response.status}'}){_hint(kind, login, right)}")


def has_known_code(response: Response) -> bool:
    """Whether the registry returned a code of the specification."""
    return any(code in _BY_CODE for code, _ in _codes(response))


def parse_object(response: Response, what: str) -> Mapping[str, Any]:
    """The JSON object in *response*. Raises RegistryProtocolError."""
    kind = response.content_type or "a body without Content-Type"
    try:
        value = read_json(response.body, surrogates=True)  # odd names of tags are for the policy to reject
    except InvalidJson as error:
        raise RegistryProtocolError(f"{what}: expected a JSON object, got {kind}, which {error}") from None
    if not isinstance(value, dict):
        raise RegistryProtocolError(f"{what}: expected a JSON object, got {kind} of another JSON type")
    return value


def _hint(kind: type[RegistryError], login: Login, right: str) -> str:
    if kind not in {RegistryDenied, RepositoryNotFound}:
        return ""
    if kind is RegistryDenied and login.is_anonymous:
        return "; no login was used: run docker login, or give username and password in the stack's registries"
    return f"; login: {login}; check the name, and that this login may {right} it"


def _codes(response: Response) -> list[tuple[str, str]]:
    """Code and message of the first errors in the body; none when it is not the specification's JSON."""
    try:
        errors = read_json(response.body, surrogates=True)["errors"]
        return [(_shown(error.get("code")), _shown(error.get("message"))) for error in errors[:_MOST]]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []


def _shown(text: object) -> str:
    """One printable line of a server's text."""
    line = " ".join(str(text or "").split())
    return "".join(character for character in line if character.isprintable())[:_SHOWN]
