"""The display on a terminal: the same lines in colour, and below them what is under way."""

from rich.console import Console
from rich.status import Status
from rich.text import Text

from engine.display import Display
from engine.errors import EngineError
from engine.state import name_of
from engine.steps import Step
from fcpin.clock import Clock

_COLOURS = {"+": "green", "~": "yellow", "-": "red", "+-": "magenta", "--": "red"}
_WORDS = {"error:": "red", "warning:": "yellow", "**failed**": "red"}
_NAMED = 3
"""How many of the steps under way are named."""


class TerminalDisplay(Display):
    """Leave with `close`, which takes the status line away."""

    def __init__(self, clock: Clock, *, preview: bool, details: bool = False) -> None:
        super().__init__(clock, preview=preview, details=details)
        self._console = Console(highlight=False, soft_wrap=True)
        self._active: dict[str, None] = {}
        self._status: Status | None = None

    def line(self, text: str = "") -> None:
        self._console.print(Text("\n").join(_coloured(line) for line in text.split("\n")))

    def begun(self, step: Step) -> None:
        super().begun(step)
        self._active[step.urn] = None
        self._show_active()

    def done(self, step: Step) -> None:
        super().done(step)
        self._ended(step)

    def failed(self, step: Step, error: EngineError) -> None:
        super().failed(step, error)
        self._ended(step)

    def _ended(self, step: Step) -> None:
        self._active.pop(step.urn, None)
        self._show_active()

    def _show_active(self) -> None:
        names = [name_of(urn) for urn in list(self._active)]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        with self._mutex:
            if self._status is None:
                self._status = self._console.status("")
            self._status.update(f"{', '.join(names[:_NAMED])}{more}")
            if names:
                self._status.start()
            else:
                self._status.stop()

    def close(self) -> None:
        if self._status is not None:
            self._status.stop()


def _coloured(line: str) -> Text:
    """A line in the colour of the sign or the word that it begins with."""
    first, _, rest = line.strip().partition(" ")
    colour = _COLOURS.get(first) or _WORDS.get(first) or (_WORDS["error:"] if " error: " in rest else "")
    return Text(line, style="bold" if line.endswith(":") and not line.startswith(" ") else colour)
