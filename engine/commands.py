"""preview, up, refresh and destroy: a preview phase, the question, and the phase that does it."""

import contextlib
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from threading import Event

from engine.digest import DigestDisplay
from engine.display import Display
from engine.errors import Cancelled, ChangesProposed, UsageError
from engine.lock import locked
from engine.phase import run_phase
from engine.stack import Stack

_DOING = {"update": "Updating", "refresh": "Refreshing", "destroy": "Destroying"}
_FIRST = b"\ninterrupted: finishing what is under way; press Ctrl-C again to leave at once\n"
_SECOND = b"\ninterrupted again: leaving; what was under way is in the state as pending\n"


def run(options: Namespace) -> int:
    """Carry the command out; its exit code. Raises EngineError."""
    stack = Stack.open(options.stack, options.cwd)
    if options.preview_only:
        return _phase(stack, options, preview=True)
    if not (options.yes or options.skip_preview or sys.stdin.isatty()):
        raise UsageError("--yes or --skip-preview must be passed in to proceed when running in non-interactive mode")
    with locked(stack) as release:
        code = 0 if options.skip_preview else _phase(stack, options, release, preview=True)
        if not (code or options.skip_preview or options.yes):
            _confirm(f"Perform this {options.kind}?")
        return code or _phase(stack, options, release, preview=False)


def _confirm(question: str) -> None:
    """Raises Cancelled unless the user says yes."""
    with contextlib.suppress(EOFError):
        if input(f"{question} (yes/no) ").strip().lower() in ("yes", "y"):
            return
    raise Cancelled("confirmation declined, nothing has been done")


def _phase(stack: Stack, options: Namespace, release: Callable[[], None] = lambda: None, *, preview: bool) -> int:
    lines = Display(stack.clock, preview=preview, details=options.diff)
    display = DigestDisplay(stack.clock) if options.json else lines
    display.line(f"{f'Previewing {options.kind}' if preview else _DOING[options.kind]} ({stack.name}):")
    with _interruptible(release) as stopping:
        run_phase(stack, options, display, stopping, preview=preview)
    if display.errors:
        return 1
    if options.expect_no_changes and display.changed and preview == options.preview_only:
        raise ChangesProposed(f"no changes were expected for {options.command} but changes were proposed")
    return 0


@contextlib.contextmanager
def _interruptible(leave: Callable[[], None]) -> Iterator[Event]:
    """First Ctrl-C: start nothing new, finish what is under way, save. Second: leave at once.

    The operations under way stay in the state as pending. *leave* is called before the process exits.
    Raises Cancelled at the end of a block that was interrupted.
    """
    stopping, interrupted = Event(), Event()

    def interrupt(_number: int, _frame: object) -> None:
        with contextlib.suppress(OSError):
            os.write(2, _SECOND if interrupted.is_set() else _FIRST)
        if interrupted.is_set():
            leave()
            os._exit(Cancelled.exit_code)  # at once, before a step that is cut off now could be taken for a failed one
        interrupted.set()
        stopping.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, interrupt) for number in numbers if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if interrupted.is_set():
        raise Cancelled("the run was interrupted; what had been done is saved")
