"""The command line: flags of the Pulumi CLI, with its meaning and exit codes.

`up`, `refresh` and `destroy` run a preview phase, ask for confirmation, and run the phase itself.
"""

# ruff: noqa: T201 - what is printed here is what the commands are for

import contextlib
import io
import json
import os
import signal
import sys
from argparse import REMAINDER, SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any, NoReturn

from fcpin.engine.errors import Cancelled, ChangesProposed, EngineError, Unsupported, UsageError
from fcpin.engine.stack import Stack
from fcpin.engine.state import VERSION, read_checkpoint, read_latest
from fcpin.engine.values import has_secret, masked, reveal
from fcpin.layout import columns

_SWITCH: dict[str, Any] = {"action": "store_true"}
_ARGUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    # word: names, and what argparse is to know of it
    "stack": ("--stack -s", {"metavar": "NAME", "help": "the stack (default: PULUMI_STACK)"}),
    "cwd": ("--cwd -C", {"type": Path, "default": Path(), "metavar": "DIRECTORY", "help": "where to run"}),
    "target": ("--target -t", {"action": "append", "default": [], "metavar": "URN", "help": "only this one"}),
    "yes": ("--yes -y", _SWITCH | {"help": "skip the question"}),
    "skip-preview": ("--skip-preview -f", _SWITCH | {"help": "skip the preview and the question"}),
    "preview-only": ("--preview-only", _SWITCH | {"help": "only show it"}),
    "refresh": ("--refresh -r", _SWITCH | {"help": "read every resource first"}),
    "diff": ("--diff", _SWITCH | {"help": "also show what does not change"}),
    "expect-no-changes": ("--expect-no-changes", _SWITCH | {"help": "exit with code 7 if anything changes, or would"}),
    "json": ("--json -j", _SWITCH | {"help": "print it as JSON"}),
    "show-secrets": ("--show-secrets", _SWITCH | {"help": "show secret values in plain text"}),
    "name": ("name", {"nargs": "?", "metavar": "NAME"}),
    "words": ("words", {"nargs": REMAINDER, "help": SUPPRESS}),
}
_NOUNS = {"preview": "update", "up": "update", "refresh": "refresh", "destroy": "destroy"}
_FIRST = b"\ninterrupted: finishing the running steps; press Ctrl-C again to exit at once\n"
_SECOND = b"\ninterrupted again: exiting; steps that were running are in the state as pending operations\n"


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. An expected failure is one line on standard error."""
    code = 0
    try:
        options = _parser().parse_args(arguments)
        code = options.run(options) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of the pipe has gone
    except (KeyboardInterrupt, EOFError):
        return _failed(Cancelled("interrupted"))
    except OSError as error:
        return _failed(EngineError(f"{error.filename or 'the system'}: {error.strerror}"))
    except EngineError as error:
        return _failed(error)
    return code


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)


def _failed(error: EngineError) -> int:
    print(f"error: {error}", file=sys.stderr)
    return error.exit_code


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; the Pulumi CLI supports more than the embedded engine")


def _parser() -> ArgumentParser:
    parser = _Parser(prog="fcpin engine", description="Run Pulumi programs of Python dynamic resources.")
    parser.set_defaults(**{word.replace("-", "_"): False for word in _ARGUMENTS})
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    of_stack = parsers.add_parser("stack", help="manage stacks").add_subparsers(required=True, metavar="ACTION")
    for name, (run, words, text) in _COMMANDS.items():
        group, _, action = name.rpartition(" ")
        command = (of_stack if group else parsers).add_parser(action, help=text)
        command.set_defaults(command=name, run=run)
        for word in ("stack", "cwd", *words.split()):
            names, details = _ARGUMENTS[word]
            command.add_argument(*names.split(), **details)
    return parser


def _run(options: Namespace) -> int:
    stack = Stack.open(options.stack, options.cwd)
    interrupts = _Interrupts()
    if options.preview_only or options.command == "preview":
        return _phase(stack, options, interrupts, preview=True, last=True)
    if not (options.yes or options.skip_preview or sys.stdin.isatty()):
        raise UsageError("--yes or --skip-preview must be passed in to proceed when running in non-interactive mode")
    with stack.locked(_warn) as interrupts.leave:
        code = 0 if options.skip_preview else _phase(stack, options, interrupts, preview=True, last=False)
        asks = not (code or options.skip_preview or options.yes)
        if asks and input(f"Perform this {_NOUNS[options.command]}? (yes/no) ").strip().lower() not in ("yes", "y"):
            raise Cancelled("confirmation declined, nothing was changed")
        return code or _phase(stack, options, interrupts, preview=False, last=True)


def _phase(stack: Stack, options: Namespace, interrupts: "_Interrupts", *, preview: bool, last: bool) -> int:
    from fcpin.engine.display import Display  # with the SDK, which the other commands need not wait for
    from fcpin.engine.phase import run_phase

    out = io.StringIO() if options.json else sys.stdout
    display = Display(preview=preview, details=options.diff, out=out, width=columns())
    noun = _NOUNS[options.command]
    what = f"Previewing {noun}" if preview else f"{noun.removesuffix('e').title()}ing"
    display.line(f"{what} ({stack.name}):")
    with interrupts as interrupted:
        run_phase(stack, options, display, interrupted, preview=preview)
    if options.json:
        print(_json(display.digest()))
    if display.errors:
        return 1
    if options.expect_no_changes and display.changed and last:
        raise ChangesProposed(f"no changes were expected for {options.command} but changes were proposed")
    return 0


class _Interrupts:
    """First Ctrl-C in a phase: start nothing new, finish running steps, save. Second, or outside a phase: exit at once.

    SIGTERM and SIGHUP count as Ctrl-C. Steps that run at the second stay in the state as pending operations.
    """

    def __init__(self) -> None:
        self.event, self._in_a_phase = Event(), False
        self.leave: Callable[[], None] = lambda: None
        """Called before the process ends at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._interrupt)

    def _interrupt(self, _number: int, _frame: object) -> None:
        if not self._in_a_phase:
            raise KeyboardInterrupt
        again = self.event.is_set()
        with contextlib.suppress(OSError):
            os.write(2, _SECOND if again else _FIRST)
        if again:
            self.leave()
            os._exit(Cancelled.exit_code)  # before a step that is cut off now is recorded as failed
        self.event.set()

    def __enter__(self) -> Event:
        self._in_a_phase = True
        return self.event

    def __exit__(self, *_: object) -> None:
        self._in_a_phase = False
        if self.event.is_set():
            raise Cancelled("the run was interrupted; finished steps are saved")


def _ls(options: Namespace) -> None:
    print(f"{'NAME':<24}{'LAST UPDATE':<32}RESOURCE COUNT")
    for path in sorted(Stack.named(options.stack or "any", options.cwd).path.parent.glob("*.json")):
        latest = read_latest(path)
        count = len(latest.get("resources") or ())
        print(f"{path.stem:<24}{_updated(latest) if count else 'n/a':<32}{count}")


def _updated(latest: Mapping[str, Any]) -> str:
    return str((latest.get("manifest") or {}).get("time") or "n/a")


def _output(options: Namespace) -> None:
    """All outputs are printed as JSON; a single one as text, unless it is not text or --json is given."""
    outputs = read_checkpoint(Stack.open(options.stack, options.cwd).path).stack_outputs
    values = masked(reveal(outputs) if options.show_secrets else outputs)
    if options.name is not None and options.name not in values:
        raise EngineError(f"current stack does not have output property '{options.name}'")
    value = values if options.name is None else values[options.name]
    print(value if isinstance(value, str) and not options.json else _json(value))


def _export(options: Namespace) -> None:
    print(_json({"version": VERSION, "deployment": read_latest(Stack.open(options.stack, options.cwd).path)}))


def _config(options: Namespace) -> None:
    """Print the configuration for programs, with secret values in plain text, in the form of the CLI."""
    if options.words or not (options.json and options.show_secrets):
        raise Unsupported(f"the command config {' '.join(options.words[:1]) or 'without --json --show-secrets'}")
    config = Stack.open(options.stack, options.cwd).config
    print(_json({key: {"value": reveal(text), "secret": has_secret(text)} for key, text in config.items()}))


def _cancel(options: Namespace) -> None:
    """Remove locks. Without --yes a lock whose process may still run is refused, as by the CLI."""
    stack = Stack.open(options.stack, options.cwd)
    for path, holder in stack.locks().items():
        if not options.yes:
            raise UsageError(f"{holder} may still be running; pass --yes to let another run start all the same")
        path.unlink(missing_ok=True)
        print(f"Removed the lock of {holder}")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


_COMMANDS: dict[str, tuple[Callable[[Namespace], int | None], str, str]] = {
    # name: function, arguments, help
    "preview": (_run, "target refresh diff expect-no-changes json", "show what up would do"),
    "up": (_run, "target yes skip-preview refresh diff expect-no-changes", "deploy the program"),
    "refresh": (
        _run,
        "target yes skip-preview preview-only diff expect-no-changes",
        "update the state to what exists",
    ),
    "destroy": (_run, "target yes skip-preview diff expect-no-changes", "delete every resource of the stack"),
    "stack ls": (_ls, "", "list the project's stacks"),
    "stack output": (_output, "name json show-secrets", "show the stack's outputs"),
    "stack export": (_export, "", "print the state as JSON"),
    "config": (_config, "json show-secrets words", "show the stack's configuration"),
    "cancel": (_cancel, "yes", "remove the locks of a run that was killed"),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
