"""Command lines: commands that are imported when they run, one line for each failure, exit statuses and interrupts.

Exit statuses of every command whose help does not name others: 0 done, 1 a service failed, 2 wrong input or usage,
130 interrupted, 141 the reader of standard output went away.
"""

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final, NamedTuple, NoReturn

import click

from fcpin.errors import FcpinError, InvalidInput, one_line

FAILED: Final = 1
WRONG_INPUT: Final = 2
INTERRUPTED: Final = 130
"""The exit status of a program that SIGINT ended."""
_PIPE_CLOSED: Final = 141
_MAX_PROBLEMS: Final = 20
_COMPLETE: Final = "_FCPIN_COMPLETE"
"""The variable in which the completion script of a shell names its request."""
SETTINGS: Final[Mapping[str, Any]] = {"help_option_names": ["-h", "--help"], "max_content_width": 120}
"""Settings of the outermost context; those of subcommands are inherited."""


class Listed(NamedTuple):
    """A command in a table: enough for help and completion, without its import."""

    module: str
    """Has the click command as `command`."""
    summary: str
    extra: str = ""
    """The extra of fcpin that must be installed for it."""

    def load(self) -> click.Command:
        """Raises ExtraMissing."""
        if self.extra:
            from fcpin.extras import require

            require(self.extra)
        command: click.Command = import_module(self.module).command
        return command


class DefaultGroup(click.Group):
    """Runs the command *default* where none is named."""

    def __init__(self, *, default: str, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = [self._default, *args]
        return super().parse_args(ctx, args)


class LazyGroup(click.Group):
    """Commands by section and name, each imported when it runs or when its own help is requested."""

    def __init__(self, *, sections: Mapping[str, Mapping[str, Listed]], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.sections = sections
        self._listed = {name: listed for section in sections.values() for name, listed in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        listed = self._listed.get(cmd_name)
        return None if listed is None else listed.load()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        ctx.invoked_subcommand = args[0]  # already here, for the message of a command that cannot be imported
        if args[0] not in self._listed and not ctx.resilient_parsing:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=self._listed, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        width = max(map(len, self._listed))
        for title, section in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), listed.summary) for name, listed in section.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=listed.summary)
            for name, listed in self._listed.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


def run(command: click.Command, arguments: Sequence[str], name: str = "fcpin", *, is_process: bool = False) -> int:
    """Run *command* as *name* and return its exit status. Every expected failure is one line on standard error.

    *is_process*: the process is this command, and ends here when it is interrupted.
    """
    if request := os.environ.get(_COMPLETE):
        from click.shell_completion import shell_complete

        return shell_complete(command, {}, name, _COMPLETE, request)
    context: click.Context | None = None

    def path() -> str:
        """The command that failed: `fcpin drift`."""
        return " ".join(filter(None, (name, context.invoked_subcommand if context else None)))

    try:
        with command.make_context(name, list(arguments), **SETTINGS) as context:
            status: int | None = command.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.UsageError, FcpinError) as error:
        sys.stderr.writelines(f"{line}\n" for line in failure_lines(error, path()))
        return WRONG_INPUT if isinstance(error, click.UsageError | InvalidInput) else FAILED
    except BrokenPipeError:
        # Python would complain again when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write(f"{path()}: interrupted\n")
        sys.stderr.flush()
        if is_process:
            os._exit(INTERRUPTED)  # an ordinary exit would wait for threads, and they for the network
        return INTERRUPTED
    return status or 0


def exit_at_once() -> None:
    """Let SIGINT end this process with one line, whatever its threads wait for.

    A process that ignores SIGINT continues to do so, as in the background of a shell without job control.
    """

    def leave(_signal: int, _frame: object) -> NoReturn:
        os.write(2, b"\nfcpin: interrupted\n")
        os._exit(INTERRUPTED)

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, leave)


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into KeyboardInterrupt, so that the block can remove what it created."""

    def interrupt(_signal: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    numbers = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def failure_lines(error: click.UsageError | FcpinError, path: str) -> Iterator[str]:
    """What to print; *path* is the command that failed."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        yield error.format_message()
    elif isinstance(error, click.UsageError):
        yield _usage_problem(error, error.ctx.command_path if error.ctx else path)
    elif isinstance(error, InvalidInput):
        yield from (f"{path}: {problem}" for problem in error.problems[:_MAX_PROBLEMS])
        if (more := len(error.problems) - _MAX_PROBLEMS) > 0:
            yield f"{path}: and {more} more"
    else:
        yield f"{path}: {error}"


def _usage_problem(error: click.UsageError, where: str) -> str:
    """What is wrong with the words of the command *where*, and what to do."""
    hint = f"see {where} --help"
    match error:
        case click.NoSuchOption():
            problem = f"no such option: {error.option_name}"
        case click.exceptions.NoSuchCommand():
            problem = f"no such command: {error.command_name}"
        case click.MissingParameter(param=click.Parameter() as parameter):
            problem = f"{_name(parameter)}: is required"
        case click.BadParameter(param=click.Parameter() as parameter):
            problem = f"{_name(parameter)}: {_phrase(error.message)}"
        case _:
            problem = _phrase(error.format_message())
    if guesses := getattr(error, "possibilities", None):
        hint = f"did you mean {' or '.join(guesses)}?"
    return one_line(f"{where}: {problem}; {hint}")


def _name(parameter: click.Parameter) -> str:
    """As users write it: `--stack`, or `FILE`."""
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return parameter.metavar or str(parameter.name).upper()


def _phrase(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
