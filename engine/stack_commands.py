"""stack init, ls, output, export, rm, config and cancel: commands that run nothing."""

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
from engine.values import masked, reveal


def _init(options: Namespace) -> None:
    """As the CLI: an empty state, and the salt in Pulumi.<stack>.yaml."""
    stack = Stack.named(options.name or options.stack, options.cwd)
    if stack.path.exists():
        raise EngineError(f"stack '{stack.name}' already exists")
    stack.write(Checkpoint())
    path = stack.settings.path
    if not stack.settings.salt:
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


def _rm(options: Namespace) -> None:
    """The state goes. Pulumi.<stack>.yaml is the user's own writing, and stays, as with the CLI's --preserve-config."""
    stack = Stack.open(options.name or options.stack, options.cwd, new=False)
    with stack.locked():
        if count := len(checkpoint.read_latest(stack.path).get("resources") or ()):
            raise EngineError(f"'{stack.name}' still has {count} resources; run destroy first")
        for ending in ("", ".attrs", ".bak", ".bak.attrs"):
            stack.path.with_name(stack.path.name + ending).unlink(missing_ok=True)
    print(f"Stack '{stack.name}' has been removed! Its configuration stays: {stack.settings.path}")


def _config(options: Namespace) -> None:
    """As the CLI: a secret has no value unless it is asked for, and then needs no passphrase either."""
    if options.arguments or not options.json:
        raise Unsupported(f"the command config {' '.join(options.arguments[:1]) or 'without --json'}")
    stack = Stack.open(options.stack, options.cwd)
    config = stack.config if options.show_secrets else stack.settings.resolve(lambda _: "")
    document: dict[str, Any] = {}
    for key, text in config.values.items():
        secret = key in config.secret_keys
        value = {"value": text} | ({"objectValue": json.loads(text)} if key in config.object_keys else {})
        document[key] = {**(value if options.show_secrets or not secret else {}), "secret": secret}
    print(_json(document))


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
    "stack rm": (_rm, "yes", "remove a stack that has no resources"),
    "config": (_config, "json show-secrets", "show the stack's configuration"),
    "cancel": (_cancel, "yes", "remove the locks of a run that will not end any more"),
}
