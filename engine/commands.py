"""preview, up, refresh and destroy: a preview phase, the question, and the phase that does it."""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Literal

from engine.errors import Cancelled, ChangesProposed, UsageError
from engine.lock import locked
from engine.processes import Children
from engine.stack import Stack
from engine.times import rfc3339
from fcpin.clock import SystemClock

if TYPE_CHECKING:
    from engine.display import Display

_KINDS: Mapping[str, Literal["update", "refresh", "destroy"]] = {
    "preview": "update",
    "up": "update",
    "update": "update",
    "refresh": "refresh",
    "destroy": "destroy",
}
_TITLES = {
    ("update", True): "Previewing update",
    ("refresh", True): "Previewing refresh",
    ("destroy", True): "Previewing destroy",
    ("update", False): "Updating",
    ("refresh", False): "Refreshing",
    ("destroy", False): "Destroying",
}


def run(options: argparse.Namespace) -> int:
    """Carry the command out. Raises EngineError."""
    stack = Stack.open(options.stack, options.cwd, SystemClock())
    if _preview_only(options):
        return _phase(stack, options, lambda: None, preview=True)
    asks = not (options.yes or options.skip_preview)
    if asks and not sys.stdin.isatty():
        raise UsageError("--yes or --skip-preview must be passed in to proceed when running in non-interactive mode")
    directory = stack.backend.lock_directory(stack.project.name, stack.name)
    with locked(directory, stack.name, rfc3339(stack.clock.now())) as release:
        if not options.skip_preview and (code := _phase(stack, options, release, preview=True)):
            return code
        if asks:
            _ask(_KINDS[options.command])
        return _phase(stack, options, release, preview=False)


def _preview_only(options: argparse.Namespace) -> bool:
    return options.command == "preview" or getattr(options, "preview_only", False)


def _ask(kind: str) -> None:
    """Raises Cancelled unless the user says yes."""
    try:
        answer = input(f"Perform this {kind}? (yes/no) ")
    except (EOFError, KeyboardInterrupt):
        answer = ""
    if answer.strip().lower() not in ("yes", "y"):
        raise Cancelled(f"confirmation declined, not proceeding with the {kind}")


def _phase(stack: Stack, options: argparse.Namespace, leave: Callable[[], None], *, preview: bool) -> int:
    kind = _KINDS[options.command]
    # the children do their imports while the engine does its own
    with Children(stack.project.program, program=kind == "update") as children, interruptible(leave) as stopping:
        from engine.history import Run, record
        from engine.phases import Options, Phase

        display = _display(stack, options, preview=preview)
        display.line(f"{_TITLES[kind, preview]} ({stack.name}):")
        chosen = Options(kind, preview, options.parallel, options.target, getattr(options, "refresh", False))
        started = time.time()
        with closing(display):
            Phase(stack, chosen, display, children, stopping.event).run()
    if not preview:
        changes = {op.value: count for op, count in display.counts.items()}
        run_ = Run(kind, started, time.time(), not display.errors, changes)
        record(stack.backend, stack.project.name, stack.name, run_, stack.config, stack.crypter)
    if stopping.interrupted:
        raise Cancelled(f"the {kind} was interrupted; what had been done is saved")
    if display.errors:
        return 1
    last = not preview or _preview_only(options)
    if options.expect_no_changes and display.changed and last:
        operation = "preview" if options.command == "preview" else kind
        raise ChangesProposed(f"no changes were expected for {operation} but changes were proposed")
    return 0


def _display(stack: Stack, options: argparse.Namespace, *, preview: bool) -> "Display":
    if getattr(options, "json", False):
        from engine.digest import DigestDisplay

        return DigestDisplay(stack.clock)
    if sys.stdout.isatty():
        from engine.terminal import TerminalDisplay

        return TerminalDisplay(stack.clock, preview=preview, details=options.diff)
    from engine.display import Display

    return Display(stack.clock, preview=preview, details=options.diff)


class _Stopping:
    def __init__(self) -> None:
        self.event = threading.Event()
        self.interrupted = False


@contextmanager
def interruptible(leave: Callable[[], None]) -> Iterator[_Stopping]:
    """First Ctrl-C: start nothing new, finish what is under way, save. Second: leave at once.

    The operations under way stay in the state as pending. *leave* is called before the process exits.
    """
    stopping = _Stopping()

    def interrupt(_number: int, _frame: object) -> None:
        if stopping.interrupted:
            leave()
            os._exit(Cancelled.exit_code)  # at once, before a step that is cut off now could be taken for a failed one
        stopping.interrupted = True
        stopping.event.set()
        os.write(2, b"\ninterrupted: finishing what is under way; press Ctrl-C again to leave at once\n")

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
