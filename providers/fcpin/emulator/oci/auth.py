"""Who may do what in the registry: the token endpoint, and the check of a token."""

import base64
import binascii
import hmac
from collections.abc import Callable

from fcpin.emulator.clock import iso
from fcpin.emulator.oci import errors
from fcpin.emulator.oci.store import Store
from fcpin.emulator.oci.tokens import SERVICE, Access, Tokens
from fcpin.emulator.state import State
from fcpin.emulator.wire import WireRequest, WireResponse

TEMPORARY_USER = "cr_temp_user"


class Gate:
    """Logins, tokens and the rights on repositories."""

    def __init__(
        self, state: State, store: Store, tokens: Tokens, login: tuple[str, str], now: Callable[[], float]
    ) -> None:
        self._state = state
        self._store = store
        self._tokens = tokens
        self._login = login
        self._now = now

    def is_login(self, user: str, password: str) -> bool:
        """The registry user of the account, or an unexpired pair of GetAuthorizationToken."""
        if user == TEMPORARY_USER:
            temporary = self._state.registry_logins.get(password)
            return temporary is not None and self._now() < temporary.expires
        return hmac.compare_digest(f"{user}:{password}".encode(), ":".join(self._login).encode())

    def token(self, request: WireRequest) -> WireResponse:
        """`GET /auth?service=…&scope=…`. A login gets what it asks for, everybody else public repositories."""
        user = self._authenticated(request)
        asked = [Access.parse(scope) for text in request.params("scope") for scope in text.split()]
        access = [one if user else self._public(one) for one in asked if one]
        token = self._tokens.issue(user, request.param("service", SERVICE), [one for one in access if one.actions])
        body = {
            "token": token,
            "access_token": token,
            "expires_in": self._tokens.seconds,
            "issued_at": iso(self._now()),
        }
        return WireResponse.of_json(body)

    def _authenticated(self, request: WireRequest) -> str:
        """The user's name, or nothing for an anonymous request. Raises UNAUTHORIZED for a wrong login."""
        header = request.header("authorization")
        if not header:
            return ""
        kind, _, encoded = header.partition(" ")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user, password = "", ""
        if kind.lower() != "basic" or not self.is_login(user, password):
            raise errors.unauthorized('Basic realm="emulator"', "authentication failed: wrong user name or password")
        return user

    def _public(self, access: Access) -> Access:
        repository = self._store.find(access.name) if access.type == "repository" else None
        allowed = {"pull"} if repository is not None and repository.type == "PUBLIC" else set()
        return Access(access.name, tuple(action for action in access.actions if action in allowed), access.type)

    def check(self, request: WireRequest, name: str = "", action: str = "") -> None:
        """Raises UNAUTHORIZED with the challenge that tells where to get a token."""
        token = request.header("authorization")
        bearer = token[7:] if token[:7].lower() == "bearer " else ""
        scope = f"repository:{name}:{action}" if name else ""
        if not bearer or self._tokens.claims(bearer) is None:
            raise errors.unauthorized(_challenge(request, scope, "invalid_token" if bearer else ""))
        if name and not self._tokens.allows(bearer, SERVICE, name, action):
            raise errors.unauthorized(
                _challenge(request, scope, "insufficient_scope"), "access to the resource is denied"
            )


def _challenge(request: WireRequest, scope: str, error: str) -> str:
    parts = [f'realm="http://{request.header("host")}/auth"', f'service="{SERVICE}"']
    parts += [f'scope="{scope.replace(":push", ":pull,push")}"'] if scope else []
    parts += [f'error="{error}"'] if error else []
    return f"Bearer {','.join(parts)}"
