"""One phase of a run: a new program process and a new plugin process, brought together and ended again."""

import json
import threading
from collections.abc import Collection, Set
from dataclasses import dataclass
from typing import Literal

from engine.changes import compare, shown
from engine.checkpoint import Checkpoint
from engine.deletes import Deletes, plan_deletes
from engine.deployment import Deployment, Settings
from engine.display import Display
from engine.errors import Unsupported
from engine.ledger import Ledger
from engine.monitor import Server, Services
from engine.plugin import Plugin
from engine.processes import Children
from engine.refresh import Refresh
from engine.stack import Stack
from engine.state import DYNAMIC_PREFIX
from engine.values import Properties

Kind = Literal["update", "refresh", "destroy"]


@dataclass(frozen=True)
class Options:
    """What the command line asked for."""

    kind: Kind
    preview: bool
    parallel: int = 16
    targets: Collection[str] = ()
    refresh: bool = False
    """Before an update."""


class Phase:
    """Runs once. *stopping* may be set at any moment, by a signal: nothing new is started then."""

    def __init__(
        self, stack: Stack, options: Options, display: Display, children: Children, stopping: threading.Event
    ) -> None:
        self._stack = stack
        self._options = options
        self._display = display
        self._children = children
        self._stopping = stopping
        self._plugin = Plugin(children.plugin, stack.config, display.output)
        self._store = None if options.preview else stack.writer()
        self._outputs: tuple[Properties, Properties] = ({}, {})

    def run(self) -> None:
        """Do it, and show it; the display knows how it went. Raises EngineError when the state cannot be used."""
        before = self._stack.read()
        _refuse_foreign(before)
        self._warn_of(before)
        ledger = Ledger(before, self._store)
        settings = Settings(
            stack=self._stack.name,
            project=self._stack.project.name,
            config=self._stack.config,
            preview=self._options.preview,
            parallel=self._options.parallel,
            targets=frozenset(self._options.targets),
        )
        deployment = Deployment(settings, ledger, self._plugin, self._display, self._stack.clock, self._stopping)
        services = Services(deployment, self._display, settings.stack, settings.project)
        server = Server(services, settings.parallel)
        try:
            self._start_plugin(server.address)
            if self._options.kind == "update":
                self._update(deployment, ledger, server.address)
            else:
                self._without_program(ledger)
            ledger.commit()
        finally:
            deployment.close()
            server.stop()
        self._summary()

    def _warn_of(self, before: Checkpoint) -> None:
        """The operations of a killed run, in the CLI's words."""
        if before.operations:
            lines = [
                f"  * {operation.state.urn}, interrupted while {operation.kind}" for operation in before.operations
            ]
            count = len(lines)
            self._display.log(
                "warning",
                f"Attempting to deploy or update resources with {count} pending operations from previous deployment.\n"
                + "\n".join(lines)
                + "\nThis run goes on from what the state has: what was being created is registered anew.",
            )

    def _start_plugin(self, address: str) -> None:
        environment = {"PULUMI_PROJECT": self._stack.project.name, "PULUMI_CONFIG": "{}"}
        if self._stack.project.virtualenv:
            environment["PULUMI_RUNTIME_VIRTUALENV"] = self._stack.project.virtualenv
        self._children.plugin.begin({"engine": address}, environment)

    def _update(self, deployment: Deployment, ledger: Ledger, address: str) -> None:
        known = {state.urn for state in ledger.remaining()}
        if self._options.refresh:
            self._refresh(ledger)
            self._display.counts.clear()
        if not self._is_over():
            self._run_program(address)
        deployment.close()
        self._outputs = deployment.stack_outputs or self._outputs
        if not self._is_over():
            self._refuse_targets(known | deployment.registered)
        if self._is_over():
            return
        ledger.settle()
        self._delete(ledger)

    def _without_program(self, ledger: Ledger) -> None:
        self._refuse_targets({state.urn for state in ledger.remaining()})
        if self._is_over():
            return
        if self._options.kind == "refresh":
            self._refresh(ledger)
        else:
            self._delete(ledger)

    def _is_over(self) -> bool:
        return bool(self._display.errors) or self._stopping.is_set()

    def _refuse_targets(self, known: Set[str]) -> None:
        for urn in sorted(set(self._options.targets) - known):
            self._display.error(f"--target {urn}: the stack has no such resource")

    def _refresh(self, ledger: Ledger) -> None:
        refresh = Refresh(
            ledger,
            self._plugin,
            self._display,
            self._stack.clock,
            self._stopping,
            preview=self._options.preview,
            before_update=self._options.kind == "update",
        )
        refresh.run(self._options.parallel, self._options.targets)

    def _delete(self, ledger: Ledger) -> None:
        plan = plan_deletes(ledger.remaining(), ledger.registered(), self._options.targets)
        deletes = Deletes(ledger, self._plugin, self._display, self._stopping, preview=self._options.preview)
        deletes.run(plan, self._options.parallel)

    def _run_program(self, address: str) -> None:
        program = self._children.program
        assert program is not None  # noqa: S101 - an update has one
        config, project = self._stack.config, self._stack.project
        settings = {
            "engine": address,
            "project": project.name,
            "stack": self._stack.name,
            "parallel": self._options.parallel,
            "dry_run": self._options.preview,
            "root": str(project.root),
        }
        environment = {
            "PULUMI_CONFIG": json.dumps(config.values),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(sorted(config.secret_keys)),
        }
        program.begin(settings, environment)
        program.pass_on("stdout", self._display.output)
        program.pass_on("stderr", self._display.output)
        code = program.wait()
        if code and not self._display.errors and not self._stopping.is_set():
            self._display.error(f"the program ended with exit code {code}")

    def _summary(self) -> None:
        before, after = self._outputs
        changes = compare(before, after)
        changed = {change.key for change in changes}
        self._display.summary(changes, {key: shown(value) for key, value in after.items() if key not in changed})


def _refuse_foreign(before: Checkpoint) -> None:
    """Raises Unsupported if the state has resources of which this engine cannot take care."""
    for state in before.resources:
        if state.is_managed and (not state.type.startswith(DYNAMIC_PREFIX) or state.other.get("external")):
            raise Unsupported(f"the resource {state.urn} in the state (expected Python dynamic resources)")
