"""Requests to one registry, authenticated as it wants: a token that is refused is renewed once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fcpin.errors import RegistryError
from fcpin.http.exchange import Response
from fcpin.http.limits import MIB
from fcpin.image import Repository
from fcpin.registry.auth import PULL, Authenticator
from fcpin.registry.oci_errors import refusal
from fcpin.registry.transport import Transport, origin

_CHALLENGES: Final = 2
"""A registry that is met for the first time asks who we are, and may then find the token too old."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a registry."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    limit: int = 4 * MIB
    """Bytes that the answer may have."""
    actions: str = PULL
    """The rights on the repository that it takes."""
    elsewhere: bool = False
    """Whether the registry may redirect it to another host: only what is verified by its digest."""


class Session:
    """Asks the registry at *base* (`https://host[:port]`). Safe to share between threads."""

    def __init__(self, base: str, auth: Authenticator, transport: Transport) -> None:
        self._base = base
        self._auth = auth
        self._transport = transport

    def ask(self, request: Request, repository: Repository) -> Response:
        """The answer, whatever its status. Raises RegistryError when there is none, or no way to authenticate."""
        authorization = self._auth.header(repository.path, request.actions)
        answer = self._send(request, authorization)
        for _ in range(_CHALLENGES):
            if answer.status != 401 or origin(answer.url) != origin(self._base):
                break
            if not self._auth.answer_challenge(answer, repository.path, authorization, request.actions):
                break
            authorization = self._auth.header(repository.path, request.actions)
            answer = self._send(request, authorization)
        return answer

    def refusal(
        self, answer: Response, repository: Repository, asked: str, missing: type[RegistryError], right: str = "pull"
    ) -> RegistryError:
        """The error for *answer* about *repository*, which is no success; see oci_errors."""
        return refusal(answer, asked, missing, self._auth.used_login(repository.path), right)

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
