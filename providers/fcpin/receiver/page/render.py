"""Templates to answers: everything is escaped, and a name that nobody gave is an error."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from fcpin.clock import Clock
from fcpin.receiver.page import words
from fcpin.receiver.page.overview import level

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"


class Templates:
    """The pages, with the words that they say times and digests in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def answer(self, name: str, status: int = 200, **shown: Any) -> HTMLResponse:
        """The template *name* with *shown*; times are said as from now."""
        now = self._clock.now()
        times: dict[str, Any] = {
            "now": now,
            "relative": lambda moment: words.relative(moment, now),
            "absolute": lambda moment: words.absolute(moment, now),
            "iso": lambda moment: moment.isoformat(timespec="seconds"),
        }
        return HTMLResponse(_environment().get_template(name).render(times | shown), status)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "brief": words.brief_digest,
        "counted": words.counted,
        "duration": words.duration,
        "level": level,
        "plain": words.plain,
    }
    return environment
