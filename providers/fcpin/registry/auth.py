"""Authenticate to a registry: read its challenge, fetch a token for one repository, keep it until it expires.

Sources: RFC 9110 section 11.6.1 (challenges); distribution specification, "Token Authentication" and "OAuth2 Token".
Credentials go to the realm that the registry names, and to nobody else.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fcpin.clock import Clock
from fcpin.errors import RegistryDenied, RegistryError, RegistryProtocolError
from fcpin.exchange import Answer
from fcpin.limits import MIB
from fcpin.registry.docker_config import ANONYMOUS, Login
from fcpin.registry.transport import Transport, origin
from fcpin.single_flight import SingleFlight

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a "token" of the HTTP grammar
_SCHEME = re.compile(rf"[\s,]*({_TOKEN})(?=[\s,]|$)")
_PARAMETER = re.compile(rf'[\s,]*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_ESCAPED = re.compile(r"\\(.)")

PULL: Final = "pull"
PUSH: Final = "pull,push"
DELETE: Final = "pull,push,delete"

_DEFAULT_SECONDS: Final = 60
_MARGIN: Final = 0.9


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate that a server offers. Scheme and parameter names are lower case."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(values: Iterable[str]) -> list[Challenge]:
    """Read WWW-Authenticate headers; each may offer several ways. What cannot be read ends its header."""
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

    *registry* is the registry's address, *find_login* is called when the registry first asks who we are.
    """

    def __init__(self, registry: str, find_login: Callable[[], Login], transport: Transport, clock: Clock) -> None:
        self._registry = registry
        self._find_login = find_login
        self._transport = transport
        self._clock = clock
        self._logins = SingleFlight[str, Login]()
        self._tokens = SingleFlight[str, _Token]()
        self._way: _Realm | str | None = None
        self.asked_as = ANONYMOUS
        """Whose credentials were used so far: nobody's, as long as the registry has not asked for any."""
        self.told_seconds: float | None = None
        """How long the last token lives, as its server told; None while none did."""

    def login(self) -> Login:
        """Who we are here. Raises RegistryDenied when a credential source is broken."""
        login = self._logins.get("", self._find_login)
        if login.expires is not None and self._clock.now() >= login.expires:
            self._logins.forget("", login)
            login = self._logins.get("", self._find_login)
        self.asked_as = login
        return login

    def header(self, repository: str, actions: str = PULL) -> str | None:
        """The Authorization for *repository*, or None as long as the registry has not asked for any.

        *actions* are the rights that a token is for. Raises RegistryDenied when the token server refuses the login.
        """
        match self._way:
            case None:
                return None
            case _Realm() as realm:
                return self._token(realm, _scope(repository, actions))
            case basic:
                return basic

    def answer_challenge(self, answer: Answer, repository: str, refused: str | None, actions: str = PULL) -> bool:
        """Learn from a 401 how to authenticate; False when a header made for it would be the *refused* one again.

        Raises RegistryProtocolError for a challenge that cannot or must not be followed.
        """
        challenges = {challenge.scheme: challenge for challenge in parse_challenges(_offers(answer))}
        if "bearer" in challenges:
            self._way = realm = self._realm(challenges["bearer"])
            self._drop(realm, _scope(repository, actions), refused)
            return True
        if "basic" in challenges and not self.login().is_anonymous:
            self._way = self.login().basic
            return refused != self._way
        if challenges and "basic" not in challenges:
            offered = ", ".join(sorted(challenges))
            raise RegistryProtocolError(
                f"{self._registry} wants to authenticate by {offered}; fcpin can Bearer and Basic"
            )
        return False

    def _realm(self, challenge: Challenge) -> _Realm:
        url = challenge.parameters.get("realm", "")
        try:
            scheme, _, _ = origin(url)
        except ValueError:
            raise RegistryProtocolError(
                f"{self._registry} names {url[:200]!r} as its token server, which is no address"
            ) from None
        if scheme == "http" and urlsplit(self._registry).scheme == "https":
            raise RegistryProtocolError(
                f"{self._registry} names {url!r} as its token server; credentials are not sent without TLS"
            )
        return _Realm(url, challenge.parameters.get("service", ""))

    def _token(self, realm: _Realm, scope: str) -> str:
        key = _key(realm, scope)
        token = self._tokens.get(key, lambda: self._fetch(realm, scope))
        if self._clock.monotonic() >= token.expires:
            self._tokens.forget(key, token)
            token = self._tokens.get(key, lambda: self._fetch(realm, scope))
        return token.header

    def _drop(self, realm: _Realm, scope: str, refused: str | None) -> None:
        """Forget the token that was *refused*, unless another thread has already put a new one in its place."""
        if refused is not None:
            key = _key(realm, scope)
            token = self._tokens.get(key, lambda: self._fetch(realm, scope))
            if token.header == refused:
                self._tokens.forget(key, token)

    def _fetch(self, realm: _Realm, scope: str) -> _Token:
        login = self.login()
        asked = {"service": realm.service, "scope": scope}
        if login.identity_token:
            answer = self._post(realm, {**asked, "grant_type": "refresh_token", "client_id": "fcpin"}, login)
        else:
            headers = {} if login.is_anonymous else {"Authorization": login.basic}
            url = f"{realm.url}{'&' if '?' in realm.url else '?'}{urlencode(asked)}"
            answer = self._transport.send("GET", url, headers=headers, limit=MIB)
        return self._read(answer, login)

    def _post(self, realm: _Realm, form: Mapping[str, str], login: Login) -> Answer:
        return self._transport.send(
            "POST",
            realm.url,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode({**form, "refresh_token": login.identity_token}).encode(),
            limit=MIB,
        )

    def _read(self, answer: Answer, login: Login) -> _Token:
        where = urlsplit(answer.url).netloc
        if answer.status in {400, 401, 403}:
            raise RegistryDenied(
                f"{where}, the token server of {self._registry}, refused the login ({login}) "
                f"with status {answer.status}; check username and password"
            )
        if answer.status != 200:
            raise RegistryError(f"{where}, the token server of {self._registry}, answered {answer.status}")
        try:
            body: Any = json.loads(answer.body)
            token = body.get("token") or body["access_token"]
            seconds = float(body.get("expires_in") or _DEFAULT_SECONDS)
            self.told_seconds = seconds if body.get("expires_in") else None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            token, seconds = None, 0.0
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise RegistryProtocolError(f"{where}, the token server of {self._registry}, answered without a token")
        return _Token(f"Bearer {token}", self._clock.monotonic() + seconds * _MARGIN)


def _scope(repository: str, actions: str) -> str:
    return f"repository:{repository}:{actions}"


def _key(realm: _Realm, scope: str) -> str:
    return f"{realm.url} {realm.service} {scope}"


def _offers(answer: Answer) -> list[str]:
    return answer.headers.getlist("WWW-Authenticate")
