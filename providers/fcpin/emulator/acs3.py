"""Read ACS3-HMAC-SHA256, the signature that today's SDKs put on every call.

1. The header `Authorization: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…` is complete.
2. Everything that matters is among the signed headers, and `x-acs-content-sha256` is the digest of the body.
3. The signature is that of the canonical request, whose query is encoded again: the wire has `a+b` where the
   canonical form has `a%20b`.
"""

import hashlib
import hmac
import re
from urllib.parse import quote

from fcpin.emulator.claims import Claim, Refusal, SignatureRefused, iso_time
from fcpin.emulator.wire import WireRequest

ALGORITHM = "ACS3-HMAC-SHA256"
_AUTHORIZATION = re.compile(rf"{ALGORITHM} Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{{64}})")
_MUST_BE_SIGNED = frozenset(
    {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
)


def read(request: WireRequest, authorization: str) -> Claim:
    """Raises SignatureRefused."""
    match = _AUTHORIZATION.fullmatch(authorization)
    if match is None:
        raise SignatureRefused(Refusal.INCOMPLETE)
    key_id, names, signature = match.groups()
    signed = names.lower().split(";")
    if missing := _MUST_BE_SIGNED.difference(signed):
        raise SignatureRefused(Refusal.INCOMPLETE, f"not signed: {', '.join(sorted(missing))}")
    if request.header("x-acs-content-sha256") != hashlib.sha256(request.body).hexdigest():
        raise SignatureRefused(Refusal.BODY)
    to_sign = string_to_sign(request, signed)
    return Claim(
        key_id,
        signature,
        lambda secret: hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest(),
        to_sign,
        iso_time("x-acs-date", request.header("x-acs-date")),
        request.header("x-acs-signature-nonce"),
        request.header("x-acs-security-token") if "x-acs-security-token" in signed else "",
    )


def string_to_sign(request: WireRequest, signed: list[str]) -> str:
    """What the caller must have signed. *signed*: header names in lower case."""
    query = "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in sorted(request.query))
    headers = "".join(f"{name}:{request.header(name).strip()}\n" for name in sorted(signed))
    canonical = "\n".join(
        [
            request.method,
            request.raw_path,
            query,
            headers,
            ";".join(sorted(signed)),
            request.header("x-acs-content-sha256"),
        ]
    )
    return f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
