"""What a button sends: a short form, from this page and nowhere else."""

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from receiver.errors import Refused

LIMIT: Final = 16 << 10
"""Bytes."""
_SECONDS: Final = 10
_FIELDS: Final = 20


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields, without space around them. Raises Refused."""
    _same_site(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refused(415, "form", "this address takes a form (application/x-www-form-urlencoded)")
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LIMIT:
                    raise Refused(413, "oversized", f"a form has at most {LIMIT} bytes")
    except TimeoutError:
        raise Refused(408, "slow", f"the form did not come within {_SECONDS} seconds") from None
    try:
        fields = parse_qsl(body.decode(), max_num_fields=_FIELDS, errors="strict", strict_parsing=bool(body))
    except ValueError:
        raise Refused(400, "form", "the form cannot be read") from None
    return {name: value.strip() for name, value in fields}


def _same_site(request: Request) -> None:
    """Browsers say where a request began; what is older than that has SameSite cookies and the token of the form."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Refused(403, "forged-form", "the form was sent by another site")
