"""The command line: those flags of the Pulumi CLI that this engine has, with the CLI's meaning and exit codes."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.errors import EngineError, Unsupported


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. What is expected to go wrong is one line on standard error."""
    try:
        return _run(_parser().parse_args(arguments))
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - this is the user's terminal
        return error.exit_code


def _run(options: argparse.Namespace) -> int:
    if options.command in ("preview", "up", "refresh", "destroy"):
        from engine import commands

        return commands.run(options)
    if options.command == "config" and (options.arguments or not options.json):
        raise Unsupported(f"the command config {' '.join(options.arguments[:1]) or 'without --json'}")
    from engine import stack_commands

    return stack_commands.run(options)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--stack", "-s", metavar="NAME", help="the stack (default: PULUMI_STACK)")
    common.add_argument(
        "--cwd", "-C", type=Path, default=Path(), metavar="DIRECTORY", help="run as if started in another directory"
    )
    parser = argparse.ArgumentParser(
        prog="python -m engine", description="An embedded engine for Pulumi programs of Python dynamic resources."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_deployments(commands, common)
    _add_stack(commands, common)
    commands.add_parser("cancel", parents=[common], help="remove the locks of a run that will not end any more")
    config = commands.add_parser("config", parents=[common, _secrets()], help="show the stack's configuration")
    config.add_argument("--json", "-j", action="store_true", help="print it as JSON")
    config.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _add_deployments(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser
) -> None:
    shared = argparse.ArgumentParser(add_help=False, parents=[common])
    shared.add_argument(
        "--target", "-t", action="append", default=[], metavar="URN", help="only this resource; repeatable"
    )
    shared.add_argument("--parallel", "-p", type=_positive, default=16, metavar="N", help="steps at once (default: 16)")
    shared.add_argument("--diff", action="store_true", help="also show what does not change")
    shared.add_argument(
        "--expect-no-changes", action="store_true", help="exit with code 7 if anything changes, or would"
    )
    asking = argparse.ArgumentParser(add_help=False)
    asking.add_argument("--yes", "-y", action="store_true", help="do not ask after the preview")
    asking.add_argument("--skip-preview", "-f", action="store_true", help="neither preview nor ask")
    refreshing = argparse.ArgumentParser(add_help=False)
    refreshing.add_argument("--refresh", "-r", action="store_true", help="read every resource first")
    preview = commands.add_parser("preview", parents=[shared, refreshing], help="show what up would do")
    preview.add_argument("--json", "-j", action="store_true", help="print it as JSON")
    commands.add_parser("up", aliases=["update"], parents=[shared, asking, refreshing], help="deploy the program")
    refresh = commands.add_parser("refresh", parents=[shared, asking], help="make the state say what is there")
    refresh.add_argument("--preview-only", action="store_true", help="only show it")
    commands.add_parser("destroy", parents=[shared, asking], help="delete every resource of the stack")


def _add_stack(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser
) -> None:
    stack = commands.add_parser("stack", help="manage stacks")
    actions = stack.add_subparsers(dest="action", required=True, metavar="ACTION")
    for action, text in (("init", "create an empty stack"), ("rm", "remove a stack that has no resources")):
        named = actions.add_parser(action, parents=[common], help=text)
        named.add_argument("name", nargs="?", metavar="NAME")
    actions.add_parser("ls", parents=[common], help="list the project's stacks")
    output = actions.add_parser("output", parents=[common, _secrets()], help="show the stack's outputs")
    output.add_argument("name", nargs="?", metavar="OUTPUT")
    output.add_argument("--json", "-j", action="store_true", help="print them as JSON")
    actions.add_parser("export", parents=[common, _secrets()], help="print the state as JSON")


def _secrets() -> argparse.ArgumentParser:
    secrets = argparse.ArgumentParser(add_help=False)
    secrets.add_argument("--show-secrets", action="store_true", help="show secret values in plain text")
    return secrets


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number
