"""What a button sends: a short form, from this page and nowhere else."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from fcpin.receiver.errors import Reason, Rejected
from fcpin.receiver.web.limits import Limits, read_body

_LIMITS: Final = Limits(body_bytes=16 << 10)
_FIELDS: Final = 20


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields, without space around them. Raises Rejected."""
    # Browsers say where a request began. Those too old for it have SameSite cookies and the token of the form.
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Rejected(Reason.FORGED, "the form was sent by another site")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Rejected(Reason.MEDIA_TYPE, "this address takes a form (application/x-www-form-urlencoded)")
    body = await read_body(request, _LIMITS)
    try:
        fields = parse_qsl(body.decode(), max_num_fields=_FIELDS, errors="strict", strict_parsing=bool(body))
    except ValueError:
        raise Rejected(Reason.MALFORMED, "the form cannot be read") from None
    return {name: value.strip() for name, value in fields}
