"""Tokens of the registry: the token endpoint, and the check of a token."""

import base64
import binascii
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.x509.oid import NameOID

from fcpin.emulator.oci.model import unauthorized
from fcpin.emulator.oci.store import RegistryStore
from fcpin.emulator.state import State, iso
from fcpin.emulator.wire import WireRequest, WireResponse

ISSUER = "emulator"
SERVICE = "registry.emulator"
_REMEMBERED = 1024
"""Checked tokens after which the expired ones are dropped."""
_BACKDATED = 60
"""Seconds by which `nbf` precedes the issue: the clock of another process may be slightly behind."""


@dataclass(frozen=True, slots=True)
class Access:
    """Allowed actions on one repository."""

    name: str
    actions: tuple[str, ...]
    type: str = "repository"

    @classmethod
    def parse(cls, scope: str) -> Self | None:
        """Read `repository:namespace/name:pull,push`; None for an invalid scope."""
        kind, _, rest = scope.partition(":")
        name, colon, actions = rest.rpartition(":")
        return cls(name, tuple(filter(None, actions.split(","))), kind) if colon and name else None


@dataclass(frozen=True, slots=True)
class TokenKey:
    """The key that signs tokens, and its certificate."""

    private: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def generate(cls, now: datetime) -> Self:
        private = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "emulator token server")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(private, hashes.SHA256())
        )
        return cls(private, certificate)

    @classmethod
    def from_pem(cls, private: str, certificate: str) -> Self:
        key = serialization.load_pem_private_key(private.encode(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"the token key is a {type(key).__name__}, expected an elliptic curve key")
        return cls(key, x509.load_pem_x509_certificate(certificate.encode()))

    def private_pem(self) -> str:
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


class Tokens:
    """Issues and checks tokens. *now* is the emulator's clock, *machine_now* that of other processes."""

    def __init__(self, key: TokenKey, now: Callable[[], float], machine_now: Callable[[], float], seconds: int) -> None:
        self._key = key
        self._now = now
        self._machine_now = machine_now
        self.seconds = seconds
        self._checked: dict[str, dict[str, Any]] = {}

    @cached_property
    def _header(self) -> str:
        der = self._key.certificate.public_bytes(serialization.Encoding.DER)
        return _encode_json({"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]})

    def issue(self, subject: str, service: str, access: list[Access]) -> str:
        issued = int(self._machine_now())
        claims = {
            "iss": ISSUER,
            "sub": subject,
            "aud": service,
            "iat": issued,
            "nbf": issued - _BACKDATED,
            "exp": issued + self.seconds,
            "jti": f"{subject}-{issued}",
            "access": [{"type": one.type, "name": one.name, "actions": list(one.actions)} for one in access],
            "emulator_exp": self._now() + self.seconds,
        }
        signed = f"{self._header}.{_encode_json(claims)}"
        r, s = decode_dss_signature(self._key.private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        token = f"{signed}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
        self._remember(token, claims)
        return token

    def _remember(self, token: str, claims: dict[str, Any]) -> None:
        if len(self._checked) >= _REMEMBERED:
            now = self._now()
            self._checked = {token: claims for token, claims in self._checked.items() if now < claims["emulator_exp"]}
        self._checked[token] = claims

    def allows(self, token: str, service: str, name: str, action: str) -> bool:
        """Whether a valid token for *service* allows *action* on the repository *name*."""
        claims = self.claims(token)
        return (
            claims is not None
            and claims["aud"] == service
            and any(one["name"] == name and ({action, "*"} & set(one["actions"])) for one in claims["access"])
        )

    def is_fresh(self, token: str) -> bool:
        """Whether at least half of a token's lifetime is left."""
        claims = self.claims(token)
        return claims is not None and self._machine_now() < claims["iat"] + self.seconds / 2

    def claims(self, token: str) -> dict[str, Any] | None:
        """The claims of a token, or None if the emulator did not sign it or it has expired on the emulator's clock."""
        claims = self._checked.get(token) or self._verified(token)
        return claims if claims is not None and self._now() < claims["emulator_exp"] else None

    def _verified(self, token: str) -> dict[str, Any] | None:
        signed, _, signature = token.rpartition(".")
        try:
            raw = _decode(signature)
            encoded = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
            self._key.private.public_key().verify(encoded, signed.encode(), ec.ECDSA(hashes.SHA256()))
            claims: dict[str, Any] = json.loads(_decode(signed.partition(".")[2]))
        except (InvalidSignature, ValueError):
            return None
        self._remember(token, claims)
        return claims


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _encode_json(value: Any) -> str:
    return _encode(json.dumps(value, separators=(",", ":")).encode())


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


TEMPORARY_USER = "cr_temp_user"


class Gate:
    """Logins, tokens and the rights on repositories."""

    def __init__(
        self, state: State, store: RegistryStore, tokens: Tokens, login: tuple[str, str], now: Callable[[], float]
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
        """`GET /auth?service=…&scope=…`. Without a login only PUBLIC repositories can be pulled."""
        user = self._authenticated(request)
        requested = [Access.parse(scope) for text in request.params("scope") for scope in text.split()]
        access = [one if user else self._public(one) for one in requested if one]
        token = self._tokens.issue(user, request.param("service", SERVICE), [one for one in access if one.actions])
        body = {
            "token": token,
            "access_token": token,
            "expires_in": self._tokens.seconds,
            "issued_at": iso(self._now()),
        }
        return WireResponse.of_json(body)

    def _authenticated(self, request: WireRequest) -> str:
        """The user name, empty for an anonymous request. Raises UNAUTHORIZED for a wrong login."""
        header = request.header("authorization")
        if not header:
            return ""
        kind, _, encoded = header.partition(" ")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user, password = "", ""
        if kind.lower() != "basic" or not self.is_login(user, password):
            raise unauthorized('Basic realm="emulator"', "authentication failed: wrong user name or password")
        return user

    def _public(self, access: Access) -> Access:
        repository = self._store.find(access.name) if access.type == "repository" else None
        allowed = {"pull"} if repository is not None and repository.type == "PUBLIC" else set()
        return Access(access.name, tuple(action for action in access.actions if action in allowed), access.type)

    def check(self, request: WireRequest, name: str = "", action: str = "") -> None:
        """Raises UNAUTHORIZED with the challenge that names the token server."""
        token = request.header("authorization")
        bearer = token[7:] if token[:7].lower() == "bearer " else ""
        scope = f"repository:{name}:{action}" if name else ""
        if not bearer or self._tokens.claims(bearer) is None:
            raise unauthorized(_challenge(request, scope, "invalid_token" if bearer else ""))
        if name and not self._tokens.allows(bearer, SERVICE, name, action):
            raise unauthorized(_challenge(request, scope, "insufficient_scope"), "access to the resource is denied")


def _challenge(request: WireRequest, scope: str, error: str) -> str:
    parts = [f'realm="http://{request.header("host")}/auth"', f'service="{SERVICE}"']
    parts += [f'scope="{scope.replace(":push", ":pull,push")}"'] if scope else []
    parts += [f'error="{error}"'] if error else []
    return f"Bearer {','.join(parts)}"
