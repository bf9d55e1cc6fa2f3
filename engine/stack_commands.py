"""stack init, ls, output and export, config and cancel: commands that run nothing."""

# ruff: noqa: T201 - what these commands print is what they are for

import json
from argparse import Namespace
from typing import Any

from engine import checkpoint
from engine.changes import shown
from engine.errors import EngineError, Unsupported, UsageError
from engine.project import read_yaml
from engine.stack import Stack, write_atomically
from engine.state import Checkpoint
from engine.values import has_secret, masked, reveal


def _init(options: Namespace) -> None:
    """As the CLI: an empty state, and the salt in Pulumi.<stack>.yaml."""
    stack = Stack.named(options.name or options.stack, options.cwd)
    if stack.path.exists():
        raise EngineError(f"stack '{stack.name}' already exists")
    stack.write(Checkpoint())
    path = stack.project.settings_file
    if not stack.salt:
        before = path.read_text(encoding="utf-8") if path.exists() and read_yaml(path) else ""
        write_atomically(path, f"encryptionsalt: {stack.crypter.salt}\n{before}")
    print(f"Created stack '{stack.name}'")


def _ls(options: Namespace) -> None:
    print(f"{'NAME':<24}{'LAST UPDATE':<32}RESOURCE COUNT")
    for path in sorted(Stack.named(options.stack or "any", options.cwd).path.parent.glob("*.json")):
        latest = checkpoint.read_latest(path)
        count = len(latest.get("resources") or ())
        print(f"{path.stem:<24}{latest['manifest']['time'] if count else 'n/a':<32}{count}")


def _output(options: Namespace) -> None:
    outputs = checkpoint.read(Stack.open(options.stack, options.cwd, new=False).path).stack_outputs
    if options.name is not None and options.name not in outputs:
        raise EngineError(f"current stack does not have output property '{options.name}'")
    values = masked(reveal(outputs) if options.show_secrets else outputs)
    value = values if options.name is None else values[options.name]
    if options.json or options.name is not None:
        print(value if isinstance(value, str) and not options.json else _json(value))
    else:
        print(f"Current stack outputs ({len(values)}):")
        for key, one in values.items():
            print(f"    {key:<24}{one if isinstance(one, str) else shown(one)}")


def _export(options: Namespace) -> None:
    latest = checkpoint.read_latest(Stack.open(options.stack, options.cwd, new=False).path)
    deployment = checkpoint.in_plain_text(latest) if options.show_secrets else latest
    print(_json({"version": checkpoint.VERSION, "deployment": deployment}))


def _config(options: Namespace) -> None:
    """For programs: all of it, with secret values in plain text, as the CLI has them then."""
    if options.arguments or not (options.json and options.show_secrets):
        raise Unsupported(f"the command config {' '.join(options.arguments[:1]) or 'without --json --show-secrets'}")
    config = Stack.open(options.stack, options.cwd).config
    print(_json({key: {"value": reveal(text), "secret": has_secret(text)} for key, text in config.items()}))


def _cancel(options: Namespace) -> None:
    """As the CLI: a run that may be at work is not cut off unasked."""
    stack = Stack.open(options.stack, options.cwd)
    for path, holder in stack.locks().items():
        if not options.yes:
            raise UsageError(f"{holder} may still be at work; pass --yes to let another run begin beside it")
        path.unlink(missing_ok=True)
        print(f"Removed the lock of {holder}")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


COMMANDS = {
    # name: function, flags, help
    "stack init": (_init, "", "create an empty stack"),
    "stack ls": (_ls, "", "list the project's stacks"),
    "stack output": (_output, "json show-secrets", "show the stack's outputs"),
    "stack export": (_export, "show-secrets", "print the state as JSON"),
    "config": (_config, "json show-secrets", "show the stack's configuration"),
    "cancel": (_cancel, "yes", "remove the locks of a run that will not end any more"),
}
