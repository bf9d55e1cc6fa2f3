"""Verify the signature of a call to an Alibaba Cloud API, whichever of its three schemes the client uses.

1. `Authorization: ACS3-HMAC-SHA256 …` (emulator.acs3): today's SDKs.
2. `Authorization: acs <key>:<signature>` (emulator.hmac_sha1): the older ROA scheme, of the Terraform provider for FC.
3. `Signature` among the parameters (emulator.hmac_sha1): the older RPC scheme, of the Terraform provider for ACR.

For all of them: the access key is known and active; a temporary one comes with its unexpired security token; the date
is within 15 minutes of the gateway's time; the signature matches; the nonce was not used in that time.
"""

import hmac
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fcpin.emulator import acs3, hmac_sha1
from fcpin.emulator.claims import Claim, Refusal, SignatureRefused
from fcpin.emulator.wire import ApiError, WireRequest

_WINDOW = 15 * 60


@dataclass(frozen=True, slots=True)
class AccessKey:
    """Who may sign. With a security token it is temporary (STS)."""

    id: str
    secret: str
    security_token: str = ""
    expires: float | None = None
    """Seconds since 1970 on the emulator's clock."""
    active: bool = True


class Verifier:
    """Checks signatures against a table of access keys, and remembers nonces."""

    def __init__(
        self, keys: Mapping[str, AccessKey], gateway_now: Callable[[], float], now: Callable[[], float]
    ) -> None:
        self._keys = keys
        self._gateway_now = gateway_now
        self._now = now
        self._nonces: set[tuple[str, str]] = set()
        self._nonce_ages: deque[tuple[float, tuple[str, str]]] = deque()

    def verify(self, request: WireRequest) -> AccessKey:
        """Return the key that signed. Raises SignatureRefused."""
        claim = _claim(request)
        key = self._key(claim)
        if abs(self._gateway_now() - claim.time) > _WINDOW:
            raise SignatureRefused(Refusal.EXPIRED)
        if not hmac.compare_digest(claim.expected(key.secret).encode(), claim.signature.encode()):
            raise SignatureRefused(Refusal.MISMATCH, claim.to_sign.replace("\n", "\\n"))
        self._check_nonce(claim)
        return key

    def admit(self, request: WireRequest, refused: Callable[[SignatureRefused], ApiError]) -> AccessKey:
        """The key that signed. Raises what a service's *refused* makes of a refusal."""
        try:
            return self.verify(request)
        except SignatureRefused as error:
            raise refused(error) from None

    def _key(self, claim: Claim) -> AccessKey:
        key = self._keys.get(claim.key_id)
        if key is None:
            raise SignatureRefused(Refusal.UNKNOWN_KEY)
        if not key.active:
            raise SignatureRefused(Refusal.INACTIVE_KEY)
        if key.security_token and not claim.security_token:
            raise SignatureRefused(Refusal.TOKEN_MISSING)
        if not hmac.compare_digest(claim.security_token.encode(), key.security_token.encode()):
            raise SignatureRefused(Refusal.TOKEN_MISMATCH)
        if key.expires is not None and self._now() >= key.expires:
            raise SignatureRefused(Refusal.TOKEN_EXPIRED)
        return key

    def _check_nonce(self, claim: Claim) -> None:
        """Last, so that a request with a wrong signature cannot use up the nonce of another one."""
        now = self._gateway_now()
        while self._nonce_ages and now - self._nonce_ages[0][0] > 2 * _WINDOW:
            self._nonces.discard(self._nonce_ages.popleft()[1])
        nonce = (claim.key_id, claim.nonce)
        if nonce in self._nonces:
            raise SignatureRefused(Refusal.NONCE_USED)
        self._nonces.add(nonce)
        self._nonce_ages.append((now, nonce))


def _claim(request: WireRequest) -> Claim:
    """Raises SignatureRefused."""
    authorization = request.header("authorization").strip()
    if authorization.startswith(acs3.ALGORITHM):
        return acs3.read(request, authorization)
    if authorization.startswith(hmac_sha1.ROA):
        return hmac_sha1.read_roa(request, authorization)
    if authorization:
        raise SignatureRefused(Refusal.INCOMPLETE, "an unknown scheme")
    if hmac_sha1.is_rpc(request):
        return hmac_sha1.read_rpc(request)
    raise SignatureRefused(Refusal.MISSING)
