"""Turn a registry's refusal into an error of ours, by its code and status.

Codes: OCI distribution specification, "Error Codes"; a code that is not in the table counts as its HTTP status.
"""

import json
from collections.abc import Mapping
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
from fcpin.registry.docker_config import Login

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
_SHOWN: Final = 160
_MOST: Final = 3


def refusal(
    answer: Response, asked: str, missing: type[RegistryError], login: Login, right: str = "pull"
) -> RegistryError:
    """The error for *answer*, which is no success.

    *asked* says where and what ("registry.example.com: tags of shop/app"), *missing* is what a bare 404 means,
    *login* is whose credentials were used, *right* what they must allow.
    """
    codes = _codes(answer)
    by_status = missing if answer.status == 404 else _BY_STATUS.get(answer.status, RegistryError)
    kind = next((_BY_CODE[code] for code, _ in codes if code in _BY_CODE), by_status)
    said = "; ".join(filter(None, (f"{code} {message}".strip() for code, message in codes)))
    return kind(
        f"{asked}: {_ANSWERS.get(kind, 'refused')} ({said or f'status {answer.status}'}){_hint(kind, login, right)}"
    )


def has_known_code(answer: Response) -> bool:
    """Whether the registry gave a reason that `refusal` knows."""
    return any(code in _BY_CODE for code, _ in _codes(answer))


_ANSWERS: Final[Mapping[type[RegistryError], str]] = {
    RegistryDenied: "access denied",
    RepositoryNotFound: "no such repository",
    TagNotFound: "no such tag or digest",
    RegistryUnavailable: "too many requests",
}


def _hint(kind: type[RegistryError], login: Login, right: str) -> str:
    if kind not in {RegistryDenied, RepositoryNotFound}:
        return ""
    if kind is RegistryDenied and login.is_anonymous:
        return "; asked as anonymous: log in with docker login, or give username and password in the stack's registries"
    return f"; asked as {login}: check the name, and that these credentials may {right} it"


def _codes(answer: Response) -> list[tuple[str, str]]:
    """Code and message of the first errors in the body; none when it is not the specification's JSON."""
    try:
        errors = json.loads(answer.body)["errors"]
        return [(_shown(error.get("code")), _shown(error.get("message"))) for error in errors[:_MOST]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def _shown(text: object) -> str:
    """One printable line of what a server wrote."""
    line = " ".join(str(text or "").split())
    return "".join(character for character in line if character.isprintable())[:_SHOWN]


def parse_object(answer: Response, asked: str) -> Mapping[str, Any]:
    """The JSON object in *answer*. Raises RegistryProtocolError naming what came instead."""
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise RegistryProtocolError(
            f"{asked}: expected a JSON object, got {answer.content_type or 'something without a type'}"
        )
    return value
