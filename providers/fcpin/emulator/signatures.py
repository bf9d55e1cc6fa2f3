"""Verify the signature of a call to an Alibaba Cloud API.

The access key is known and active; a temporary one comes with its unexpired security token; the date is within 15
minutes of the gateway's time; the signature matches; the nonce was not used in that time.
"""

import hmac
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fcpin.emulator import signature_schemes as schemes
from fcpin.emulator.signature_schemes import Claim, SignatureProblem, SignatureRejected
from fcpin.emulator.wire import ApiError, WireRequest

_WINDOW = 15 * 60


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key. With a security token it is temporary (STS)."""

    id: str
    secret: str
    security_token: str = ""
    expires: float | None = None
    """Seconds since 1970 on the emulator's clock."""
    active: bool = True


class SignatureVerifier:
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
        """Return the key that signed. Raises SignatureRejected."""
        claim = _claim(request)
        key = self._key(claim)
        if abs(self._gateway_now() - claim.time) > _WINDOW:
            raise SignatureRejected(SignatureProblem.EXPIRED)
        if not hmac.compare_digest(claim.expected(key.secret).encode(), claim.signature.encode()):
            raise SignatureRejected(SignatureProblem.MISMATCH, claim.to_sign.replace("\n", "\\n"))
        self._check_nonce(claim)
        return key

    def admit(self, request: WireRequest, rejected: Callable[[SignatureRejected], ApiError]) -> AccessKey:
        """Return the key that signed. Raises the error that *rejected* makes of a SignatureRejected."""
        try:
            return self.verify(request)
        except SignatureRejected as error:
            raise rejected(error) from None

    def _key(self, claim: Claim) -> AccessKey:
        key = self._keys.get(claim.key_id)
        if key is None:
            raise SignatureRejected(SignatureProblem.UNKNOWN_KEY)
        if not key.active:
            raise SignatureRejected(SignatureProblem.INACTIVE_KEY)
        if key.security_token and not claim.security_token:
            raise SignatureRejected(SignatureProblem.TOKEN_MISSING)
        if not hmac.compare_digest(claim.security_token.encode(), key.security_token.encode()):
            raise SignatureRejected(SignatureProblem.TOKEN_MISMATCH)
        if key.expires is not None and self._now() >= key.expires:
            raise SignatureRejected(SignatureProblem.TOKEN_EXPIRED)
        return key

    def _check_nonce(self, claim: Claim) -> None:
        """Checked last, so that a request with a wrong signature does not use up a nonce."""
        now = self._gateway_now()
        while self._nonce_ages and now - self._nonce_ages[0][0] > 2 * _WINDOW:
            self._nonces.discard(self._nonce_ages.popleft()[1])
        nonce = (claim.key_id, claim.nonce)
        if nonce in self._nonces:
            raise SignatureRejected(SignatureProblem.NONCE_USED)
        self._nonces.add(nonce)
        self._nonce_ages.append((now, nonce))


def _claim(request: WireRequest) -> Claim:
    """Raises SignatureRejected."""
    authorization = request.header("authorization").strip()
    if authorization.startswith(schemes.ACS3):
        return schemes.read_acs3(request, authorization)
    if authorization.startswith(schemes.ROA):
        return schemes.read_roa(request, authorization)
    if authorization:
        raise SignatureRejected(SignatureProblem.INCOMPLETE, "unknown scheme")
    if schemes.is_rpc(request):
        return schemes.read_rpc(request)
    raise SignatureRejected(SignatureProblem.MISSING)
