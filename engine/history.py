"""The record of each run, as `pulumi stack history` reads it."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.backend import Backend
from engine.crypter import Crypter
from engine.project import Config


@dataclass(frozen=True)
class Run:
    """One update, refresh or destroy that has ended. Times are seconds since 1970."""

    kind: str
    started: float
    ended: float
    succeeded: bool
    changes: Mapping[str, int]


def record(backend: Backend, project: str, stack: str, run: Run, config: Config, crypter: Crypter) -> None:
    """Write *run* and a copy of the state as it left it."""
    base = backend.history_directory(project, stack) / f"{stack}-{time.time_ns()}"
    values = {
        key: {"secure": crypter.encrypt(text)} if key in config.secret_keys else text
        for key, text in sorted(config.values.items())
    }
    document = {
        "kind": run.kind,
        "startTime": int(run.started),
        "message": "",
        "environment": {"exec.kind": "embedded"},
        "config": values,
        "version": 0,
        "result": "succeeded" if run.succeeded else "failed",
        "endTime": int(run.ended),
        "resourceChanges": dict(run.changes),
    }
    state = backend.state_file(project, stack)
    backend.write(Path(f"{base}.history.json"), json.dumps(document, indent=4))
    backend.write(Path(f"{base}.checkpoint.json"), state.read_text(encoding="utf-8"))
