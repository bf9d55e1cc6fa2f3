"""Read the three signatures of Alibaba Cloud's APIs.

ACS3-HMAC-SHA256, of today's SDKs: `Authorization: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…`.
The signed headers include `x-acs-content-sha256`, the digest of the body. The signature is that of the canonical
request, whose query is encoded again: the wire has `a+b` where the canonical form has `a%20b`.

ROA, HMAC-SHA1 in a header: signs method, `Accept`, `Content-MD5`, `Content-Type`, `Date`, every `x-acs-` header and the
path with its query, unescaped. The body counts only by its `Content-MD5`, which is checked where it is sent.

RPC, HMAC-SHA1 in a parameter: signs the method and every parameter, of the query and of a form. The key is the secret
with `&` after it.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from urllib.parse import quote

from fcpin.emulator.wire import WireRequest


class SignatureProblem(Enum):
    """Why a signature is rejected. Each API has its own code for it."""

    MISSING = "no Authorization header"
    INCOMPLETE = "the Authorization header, or what must be signed, is incomplete"
    UNKNOWN_KEY = "the access key does not exist"
    INACTIVE_KEY = "the access key is disabled"
    TOKEN_MISSING = "the access key is temporary and needs its security token"  # noqa: S105 - a sentence
    TOKEN_MISMATCH = "the security token is not that of the access key"  # noqa: S105 - a sentence
    TOKEN_EXPIRED = "the security token has expired"  # noqa: S105 - a sentence
    EXPIRED = "the date of the request is not within 15 minutes of the server's time"
    NONCE_USED = "the nonce was used before"
    BODY = "the digest in the request is not that of the body"
    MISMATCH = "the signature does not match"


class SignatureRejected(Exception):
    def __init__(self, problem: SignatureProblem, detail: str = "") -> None:
        super().__init__(f"{problem.value}: {detail}" if detail else problem.value)
        self.problem = problem
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Claim:
    """A signature as the request carries it, and how to compute the expected one."""

    key_id: str
    signature: str
    expected: Callable[[str], str]
    """Computes the signature from the secret of the key."""
    to_sign: str
    time: float
    """Seconds since 1970."""
    nonce: str
    security_token: str


def iso_time(name: str, text: str) -> float:
    """Seconds since 1970 of `2026-12-01T12:00:00Z`. Raises SignatureRejected naming the parameter *name*."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise SignatureRejected(SignatureProblem.EXPIRED, f"{name} is {text!r}") from None


ACS3 = "ACS3-HMAC-SHA256"
_ACS3_AUTHORIZATION = re.compile(rf"{ACS3} Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{{64}})")
_ACS3_HEADERS = frozenset(
    {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
)


def read_acs3(request: WireRequest, authorization: str) -> Claim:
    """Raises SignatureRejected."""
    match = _ACS3_AUTHORIZATION.fullmatch(authorization)
    if match is None:
        raise SignatureRejected(SignatureProblem.INCOMPLETE)
    key_id, names, signature = match.groups()
    signed = names.lower().split(";")
    if missing := _ACS3_HEADERS.difference(signed):
        raise SignatureRejected(SignatureProblem.INCOMPLETE, f"not signed: {', '.join(sorted(missing))}")
    if request.header("x-acs-content-sha256") != hashlib.sha256(request.body).hexdigest():
        raise SignatureRejected(SignatureProblem.BODY)
    to_sign = acs3_string_to_sign(request, signed)
    return Claim(
        key_id,
        signature,
        lambda secret: hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest(),
        to_sign,
        iso_time("x-acs-date", request.header("x-acs-date")),
        request.header("x-acs-signature-nonce"),
        request.header("x-acs-security-token") if "x-acs-security-token" in signed else "",
    )


def acs3_string_to_sign(request: WireRequest, signed: list[str]) -> str:
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
    return f"{ACS3}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


ROA = "acs "
_ROA_AUTHORIZATION = re.compile(r"acs ([^:\s]+):([A-Za-z0-9+/]{27}=)")
_ROA_HEADERS = ("date", "x-acs-signature-nonce", "x-acs-signature-method", "x-acs-signature-version", "x-acs-version")
_RPC_PARAMETERS = (
    "AccessKeyId",
    "Action",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureVersion",
    "Timestamp",
    "Version",
)
_METHOD, _VERSION = "HMAC-SHA1", "1.0"


def read_roa(request: WireRequest, authorization: str) -> Claim:
    """Raises SignatureRejected."""
    match = _ROA_AUTHORIZATION.fullmatch(authorization)
    if match is None:
        raise SignatureRejected(SignatureProblem.INCOMPLETE)
    if missing := [name for name in _ROA_HEADERS if not request.header(name)]:
        raise SignatureRejected(SignatureProblem.INCOMPLETE, f"not sent: {', '.join(missing)}")
    _check_scheme(request.header("x-acs-signature-method"), request.header("x-acs-signature-version"))
    digest = request.header("content-md5")
    if digest and digest != base64.b64encode(hashlib.md5(request.body, usedforsecurity=False).digest()).decode():
        raise SignatureRejected(SignatureProblem.BODY)
    to_sign = roa_string_to_sign(request)
    return Claim(
        match[1],
        match[2],
        lambda secret: sign(to_sign, secret),
        to_sign,
        _http_time(request.header("date")),
        request.header("x-acs-signature-nonce"),
        request.header("x-acs-security-token"),
    )


def roa_string_to_sign(request: WireRequest) -> str:
    """What the caller must have signed."""
    headers = sorted((name, value) for name, value in request.headers.items() if name.startswith("x-acs-"))
    query = "&".join(f"{name}={value}" if value else name for name, value in sorted(request.query))
    return "\n".join(
        [
            request.method,
            *(request.header(name) for name in ("accept", "content-md5", "content-type", "date")),
            *(f"{name}:{value.strip()}" for name, value in headers),
            f"{request.raw_path}?{query}" if query else request.raw_path,
        ]
    )


def is_rpc(request: WireRequest) -> bool:
    """Whether a request without an Authorization header carries its signature as a parameter."""
    return request.path == "/" and bool(request.param("Signature") or request.param("AccessKeyId"))


def read_rpc(request: WireRequest) -> Claim:
    """Raises SignatureRejected."""
    if missing := [name for name in _RPC_PARAMETERS if not request.param(name)]:
        raise SignatureRejected(SignatureProblem.INCOMPLETE, f"not sent: {', '.join(missing)}")
    _check_scheme(request.param("SignatureMethod"), request.param("SignatureVersion"))
    to_sign = rpc_string_to_sign(request)
    return Claim(
        request.param("AccessKeyId"),
        request.param("Signature"),
        lambda secret: sign(to_sign, f"{secret}&"),
        to_sign,
        iso_time("Timestamp", request.param("Timestamp")),
        request.param("SignatureNonce"),
        request.param("SecurityToken"),
    )


def rpc_string_to_sign(request: WireRequest) -> str:
    """What the caller must have signed."""
    parameters = sorted((name, value) for name, value in request.parameters if name != "Signature")
    return (
        f"{request.method}&%2F&{_encode('&'.join(f'{_encode(name)}={_encode(value)}' for name, value in parameters))}"
    )


def sign(to_sign: str, key: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), to_sign.encode(), hashlib.sha1).digest()).decode()


def _encode(text: str) -> str:
    return quote(text, safe="~")


def _check_scheme(method: str, version: str) -> None:
    if (method, version) != (_METHOD, _VERSION):
        raise SignatureRejected(SignatureProblem.INCOMPLETE, f"signature method {method} of version {version}")


def _http_time(text: str) -> float:
    try:
        time = parsedate_to_datetime(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise SignatureRejected(SignatureProblem.EXPIRED, f"Date is {text!r}")
    return time.timestamp()
