"""The command line: those flags of the Pulumi CLI that this engine has, with the CLI's meaning and exit codes."""

import os
import signal
import sys
from argparse import REMAINDER, SUPPRESS, ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from engine.errors import Cancelled, EngineError, Unsupported

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
_KINDS = {"preview": "update", "up": "update", "refresh": "refresh", "destroy": "destroy"}
"""What the commands that run something do, in the CLI's words."""
_COMMANDS = {
    # name: flags, help
    "preview": ("refresh diff expect-no-changes json", "show what up would do"),
    "up": ("yes skip-preview refresh diff expect-no-changes", "deploy the program"),
    "refresh": ("yes skip-preview preview-only diff expect-no-changes", "make the state say what is there"),
    "destroy": ("yes skip-preview diff expect-no-changes", "delete every resource of the stack"),
    "stack init": ("", "create an empty stack"),
    "stack ls": ("", "list the project's stacks"),
    "stack output": ("json show-secrets", "show the stack's outputs"),
    "stack export": ("show-secrets", "print the state as JSON"),
    "stack rm": ("yes", "remove a stack that has no resources"),
    "config": ("json show-secrets", "show the stack's configuration"),
    "cancel": ("yes", "remove the locks of a run that will not end any more"),
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. What is expected to go wrong is one line on standard error."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: what is held is let go
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    try:
        return _run(_parser().parse_args(arguments))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads it any more
        return 0
    except KeyboardInterrupt:
        error: EngineError = Cancelled("interrupted")
    except OSError as failure:
        error = EngineError(f"{failure.filename or 'the system'}: {failure.strerror}")
    except EngineError as failure:
        error = failure
    print(f"error: {error}", file=sys.stderr)  # noqa: T201 - this is the user's terminal
    return error.exit_code


def _run(options: Namespace) -> int:
    if options.command == "config" and (options.arguments or not options.json):
        raise Unsupported(f"the command config {' '.join(options.arguments[:1]) or 'without --json'}")
    if options.kind:
        from engine.commands import run
    else:
        from engine.stack_commands import run
    code = run(options)
    sys.stdout.flush()
    return code


def _parser() -> ArgumentParser:
    description = "An embedded engine for Pulumi programs of Python dynamic resources."
    parser = ArgumentParser(prog="python -m engine", description=description)
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    of_stack = parsers.add_parser("stack", help="manage stacks").add_subparsers(required=True, metavar="ACTION")
    for name, (flags, text) in _COMMANDS.items():
        group, _, action = name.rpartition(" ")
        command = (of_stack if group else parsers).add_parser(action, help=text)
        absent = {flag.replace("-", "_"): False for flag in _FLAGS} | {"preview_only": name == "preview"}
        command.set_defaults(command=name, kind=_KINDS.get(name), **absent)
        command.add_argument("--stack", "-s", metavar="NAME", help="the stack (default: PULUMI_STACK)")
        command.add_argument("--cwd", "-C", type=Path, default=Path(), metavar="DIRECTORY", help="where to run")
        for flag in flags.split():
            short, text = _FLAGS[flag]
            command.add_argument(f"--{flag}", *filter(None, [short]), action="store_true", help=text)
        if name in _KINDS:
            command.add_argument("--target", "-t", action="append", default=[], metavar="URN", help="only this one")
            command.add_argument("--parallel", "-p", type=_positive, default=16, metavar="N", help="steps at once")
        elif name in ("stack init", "stack output", "stack rm"):
            command.add_argument("name", nargs="?", metavar="NAME")
        elif name == "config":
            command.add_argument("arguments", nargs=REMAINDER, help=SUPPRESS)
    return parser


def _positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)
