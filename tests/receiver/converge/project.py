"""A project that is converged: its stack, its cloud, and the converger, with the verbs of the cases."""

import json
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from fcpin.emulator import Emulator
from fcpin.receiver.converge.converger import EngineConverger
from fcpin.receiver.converge.engine_run import ProcessId
from fcpin.stack import Engine, StackPin
from tests.lifecycle.stack_harness import StackHarness
from tests.support.stack import Stack

FUNCTIONS = ("basket", "checkout", "search")


@dataclass
class Project:
    """A stack with a function and a tag family of its own for each of FUNCTIONS, deployed once."""

    shop: StackHarness
    converger: EngineConverger
    runs: Path
    printed: list[str] = field(default_factory=list)
    """Lines of the engine."""
    pushes: int = 0

    @classmethod
    def deployed(cls, folder: Path, engine: str, cloud: Emulator) -> Self:
        shop = StackHarness.open(Stack(folder / "project", engine), cloud)
        shop.configure({name: shop.entry(function_name=name, policy={"family": {"name": name}}) for name in FUNCTIONS})
        for name in FUNCTIONS:
            shop.push(f"{name}-0")
        shop.up()
        return cls(shop, cls.converger_of(shop, folder / "runs"), folder / "runs")

    @staticmethod
    def engine_of(shop: StackHarness) -> Engine:
        return Engine.find(shop.stack.engine, shop.stack.folder, shop.stack.process_environment())

    @classmethod
    def converger_of(cls, shop: StackHarness, runs: Path) -> EngineConverger:
        return EngineConverger.find(cls.engine_of(shop), runs)

    def restarted(self) -> EngineConverger:
        """As the next receiver has it."""
        return self.converger_of(self.shop, self.runs)

    def push(self, name: str) -> str:
        """The next tag of the family; `tag@digest`."""
        self.pushes += 1
        tag = f"{name}-{self.pushes}"
        return f"{tag}@{self.shop.push(tag)}"

    def pins(self, *names: str) -> Sequence[StackPin]:
        return [pin for pin in self.converger.pins("test") if pin.name in names]

    def outputs(self) -> dict[str, str]:
        """`images`, as the program exports it: without the repository."""
        images = json.loads(self.shop.stack.run("stack output images", "--json").output)
        return {name: str(image).rpartition(":app:")[2].rpartition("/app:")[2] for name, image in images.items()}

    def locks(self) -> list[int]:
        """Ids of the processes that hold the stack."""
        files = (self.shop.stack.folder / "state" / ".pulumi" / "locks").rglob("*.json")
        return [json.loads(file.read_text())["pid"] for file in files]

    def begin_by_hand(self) -> subprocess.Popen[bytes]:
        """An `up` of the whole stack by another process, which hangs as soon as it holds the stack."""
        process = subprocess.Popen(
            self.shop.stack.command("up", "--yes", "--skip-preview"),
            cwd=self.shop.stack.folder,
            env=self.shop.stack.process_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not self.locks():
            assert process.poll() is None, "it ended without a lock"
            time.sleep(0.01)
        process.send_signal(signal.SIGSTOP)
        return process

    def recorded_as_run(self, pid: int) -> None:
        """As a receiver that is gone has recorded the process that it began."""
        folder, process = self.runs / "test", ProcessId.of(pid)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "process.json").write_text(json.dumps([process.pid, process.started]))
