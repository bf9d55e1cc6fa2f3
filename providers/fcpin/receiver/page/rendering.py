"""Templates and response headers of the page: everything is escaped, and an undefined name is an error."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fcpin.clock import Clock
from fcpin.receiver.page import formatting
from fcpin.receiver.page.view import level

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class SafeHeaders:
    """Allow no script but that of the page, no frame, and no cache unless *cache* is set."""

    def __init__(self, app: ASGIApp, cache: str = "no-store") -> None:
        self._app, self._headers = app, _HEADERS | {"cache-control": cache}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_safe)


class Templates:
    """Renders the templates; times are relative to the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def render(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        now = self._clock.now()
        times: dict[str, Any] = {
            "now": now,
            "relative": lambda moment: formatting.relative(moment, now),
            "absolute": lambda moment: formatting.absolute(moment, now),
            "iso": lambda moment: moment.isoformat(timespec="seconds"),
        }
        return HTMLResponse(_environment().get_template(name).render(times | values), status)

    def message(self, status: int, title: str, sentence: str) -> HTMLResponse:
        return self.render("message.html", status, title=title, sentence=sentence)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    environment.filters |= {
        "brief": formatting.brief_digest,
        "counted": formatting.counted,
        "duration": formatting.duration,
        "level": level,
        "plain": formatting.plain,
    }
    return environment
