"""1,000 resources in a new stack of a file:// backend: the embedded engine, and the Pulumi CLI where it is on PATH.

On the clock, and in turns; memory is that of all processes of a run together, at its highest.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from demo.stack import ROOT

RESOURCES: Final = 1_000
ROUNDS: Final = 5
_LOOK: Final = 0.2
_PROVIDER: Final = """
from typing import Any

from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class NothingProvider(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["text"], props)


class Nothing(Resource, module="bench", name="Nothing"):
    def __init__(self, name: str) -> None:
        super().__init__(NothingProvider(), name, {"text": name})
"""
_PROGRAM: Final = f"""
from nothing import Nothing

for number in range({RESOURCES}):
    Nothing(f"resource-{{number}}")
"""
_ENGINES: Final[Mapping[str, Sequence[str]]] = {
    "embedded": [sys.executable, "-m", "fcpin.engine"],
    "pulumi": ["pulumi", "--non-interactive"],
}


def up() -> Iterator[str]:
    """One line an engine: medians of seconds, and the most megabytes."""
    engines = [name for name, command in _ENGINES.items() if shutil.which(command[0])]
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
    for _ in range(ROUNDS):
        for name in engines:
            taken[name].append(_one(_ENGINES[name]))
    seconds = {name: statistics.median(one for one, _ in runs) for name, runs in taken.items()}
    for name in engines:
        most = max(megabytes for _, megabytes in taken[name])
        yield f"  {name:<28}{seconds[name]:>8.1f}{most:>8.0f}{seconds[name] / seconds['embedded']:>7.1f}"
    if "pulumi" not in engines:
        yield "  pulumi: left out, the Pulumi CLI is not on PATH"


def _one(command: Sequence[str]) -> tuple[float, float]:
    """Seconds and megabytes of an `up` in a stack of its own."""
    with tempfile.TemporaryDirectory(prefix="fcpin-bench-") as name:
        folder = Path(name)
        (folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (folder / "Pulumi.bench.yaml").write_text("config: {engine:providers: nothing}\n")
        (folder / "nothing.py").write_text(_PROVIDER)
        (folder / "__main__.py").write_text(_PROGRAM)
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}",
            "PULUMI_BACKEND_URL": f"file://{folder}",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
        }
        whole = [*command, "up", "--stack", "bench", "--yes", "--skip-preview"]
        if command[0] == "pulumi":
            init = [*command, "stack", "init", "bench"]
            subprocess.run(init, cwd=folder, env=environment, capture_output=True, check=True)
        begun = time.monotonic()
        with subprocess.Popen(whole, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as process:
            most = _Most(process.pid)
            code = process.wait()
            seconds = time.monotonic() - begun
        if code:
            raise RuntimeError(f"{' '.join(whole)}: exit {code}")
        return seconds, most.megabytes


class _Most:
    """The most memory that a process and its descendants had together."""

    def __init__(self, pid: int) -> None:
        self.megabytes = 0.0
        threading.Thread(target=self._watch, args=(psutil.Process(pid),), daemon=True).start()

    def _watch(self, process: psutil.Process) -> None:
        with suppress(psutil.NoSuchProcess):
            while process.status() != psutil.STATUS_ZOMBIE:
                resident = sum(map(_resident, [process, *process.children(recursive=True)]))
                self.megabytes = max(self.megabytes, resident / 1e6)
                time.sleep(_LOOK)


def _resident(process: psutil.Process) -> int:
    """Bytes; none of a process that has just ended."""
    with suppress(psutil.NoSuchProcess):
        return int(process.memory_info().rss)
    return 0
