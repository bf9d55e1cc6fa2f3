"""stack init, ls, output, export, rm, config and cancel: commands that run nothing."""

# ruff: noqa: T201 - what these commands print is what they are for

import argparse
import json
from collections.abc import Callable, Mapping
from typing import Any

from engine.changes import masked, shown
from engine.checkpoint import Checkpoint, read_latest, write_atomically
from engine.crypter import Crypter
from engine.errors import EngineError, StackNotFound
from engine.lock import locked, locks
from engine.project import Config
from engine.stack import Stack
from engine.state import STACK_TYPE
from engine.times import rfc3339
from engine.values import SECRET, SIGNATURE, Properties, reveal, transform
from fcpin.clock import SystemClock


def run(options: argparse.Namespace) -> int:
    """Carry the command out. Raises EngineError."""
    action = options.action if options.command == "stack" else options.command
    _ACTIONS[action](options)
    return 0


def _init(options: argparse.Namespace) -> None:
    """As the CLI: an empty state, and the salt in Pulumi.<stack>.yaml."""
    stack = Stack.named(options.name or options.stack, options.cwd, SystemClock())
    if stack.exists:
        raise EngineError(f"stack '{stack.name}' already exists")
    stack.writer()(Checkpoint())
    if not stack.settings.salt:
        path = stack.settings.path
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        write_atomically(path, f"encryptionsalt: {stack.crypter.salt}\n{before}")
    print(f"Created stack '{stack.name}'")


def _ls(options: argparse.Namespace) -> None:
    stack = Stack.named(options.stack or "any", options.cwd, SystemClock())
    print(f"{'NAME':<24}{'LAST UPDATE':<32}RESOURCE COUNT")
    for name, path in stack.backend.stacks(stack.project.name):
        latest = read_latest(path)
        resources = latest.get("resources") or []
        when = latest["manifest"]["time"] if resources else "n/a"
        print(f"{name:<24}{when:<32}{len(resources)}")


def _output(options: argparse.Namespace) -> None:
    outputs = _outputs(_existing(options))
    if options.show_secrets:
        outputs = reveal(dict(outputs))
    if options.name is not None:
        if options.name not in outputs:
            raise EngineError(f"current stack does not have output property '{options.name}'")
        value = outputs[options.name]
        print(value if isinstance(value, str) and not options.json else _json(masked(value)))
    elif options.json:
        print(_json(masked(dict(outputs))))
    else:
        print(f"Current stack outputs ({len(outputs)}):")
        for key, value in sorted(outputs.items()):
            print(f"    {key:<24}{value if isinstance(value, str) else shown(value)}")


def _outputs(stack: Stack) -> Properties:
    return next((state.outputs for state in stack.read().resources if state.type == STACK_TYPE), {})


def _export(options: argparse.Namespace) -> None:
    stack = _existing(options)
    latest: Any = read_latest(stack.path)
    if options.show_secrets:
        latest = transform(latest, lambda leaf: _in_plain_text(leaf, stack.crypter))
    print(_json({"version": 3, "deployment": latest}, indent=4))


def _in_plain_text(leaf: Any, crypter: Crypter) -> Any:
    if isinstance(leaf, dict) and leaf.get(SIGNATURE) == SECRET and "ciphertext" in leaf:
        return {SIGNATURE: SECRET, "plaintext": crypter.decrypt(leaf["ciphertext"])}
    return leaf


def _rm(options: argparse.Namespace) -> None:
    """The state goes. Pulumi.<stack>.yaml is the user's own writing, and stays, as with the CLI's --preserve-config."""
    options.stack = options.name or options.stack
    stack = _existing(options)
    directory = stack.backend.lock_directory(stack.project.name, stack.name)
    with locked(directory, stack.name, rfc3339(stack.clock.now())):
        count = len(stack.read().resources)
        if count:
            raise EngineError(f"'{stack.name}' still has {count} resources; run destroy first")
        for path in (stack.path, stack.path.with_name(f"{stack.path.name}.bak")):
            path.unlink(missing_ok=True)
            path.with_name(f"{path.name}.attrs").unlink(missing_ok=True)
    print(f"Stack '{stack.name}' has been removed! Its configuration stays: {stack.settings.path}")


def _cancel(options: argparse.Namespace) -> None:
    stack = Stack.open(options.stack, options.cwd, SystemClock())
    found = locks(stack.backend.lock_directory(stack.project.name, stack.name))
    for lock in found:
        lock.path.unlink(missing_ok=True)
        print(f"Removed the lock of {lock}")
    if not found:
        print(f"The stack {stack.name} is not locked")


def _config(options: argparse.Namespace) -> None:
    """As the CLI: a secret has no value unless it is asked for, and then needs no passphrase either."""
    stack = Stack.open(options.stack, options.cwd, SystemClock())
    config = stack.config if options.show_secrets else stack.settings.resolve(stack.project, lambda _: "[secret]")
    print(_json({key: _configured(config, key, secrets=options.show_secrets) for key in config.values}))


def _configured(config: Config, key: str, *, secrets: bool) -> Mapping[str, Any]:
    text, secret = config.values[key], key in config.secret_keys
    value = {} if secret and not secrets else {"value": text}
    if value and key in config.object_keys:
        value["objectValue"] = json.loads(text)
    return {**value, "secret": secret}


def _existing(options: argparse.Namespace) -> Stack:
    stack = Stack.open(options.stack, options.cwd, SystemClock())
    if not stack.exists:
        raise StackNotFound(f"no stack named '{stack.name}' found")
    return stack


def _json(value: Any, indent: int | None = 2) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False)


_ACTIONS: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "init": _init,
    "ls": _ls,
    "output": _output,
    "export": _export,
    "rm": _rm,
    "cancel": _cancel,
    "config": _config,
}
