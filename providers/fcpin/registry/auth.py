"""Authenticate to a registry: read its challenge, fetch a token for one repository, keep it until it expires.

Sources: RFC 9110 section 11.6.1 (challenges); distribution specification, "Token Authentication" and "OAuth2 Token".
Credentials are sent to the realm that the registry names, and nowhere else.
"""

import base64
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlencode, urlsplit

import msgspec

from fcpin.clock import Clock
from fcpin.errors import RegistryDenied, RegistryError, RegistryProtocolError
from fcpin.http.exchange import Response, origin
from fcpin.http.limits import MIB
from fcpin.single_flight import Once, SingleFlight

if TYPE_CHECKING:
    from fcpin.registry.session import Transport

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a "token" of the HTTP grammar
_SCHEME = re.compile(rf"[\s,]*({_TOKEN})(?=[\s,]|$)")
_PARAMETER = re.compile(rf'[\s,]*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_ESCAPED = re.compile(r"\\(.)")

PULL: Final = "pull"
PUSH: Final = "pull,push"
DELETE: Final = "pull,push,delete"

_DEFAULT_SECONDS: Final = 60.0
_MOST_SECONDS: Final = 86400.0
_MARGIN: Final = 0.9


@dataclass(frozen=True, slots=True)
class Login:
    """A login, and where it was found. Never printed with its secrets."""

    source: str
    """For messages: "stack config", the path of a file, a helper's name, "anonymous"."""
    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    """An OAuth2 refresh token, given instead of a password."""
    expires: datetime | None = None
    """When to find it again. Aware; None when it stays valid."""

    @property
    def is_anonymous(self) -> bool:
        return not (self.username or self.identity_token)

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    def __str__(self) -> str:
        return f"user {self.username!r} of {self.source}" if self.username else self.source


ANONYMOUS: Final = Login("anonymous")

FindLogin = Callable[[str], Login]
"""The login for the repository of that path. Raises RegistryDenied when a credential source cannot be used."""


class RenewedLogin:
    """One login for every repository of a registry: found once, and again when it has expired."""

    def __init__(self, find: Callable[[], Login], clock: Clock) -> None:
        self._login = Once(find)
        self._clock = clock

    def find(self, path: str) -> Login:  # noqa: ARG002 - the same for all
        login = self._login()
        if login.expires is not None and self._clock.now() >= login.expires:
            self._login.forget(login)
            login = self._login()
        return login


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate that a server accepts. Scheme and parameter names are lower case."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(values: Iterable[str]) -> list[Challenge]:
    """Parse WWW-Authenticate headers; each may hold several challenges. What cannot be parsed ends its header."""
    challenges = list[Challenge]()
    for value in values:
        position, parameters = 0, dict[str, str]()
        while position < len(value):
            if pair := _PARAMETER.match(value, position):
                quoted, plain = pair[2], pair[3]
                parameters[pair[1].lower()] = _ESCAPED.sub(r"\1", quoted) if quoted is not None else plain
                position = pair.end()
            elif scheme := _SCHEME.match(value, position):
                parameters = {}
                challenges.append(Challenge(scheme[1].lower(), parameters))
                position = scheme.end()
            else:
                break
    return challenges


@dataclass(frozen=True, slots=True)
class _Realm:
    url: str
    service: str


@dataclass(frozen=True, slots=True)
class _Token:
    header: str
    expires: float
    """On the monotonic clock."""


class Authenticator:
    """Makes the Authorization headers for one registry. Safe to share between threads.

    *registry* is the registry's address, *find_login* is called when the registry first requires authentication.
    """

    def __init__(self, registry: str, find_login: FindLogin, transport: "Transport", clock: Clock) -> None:
        self._registry = registry
        self._find_login = find_login
        self._transport = transport
        self._clock = clock
        self._tokens = SingleFlight[str, _Token]()
        self._scheme: _Realm | Literal["basic"] | None = None
        self._used: dict[str, Login] = {}
        self._extra_scopes: dict[tuple[str, str], Scopes] = {}
        """By repository and actions, what the registry's challenges named."""

    def login(self, repository: str) -> Login:
        """The login for *repository*. Raises RegistryDenied when a credential source is broken."""
        login = self._used[repository] = self._find_login(repository)
        return login

    def used_login(self, repository: str) -> Login:
        """The login that was last used for *repository*: anonymous, as long as the registry required none."""
        return self._used.get(repository, ANONYMOUS)

    def header(self, repository: str, actions: str = PULL) -> str | None:
        """The Authorization for *repository*, or None as long as the registry has not required any.

        *actions* are the rights that a token is for. Raises RegistryDenied when the token server refuses the login.
        """
        if self._scheme is None:
            return None
        if self._scheme == "basic":
            login = self.login(repository)
            return None if login.is_anonymous else login.basic
        return self._token(self._scheme, repository, self._scope(repository, actions))

    def answer_challenge(self, response: Response, repository: str, refused: str | None, actions: str = PULL) -> bool:
        """Learn from a 401 how to authenticate; False when a header made for it would be the *refused* one again.

        Raises RegistryProtocolError for a challenge that cannot or must not be followed.
        """
        challenges = {challenge.scheme: challenge for challenge in parse_challenges(_offers(response))}
        if "bearer" in challenges:
            self._scheme = realm = self._realm(challenges["bearer"])
            self._drop(realm, repository, self._scope(repository, actions), refused)
            wanted = parse_scopes(challenges["bearer"].parameters.get("scope", ""))
            extra = self._extra_scopes.get((repository, actions), {})
            self._extra_scopes[repository, actions] = merge_scopes(extra, wanted)
            return True
        if "basic" in challenges and not (login := self.login(repository)).is_anonymous:
            self._scheme = "basic"
            return refused != login.basic
        if challenges and "basic" not in challenges:
            offered = ", ".join(sorted(challenges))
            raise RegistryProtocolError(
                f"{self._registry} requires {offered} authentication; fcpin supports Bearer and Basic"
            )
        return False

    def _realm(self, challenge: Challenge) -> _Realm:
        url = challenge.parameters.get("realm", "")
        try:
            scheme, _, _ = origin(url)
        except ValueError:
            raise RegistryProtocolError(
                f"{self._registry} names {url[:200]!r} as its token server, which is not a valid URL"
            ) from None
        if scheme == "http" and urlsplit(self._registry).scheme == "https":
            raise RegistryProtocolError(
                f"{self._registry} names {url!r} as its token server; credentials are not sent without TLS"
            )
        return _Realm(url, challenge.parameters.get("service", ""))

    def _scope(self, repository: str, actions: str) -> str:
        """The rights that *actions* take, and those that the registry's challenge named for them."""
        own = {f"repository:{repository}": actions.split(",")}
        merged = merge_scopes(own, self._extra_scopes.get((repository, actions), {}))
        return " ".join(":".join(filter(None, (resource, ",".join(rights)))) for resource, rights in merged.items())

    def _token(self, realm: _Realm, repository: str, scope: str) -> str:
        key = _key(realm, scope)
        token = self._tokens.get(key, lambda: self._fetch(realm, repository, scope))
        if self._clock.monotonic() >= token.expires:
            self._tokens.forget(key, token)
            token = self._tokens.get(key, lambda: self._fetch(realm, repository, scope))
        return token.header

    def _drop(self, realm: _Realm, repository: str, scope: str, refused: str | None) -> None:
        """Forget the token that was *refused*, unless another thread has already put a new one in its place."""
        if refused is not None:
            key = _key(realm, scope)
            token = self._tokens.get(key, lambda: self._fetch(realm, repository, scope))
            if token.header == refused:
                self._tokens.forget(key, token)

    def _fetch(self, realm: _Realm, repository: str, scope: str) -> _Token:
        login = self.login(repository)
        service = {"service": realm.service} if realm.service else {}
        if login.identity_token:
            form = {**service, "scope": scope, "grant_type": "refresh_token", "client_id": "fcpin"}
            response = self._post(realm, form, login)
        else:
            headers = {} if login.is_anonymous else {"Authorization": login.basic}
            query = urlencode({**service, "scope": scope.split(" ")}, doseq=True)
            url = f"{realm.url}{'&' if '?' in realm.url else '?'}{query}"
            response = self._transport.send("GET", url, headers=headers, limit=MIB)
        return self._read(response, login)

    def _post(self, realm: _Realm, form: Mapping[str, str], login: Login) -> Response:
        return self._transport.send(
            "POST",
            realm.url,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode({**form, "refresh_token": login.identity_token}).encode(),
            limit=MIB,
        )

    def _read(self, response: Response, login: Login) -> _Token:
        server = f"{urlsplit(response.url).netloc}, the token server of {self._registry},"
        if response.status in {400, 401, 403}:
            raise RegistryDenied(
                f"{server} refused the login ({login}) with status {response.status}; check username and password"
            )
        if response.status != 200:
            raise RegistryError(f"{server} returned {response.status}")
        try:
            body = msgspec.json.decode(response.body)
            token, lifetime = body.get("token") or body["access_token"], body.get("expires_in")
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
            token = lifetime = None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise RegistryProtocolError(f"{server} returned no token")
        seconds = _seconds(lifetime)
        if seconds is None:
            raise RegistryProtocolError(f"{server} returned expires_in {str(lifetime)[:40]!r}, expected seconds")
        return _Token(f"Bearer {token}", self._clock.monotonic() + seconds * _MARGIN)


def _seconds(lifetime: object) -> float | None:
    """How long a token is used: at most a day; a minute without *lifetime*; None where that is not a number."""
    try:
        seconds = float(lifetime or 0)  # type: ignore[arg-type] # the next line catches what is not a number
    except (TypeError, ValueError, OverflowError):
        return None
    if isinstance(lifetime, bool) or not math.isfinite(seconds):
        return None
    return min(seconds, _MOST_SECONDS) if seconds > 0 else _DEFAULT_SECONDS


Scopes = Mapping[str, Sequence[str]]
"""Rights by resource: `pull` on `repository:shop/app`."""


def parse_scopes(text: str) -> Scopes:
    """Parse the `scope` of a challenge: `type:name:right,…`, separated by spaces."""
    found: Scopes = {}
    for one in text.split():
        resource, _, rights = one.rpartition(":")
        found = merge_scopes(found, {resource: rights.split(",")} if resource else {one: ()})
    return found


def merge_scopes(one: Scopes, other: Scopes) -> Scopes:
    """The rights of both, each once."""
    resources = dict.fromkeys([*one, *other])
    return {key: list(dict.fromkeys([*one.get(key, ()), *other.get(key, ())])) for key in resources}


def _key(realm: _Realm, scope: str) -> str:
    return f"{realm.url} {realm.service} {scope}"


def _offers(response: Response) -> list[str]:
    return response.headers.getlist("WWW-Authenticate")
