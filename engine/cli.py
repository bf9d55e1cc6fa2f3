"""The command line: those flags of the Pulumi CLI that this engine has, with the CLI's meaning and exit codes.

A command that runs something has a preview phase, the question, and the phase that does it.
"""

import contextlib
import io
import json
import os
import signal
import sys
from argparse import REMAINDER, SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

from engine.errors import Cancelled, ChangesProposed, EngineError, UsageError
from engine.stack import Stack
from engine.stack_commands import COMMANDS

_FLAGS = {
    # name: short form, help
    "yes": ("-y", "do not ask"),
    "skip-preview": ("-f", "neither preview nor ask"),
    "preview-only": (None, "only show it"),
    "refresh": ("-r", "read every resource first"),
    "diff": (None, "also show what does not change"),
    "expect-no-changes": (None, "exit with code 7 if anything changes, or would"),
    "json": ("-j", "print it as JSON"),
    "show-secrets": (None, "show secret values in plain text"),
}
_RUNS = {
    # name: flags, help
    "preview": ("refresh diff expect-no-changes json", "show what up would do"),
    "up": ("yes skip-preview refresh diff expect-no-changes", "deploy the program"),
    "refresh": ("yes skip-preview preview-only diff expect-no-changes", "make the state say what is there"),
    "destroy": ("yes skip-preview diff expect-no-changes", "delete every resource of the stack"),
}
_NOUNS = {"preview": "update", "up": "update", "refresh": "refresh", "destroy": "destroy"}
_FIRST = b"\ninterrupted: finishing what is under way; press Ctrl-C again to leave at once\n"
_SECOND = b"\ninterrupted again: leaving; what was under way is in the state as pending\n"


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. What is expected to go wrong is one line on standard error."""
    try:
        options = _parser().parse_args(arguments)
        code: int = options.run(options) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads it any more
        return 0
    except (KeyboardInterrupt, EOFError):
        error: EngineError = Cancelled("interrupted")
    except OSError as failure:
        error = EngineError(f"{failure.filename or 'the system'}: {failure.strerror}")
    except EngineError as failure:
        error = failure
    else:
        return code
    print(f"error: {error}", file=sys.stderr)  # noqa: T201 - this is the user's terminal
    return error.exit_code


def _parser() -> ArgumentParser:
    description = "An embedded engine for Pulumi programs of Python dynamic resources."
    parser = ArgumentParser(prog="python -m engine", description=description)
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    of_stack = parsers.add_parser("stack", help="manage stacks").add_subparsers(required=True, metavar="ACTION")
    commands = {name: (_run, flags, text) for name, (flags, text) in _RUNS.items()} | COMMANDS
    for name, (run, flags, text) in commands.items():
        group, _, action = name.rpartition(" ")
        command = (of_stack if group else parsers).add_parser(action, help=text)
        absent = {flag.replace("-", "_"): False for flag in _FLAGS} | {"preview_only": name == "preview"}
        command.set_defaults(command=name, run=run, **absent)
        command.add_argument("--stack", "-s", metavar="NAME", help="the stack (default: PULUMI_STACK)")
        command.add_argument("--cwd", "-C", type=Path, default=Path(), metavar="DIRECTORY", help="where to run")
        for flag in flags.split():
            short, text = _FLAGS[flag]
            command.add_argument(f"--{flag}", *filter(None, [short]), action="store_true", help=text)
        if name in _RUNS:
            command.add_argument("--target", "-t", action="append", default=[], metavar="URN", help="only this one")
        elif name in ("stack init", "stack output"):
            command.add_argument("name", nargs="?", metavar="NAME")
        elif name == "config":
            command.add_argument("arguments", nargs=REMAINDER, help=SUPPRESS)
    return parser


def _run(options: Namespace) -> int:
    stack = Stack.open(options.stack, options.cwd)
    interrupts = _Interrupts()
    if options.preview_only:
        return _phase(stack, options, interrupts, preview=True)
    if not (options.yes or options.skip_preview or sys.stdin.isatty()):
        raise UsageError("--yes or --skip-preview must be passed in to proceed when running in non-interactive mode")
    with stack.locked() as interrupts.leave:
        code = 0 if options.skip_preview else _phase(stack, options, interrupts, preview=True)
        asks = not (code or options.skip_preview or options.yes)
        if asks and input(f"Perform this {_NOUNS[options.command]}? (yes/no) ").strip().lower() not in ("yes", "y"):
            raise Cancelled("confirmation declined, nothing has been done")
        return code or _phase(stack, options, interrupts, preview=False)


def _phase(stack: Stack, options: Namespace, interrupts: "_Interrupts", *, preview: bool) -> int:
    from engine.display import Display  # with the SDK, which the other commands need not wait for
    from engine.phase import run_phase

    display = Display(preview=preview, details=options.diff, out=io.StringIO() if options.json else sys.stdout)
    noun = _NOUNS[options.command]
    what = f"Previewing {noun}" if preview else f"{noun.removesuffix('e').title()}ing"
    display.line(f"{what} ({stack.name}):")
    with interrupts:
        run_phase(stack, options, display, interrupts.stopping, preview=preview)
    if options.json:
        print(json.dumps(display.digest(), indent=4, ensure_ascii=False))  # noqa: T201 - what was asked for
    if display.errors:
        return 1
    if options.expect_no_changes and display.changed and preview == options.preview_only:
        raise ChangesProposed(f"no changes were expected for {options.command} but changes were proposed")
    return 0


class _Interrupts:
    """First Ctrl-C in a phase: start nothing new, finish what is under way, save. Second, or at any other time: leave.

    SIGTERM and SIGHUP are as Ctrl-C. What is under way at the second stays in the state as pending.
    """

    def __init__(self) -> None:
        self.stopping, self._interrupted, self._in_a_phase = Event(), False, False
        self.leave: Callable[[], None] = lambda: None
        """Called before the process ends at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._interrupt)

    def _interrupt(self, _number: int, _frame: object) -> None:
        if not self._in_a_phase:
            raise KeyboardInterrupt
        with contextlib.suppress(OSError):
            os.write(2, _SECOND if self._interrupted else _FIRST)
        if self._interrupted:
            self.leave()
            os._exit(Cancelled.exit_code)  # at once, before a step that is cut off now could be taken for a failed one
        self._interrupted = True
        self.stopping.set()

    def __enter__(self) -> None:
        self._in_a_phase = True

    def __exit__(self, *_: object) -> None:
        self._in_a_phase = False
        if self._interrupted:
            raise Cancelled("the run was interrupted; what had been done is saved")
