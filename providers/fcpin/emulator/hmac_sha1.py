"""Read the older signatures, both HMAC-SHA1 in base64: of ROA calls in a header, of RPC calls among the parameters.

ROA signs method, `Accept`, `Content-MD5`, `Content-Type`, `Date`, every `x-acs-` header and the path with its query,
unescaped. The body counts only by its `Content-MD5`, which is checked where it is sent.
RPC signs the method and every parameter, of the query and of a form. The key is the secret with `&` after it.
"""

import base64
import hashlib
import hmac
import re
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from fcpin.emulator.claims import Claim, Refusal, SignatureRefused, iso_time
from fcpin.emulator.wire import WireRequest

ROA = "acs "
_AUTHORIZATION = re.compile(r"acs ([^:\s]+):([A-Za-z0-9+/]{27}=)")
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
    """Raises SignatureRefused."""
    match = _AUTHORIZATION.fullmatch(authorization)
    if match is None:
        raise SignatureRefused(Refusal.INCOMPLETE)
    if missing := [name for name in _ROA_HEADERS if not request.header(name)]:
        raise SignatureRefused(Refusal.INCOMPLETE, f"not sent: {', '.join(missing)}")
    _check_scheme(request.header("x-acs-signature-method"), request.header("x-acs-signature-version"))
    digest = request.header("content-md5")
    if digest and digest != base64.b64encode(hashlib.md5(request.body, usedforsecurity=False).digest()).decode():
        raise SignatureRefused(Refusal.BODY)
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
    """Whether a request without an Authorization header is one that carries its signature as a parameter."""
    return request.path == "/" and bool(request.param("Signature") or request.param("AccessKeyId"))


def read_rpc(request: WireRequest) -> Claim:
    """Raises SignatureRefused."""
    if missing := [name for name in _RPC_PARAMETERS if not request.param(name)]:
        raise SignatureRefused(Refusal.INCOMPLETE, f"not sent: {', '.join(missing)}")
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
        raise SignatureRefused(Refusal.INCOMPLETE, f"signature method {method} of version {version}")


def _http_time(text: str) -> float:
    try:
        time = parsedate_to_datetime(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise SignatureRefused(Refusal.EXPIRED, f"Date is {text!r}")
    return time.timestamp()
