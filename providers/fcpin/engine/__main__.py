"""`fcpin engine`: flags of the Pulumi CLI, with its meaning and exit codes.

`up`, `refresh` and `destroy` run a preview phase, ask for confirmation, and run the phase itself.
"""

import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import click

from fcpin.engine.errors import Cancelled, ChangesProposed, EngineError, Unsupported, UsageError
from fcpin.engine.stack import Stack
from fcpin.engine.state import VERSION, read_checkpoint, read_latest
from fcpin.engine.values import has_secret, masked, reveal
from fcpin.layout import columns

_NOUNS = {"preview": "update", "up": "update", "refresh": "refresh", "destroy": "destroy"}
_FIRST = b"\ninterrupted: finishing the running steps; press Ctrl-C again to exit at once\n"
_SECOND = b"\ninterrupted again: exiting; steps that were running are in the state as pending operations\n"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run does; each command has some of these flags."""

    command: str
    """preview, up, refresh or destroy."""
    stack: str | None
    cwd: Path
    target: Sequence[str] = ()
    yes: bool = False
    skip_preview: bool = False
    preview_only: bool = False
    refresh: bool = False
    diff: bool = False
    expect_no_changes: bool = False
    json: bool = False


class _EngineGroup(click.Group):
    """Prints an expected failure as one line, as the Pulumi CLI does, and returns its exit code."""

    def invoke(self, ctx: click.Context) -> int:
        try:
            code: int = super().invoke(ctx) or 0
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of the pipe has gone
            return 0
        except (KeyboardInterrupt, EOFError, click.Abort):
            return _failed(Cancelled("interrupted"))
        except click.UsageError as error:
            return _failed(
                UsageError(f"{error.format_message()} The Pulumi CLI supports more than the embedded engine.")
            )
        except OSError as error:
            return _failed(EngineError(f"{error.filename or 'the system'}: {error.strerror}"))
        except EngineError as error:
            return _failed(error)
        return code


def _warn(text: str) -> None:
    click.echo(f"warning: {text}", err=True)


def _failed(error: EngineError) -> int:
    click.echo(f"error: {error}", err=True)
    return error.exit_code


@click.group(cls=_EngineGroup)
def command() -> None:
    """Deploy stacks of Python dynamic resources without the Pulumi CLI (docs/engine.md)."""


def _of_stack(function: Callable[..., Any]) -> Callable[..., Any]:
    function = click.option(
        "--cwd", "-C", type=click.Path(path_type=Path), default=Path(), metavar="DIRECTORY", help="Where to run."
    )(function)
    return click.option("--stack", "-s", metavar="NAME", help="The stack (default: PULUMI_STACK).")(function)


_target = click.option("--target", "-t", multiple=True, metavar="URN", help="Only this resource; may be repeated.")
_yes = click.option("--yes", "-y", is_flag=True, help="Skip the question.")
_skip_preview = click.option("--skip-preview", "-f", is_flag=True, help="Skip the preview and the question.")
_refresh = click.option("--refresh", "-r", is_flag=True, help="Read every resource first.")
_diff = click.option("--diff", is_flag=True, help="Also show what does not change.")
_expect_no_changes = click.option(
    "--expect-no-changes", is_flag=True, help="Exit with code 7 if anything changes, or would."
)
_json_output = click.option("--json", "-j", is_flag=True, help="Print JSON.")
_show_secrets = click.option("--show-secrets", is_flag=True, help="Show secret values in plain text.")


@command.command()
@_of_stack
@_target
@_refresh
@_diff
@_expect_no_changes
@_json_output
def preview(**flags: Any) -> int:
    """Show what up would do."""
    return _run(Options(command="preview", **flags))


@command.command()
@_of_stack
@_target
@_yes
@_skip_preview
@_refresh
@_diff
@_expect_no_changes
def up(**flags: Any) -> int:
    """Deploy the program."""
    return _run(Options(command="up", **flags))


@command.command()
@_of_stack
@_target
@_yes
@_skip_preview
@click.option("--preview-only", is_flag=True, help="Only show what would change.")
@_diff
@_expect_no_changes
def refresh(**flags: Any) -> int:
    """Update the state to what exists."""
    return _run(Options(command="refresh", **flags))


@command.command()
@_of_stack
@_target
@_yes
@_skip_preview
@_diff
@_expect_no_changes
def destroy(**flags: Any) -> int:
    """Delete every resource of the stack."""
    return _run(Options(command="destroy", **flags))


@command.group("stack")
def stack_group() -> None:
    """Show stacks."""


def _run(options: Options) -> int:
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


def _phase(stack: Stack, options: Options, interrupts: "_Interrupts", *, preview: bool, last: bool) -> int:
    from fcpin.engine.display import Display  # with the SDK, which the other commands need not wait for
    from fcpin.engine.phase import run_phase

    out = io.StringIO() if options.json else sys.stdout
    display = Display(preview=preview, details=options.diff, out=out, width=columns())
    noun = _NOUNS[options.command]
    what = f"Previewing {noun}" if preview else f"{noun.removesuffix('e').title()}ing"
    display.line(f"{what} ({stack.name}):")
    with interrupts as interrupted:
        run_phase(
            stack,
            options.command,
            display,
            interrupted,
            preview=preview,
            is_only=options.skip_preview,
            refresh=options.refresh,
            targets=options.target,
        )
    if options.json:
        click.echo(_json(display.digest()))
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


@stack_group.command("ls")
@_of_stack
def stack_ls(stack: str | None, cwd: Path) -> None:
    """List the project's stacks."""
    click.echo(f"{'NAME':<24}{'LAST UPDATE':<32}RESOURCE COUNT")
    for path in sorted(Stack.named(stack or "any", cwd).path.parent.glob("*.json")):
        latest = read_latest(path)
        count = len(latest.get("resources") or ())
        click.echo(f"{path.stem:<24}{_updated(latest) if count else 'n/a':<32}{count}")


def _updated(latest: Mapping[str, Any]) -> str:
    return str((latest.get("manifest") or {}).get("time") or "n/a")


@stack_group.command("output")
@_of_stack
@_json_output
@_show_secrets
@click.argument("name", required=False)
def stack_output(stack: str | None, cwd: Path, name: str | None, *, json: bool, show_secrets: bool) -> None:
    """Show the stack's outputs as JSON, or one of them.

    One output is printed as text, unless it is not text or --json is given.
    """
    outputs = read_checkpoint(Stack.open(stack, cwd).path).stack_outputs
    values = masked(reveal(outputs) if show_secrets else outputs)
    if name is not None and name not in values:
        raise EngineError(f"current stack does not have output property '{name}'")
    value = values if name is None else values[name]
    click.echo(value if isinstance(value, str) and not json else _json(value))


@stack_group.command("export")
@_of_stack
def stack_export(stack: str | None, cwd: Path) -> None:
    """Print the state as JSON."""
    click.echo(_json({"version": VERSION, "deployment": read_latest(Stack.open(stack, cwd).path)}))


@command.command()
@_of_stack
@_json_output
@_show_secrets
@click.argument("words", nargs=-1)
def config(stack: str | None, cwd: Path, words: Sequence[str], *, json: bool, show_secrets: bool) -> None:
    """Print the configuration for programs, with secret values in plain text, in the form of the CLI."""
    if words or not (json and show_secrets):
        raise Unsupported(f"the command config {' '.join(words[:1]) or 'without --json --show-secrets'}")
    values = Stack.open(stack, cwd).config
    click.echo(_json({key: {"value": reveal(text), "secret": has_secret(text)} for key, text in values.items()}))


@command.command()
@_of_stack
@_yes
def cancel(stack: str | None, cwd: Path, *, yes: bool) -> None:
    """Remove the locks of a run that was killed.

    Without --yes a lock whose process may still run is refused, as by the CLI.
    """
    for path, holder in Stack.open(stack, cwd).locks().items():
        if not yes:
            raise UsageError(f"{holder} may still be running; pass --yes to remove its lock anyway")
        path.unlink(missing_ok=True)
        click.echo(f"Removed the lock of {holder}")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    from fcpin import cli

    return cli.main(["engine", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
