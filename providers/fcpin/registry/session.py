"""Requests to a registry: bounded, retried, redirected within limits, authenticated as it requires; and its errors.

No redirect carries credentials to another origin. Codes: OCI distribution specification, "Error Codes"; a code that is
not in the table counts as its HTTP status.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import msgspec

from fcpin.call_statistics import Outcome, calls
from fcpin.clock import Clock, SystemClock
from fcpin.errors import (
    RegistryDenied,
    RegistryError,
    RegistryProtocolError,
    RegistryUnavailable,
    RepositoryNotFound,
    TagNotFound,
    one_line,
)
from fcpin.http.exchange import NoResponse, Response, TooLarge, Unreachable, exchange, origin, retry_after
from fcpin.http.limits import MIB, Limits
from fcpin.http.retries import REGISTRY_RETRY, Repeat, Retry, repeating
from fcpin.image import Repository
from fcpin.json_reader import read_json
from fcpin.registry.auth import PULL, Authenticator, Login

_FIRST_ERROR: Final = 400
_TOO_MANY: Final = 429
_KINDS: Final = frozenset({"manifests", "blobs", "tags"})
_GOES_ON: Final = frozenset({401, 404})
"""The challenge to log in, and "not found"."""
_TEMPORARY_STATUS: Final = frozenset({408, 429, 500, 502, 503, 504})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 3
_MAX_RETRY_AFTER: Final = 20.0
_LONGEST_SHOWN: Final = 200
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


class Busy(RegistryUnavailable):
    """The server returned a status that means: later."""

    def __init__(self, message: str, *, retry_after: float | None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


def join(url: str, reference: str) -> str:
    """The URL of *reference* in a response from *url*. Raises RegistryProtocolError when it is not valid."""
    try:
        target = urljoin(url, reference)
        origin(target)
    except ValueError:
        shown = reference[:_LONGEST_SHOWN]
        raise RegistryProtocolError(f"{_where(url)} redirects to {shown!r}, which is not a valid URL") from None
    return target


class Transport:
    """Sends the requests of one run. Safe to share between threads."""

    def __init__(
        self, *, retry: Retry = REGISTRY_RETRY, clock: Clock | None = None, limits: Limits | None = None
    ) -> None:
        self._retry = retry
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        limit: int = 4 * MIB,
        body: bytes | None = None,
        elsewhere: bool = False,
    ) -> Response:
        """The response to one request, of at most *limit* bytes; no status is an error but temporary ones.

        *elsewhere*: whether a redirect to another host is followed, without the login. Raises RegistryUnavailable after
        the last retry, RegistryProtocolError for a response that is too long or redirects where it must not,
        RegistryError when the server's certificate is not trusted.
        """
        return self._repeat(lambda: self._follow(method, url, headers, limit, body, elsewhere=elsewhere))

    @cached_property
    def _repeat(self) -> Repeat:
        return repeating(self._retry, pause_before_retry)

    def _follow(
        self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None, *, elsewhere: bool
    ) -> Response:
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._exchange(method, url, headers, limit, body)
            if response.status not in _REDIRECTS:
                return response
            target = redirect_target(response, method)
            if not elsewhere and not _is_same_host(target, url):
                raise RegistryProtocolError(
                    f"{_where(url)} redirects {method} {urlsplit(url).path} to another host, {_where(target)}, which "
                    "is only followed for blobs; name that host as the registry, or as its endpoint"
                )
            if origin(target) != origin(url):
                headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
            url = target
        raise RegistryProtocolError(f"{_where(url)} redirected more than {_MAX_REDIRECTS} times")

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None) -> Response:
        outcome = Outcome.FAILED
        try:
            response = self._once(method, url, headers, limit, body)
            outcome = _outcome(response.status)
        finally:
            calls.count("registry", f"{method} {_kind(url)}", outcome)
        if response.status in _TEMPORARY_STATUS:
            after = retry_after(response.headers.get("Retry-After", ""), self._clock.now())
            raise Busy(
                f"{_where(url)} returned {response.status} for {method} {urlsplit(url).path}; try again later",
                retry_after=after,
            )
        return response

    def _once(self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None) -> Response:
        try:
            return exchange(method, url, headers, body, replace(self._limits, size=limit))
        except TooLarge as error:
            raise RegistryProtocolError(f"{_where(url)}{urlsplit(url).path}: {error}") from None
        except NoResponse as error:
            kind = RegistryUnavailable if isinstance(error, Unreachable) else RegistryError
            raise kind(
                f"{_where(url)} {error}" if isinstance(error, Unreachable) else f"{_where(url)}: {error}"
            ) from None


def pause_before_retry(error: Exception, _: Retry) -> bool | float:
    """Whether to repeat after *error*, or the seconds to wait before doing so (see repeating)."""
    if isinstance(error, Busy) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= _MAX_RETRY_AFTER else False
    return isinstance(error, RegistryError) and error.temporary


def _is_same_host(there: str, here: str) -> bool:
    """Whether both are one host, which may redirect from http to https by the default ports."""
    return origin(there) == origin(here) or (
        origin(there)[1] == origin(here)[1]
        and (urlsplit(here).scheme, urlsplit(there).scheme) == ("http", "https")
        and (origin(here)[2], origin(there)[2]) == (80, 443)
    )


def redirect_target(response: Response, method: str) -> str:
    """Where *response* redirects to. Raises RegistryProtocolError: only reads are redirected, never away from TLS."""
    location = response.headers.get("Location", "")
    if method not in {"GET", "HEAD"} or not location:
        raise RegistryProtocolError(f"{_where(response.url)} returned {response.status} without a usable Location")
    target = join(response.url, location)
    if urlsplit(response.url).scheme == "https" != urlsplit(target).scheme:
        raise RegistryProtocolError(f"{_where(response.url)} redirects away from TLS, to {_where(target)}; refused")
    return target


def _outcome(status: int) -> Outcome:
    if status == _TOO_MANY:
        return Outcome.THROTTLED
    return Outcome.OK if status < _FIRST_ERROR or status in _GOES_ON else Outcome.FAILED


def _kind(url: str) -> str:
    """The kind of thing in the distribution API that *url* names, without any other name in it."""
    kind = "".join(urlsplit(url).path.split("/")[-2:-1])
    return kind if kind in _KINDS else "other"


def _where(url: str) -> str:
    return urlsplit(url).netloc


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


def parse_object(
    response: Response, what: str, decode: Callable[[bytes], Any] = msgspec.json.decode
) -> Mapping[str, Any]:
    """The JSON object in *response*, as *decode* reads it. Raises RegistryProtocolError."""
    try:
        value = decode(response.body)
    except (ValueError, RecursionError) as error:
        kind = response.content_type or "a body without Content-Type"
        raise RegistryProtocolError(f"{what}: expected a JSON object, got {kind}: {one_line(str(error))}") from None
    if not isinstance(value, dict):
        kind = response.content_type or "a body without Content-Type"
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
