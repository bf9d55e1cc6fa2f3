"""One phase of a run: a new program process and a new plugin process, brought together and ended again."""

import contextlib
import json
from argparse import Namespace
from threading import Event

from engine import checkpoint
from engine.child import Child
from engine.deployment import Deployment
from engine.display import Display
from engine.errors import Unsupported
from engine.ledger import Ledger
from engine.monitor import Services, new_server
from engine.plugin import Plugin
from engine.stack import Stack
from engine.state import DYNAMIC_PREFIX
from engine.values import has_secret, reveal
from engine.work import Work, delete_remaining, refresh

_PENDING = (
    "Attempting to deploy or update resources with {} pending operations from previous deployment.{}\n"
    "This run goes on from what the state has: what was being created is registered anew."
)


def run_phase(stack: Stack, options: Namespace, display: Display, stopping: Event, *, preview: bool) -> None:
    """Do it, and show it; the display knows how it went. Raises EngineError when the state cannot be used."""
    before = checkpoint.read(stack.path)
    known = {state.urn for state in before.resources}
    for state in before.resources:
        if state.is_managed and (not state.type.startswith(DYNAMIC_PREFIX) or state.other.get("external")):
            raise Unsupported(f"the resource {state.urn} in the state (expected Python dynamic resources)")
    pending = [f"\n  * {one.state.urn}, interrupted while {one.kind}" for one in before.operations]
    if pending and (preview or options.skip_preview):
        display.log("warning", _PENDING.format(len(pending), "".join(pending)))
    updates = options.command in ("preview", "up")
    server, address = new_server()
    environment = {"PULUMI_PROJECT": stack.project.name, "PULUMI_CONFIG": "{}"}
    with Child("plugin", address, stack.project.program, environment) as child, contextlib.ExitStack() as ending:
        ledger = Ledger(before, None if preview else stack.write)
        provider = Plugin(child, stack.config, display.output)
        work = Work(ledger, provider, display, preview, targets=options.target, stopping=stopping)
        deployment = Deployment(work, stack.name, stack.project.name, stack.config)
        Services(deployment, work, stack).serve(server)
        ending.callback(server.stop, 0)
        ending.callback(deployment.close)
        if not updates:
            _refuse_targets(work, known)
        if (options.command == "refresh" or options.refresh) and not work.is_over:
            refresh(work)
        if updates and not work.is_over:
            display.steps.clear()  # those of the refresh
            _run_program(stack, work, address)
            deployment.close()
            _refuse_targets(work, known | deployment.registered)
        if options.command != "refresh" and not work.is_over:
            delete_remaining(work)
        ledger.commit()
    display.summary(*deployment.stack_outputs)


def _refuse_targets(work: Work, known: set[str]) -> None:
    for urn in sorted(set(work.targets) - known) if not work.is_over else ():
        work.display.log("error", f"--target {urn}: the stack has no such resource")


def _run_program(stack: Stack, work: Work, address: str) -> None:
    names = {"organization": "organization", "project": stack.project.name, "stack": stack.name}
    addresses = {"monitor": address, "engine": address, "root_directory": str(stack.project.root)}
    settings = {**names, **addresses, "parallel": work.parallel, "dry_run": work.preview}
    secret_keys = json.dumps([key for key, text in stack.config.items() if has_secret(text)])
    environment = {"PULUMI_CONFIG": json.dumps(reveal(stack.config)), "PULUMI_CONFIG_SECRET_KEYS": secret_keys}
    with Child("program", json.dumps(settings), stack.project.program, environment) as program:
        code = program.wait(work.display.output)
    if code and not work.is_over:
        work.display.log("error", f"the program ended with exit code {code}")
