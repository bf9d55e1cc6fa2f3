"""One run of an engine: a process with a folder of its own, which tells the next receiver what this one left behind.

1. What the engine says goes into files, which are read as they grow. So the process does not need us: whoever kills
   the receiver does not cut a deployment off.
2. The folder has the stack's name, and says which process is at work. It goes when that has ended.
3. What the plugins counted of their calls (fcpin.call_statistics) becomes part of this process's tally.
"""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import IO, Final, Self
from urllib.parse import quote

import psutil

from fcpin import call_statistics
from fcpin.clock import Clock, SystemClock
from fcpin.pinned_function.preview_cache import private
from fcpin.receiver.converge.base import Progress
from fcpin.receiver.errors import ConvergenceFailed, Interrupted, StackBusy

_LOOK: Final = 0.03
"""Seconds between two looks at what a process has said."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a process answered."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process of this machine: its number and when it started, because numbers come back."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """That of a process that was started just now; one that has ended already is gone whatever it started at."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return cls(pid, 0.0)

    @property
    def is_alive(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            return process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


class Runs:
    """The runs under way, at most one a stack. Thread-safe."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        """*folder* is made when it is needed, readable for this user alone; it must not be shared by machines."""
        self._folder, self._clock = folder, clock or SystemClock()
        self._under_way: set[subprocess.Popen[bytes]] = set()
        self._lock = Lock()
        self.stopping, self._given_up = Event(), Event()

    @contextmanager
    def begin(self, stack: str) -> Iterator["Run"]:
        """A run of *stack*. Raises StackBusy while one that a killed receiver began is at work, UnsafeFolder."""
        folder = private(self._folder) / quote(stack, safe="")
        left = _left(folder)
        if left is not None and left.is_alive:
            raise StackBusy(
                f"stack {stack}: a run that another receiver began (process {left.pid}) is still at work; it ends by "
                "itself, and what it deploys is not deployed again"
            )
        _clear(folder)
        (folder / _CALLS).mkdir(mode=0o700, parents=True)
        run = Run(self, stack, folder, left)
        try:
            yield run
        finally:
            if not run.is_alive:
                _clear(folder)

    def stop(self, within: float) -> None:
        """Have every process interrupted, and wait at most *within* seconds for them. Whatever is begun now, fails.

        A process that takes longer is left to end by itself: the next receiver finds its folder.
        """
        self.stopping.set()
        with self._lock:
            processes = set(self._under_way)
        for process in processes:
            process.send_signal(signal.SIGINT)
        deadline = self._clock.monotonic() + within
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - self._clock.monotonic()))
        self._given_up.set()

    def begun(self, process: subprocess.Popen[bytes]) -> None:
        """It is to be interrupted when the receiver is stopped."""
        with self._lock:
            self._under_way.add(process)
            if self.stopping.is_set():
                process.send_signal(signal.SIGINT)

    def has_ended(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether there is nothing to wait for any more."""
        if process.poll() is None:
            return self._given_up.is_set()
        with self._lock:
            self._under_way.discard(process)
        return True


class Run:
    """The folder of one run, and its processes one after the other."""

    def __init__(self, runs: Runs, stack: str, folder: Path, left: ProcessId | None) -> None:
        self._runs, self.stack = runs, stack
        self.folder = folder
        self.left = left
        """A process that a killed receiver began on the stack, and that was killed too: a lock may be there still."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether its process is still at work, although nobody waits for it any more."""
        return self._process is not None and self._process.poll() is None

    def execute(
        self, command: Sequence[str], cwd: Path, environment: Mapping[str, str], tell: Progress | None = None
    ) -> Ended:
        """Run *command* to its end, with what it says line by line for *tell*. Raises ConvergenceFailed.

        Raises Interrupted when the receiver was stopped meanwhile, unless the command succeeded all the same.
        """
        if self._runs.stopping.is_set():
            raise Interrupted(f"stack {self.stack}: not begun, since the receiver is being stopped")
        environment = {**environment, call_statistics.FOLDER: str(self.folder / _CALLS)}
        with ExitStack() as files:
            said = [files.enter_context((self.folder / name).open("w+b")) for name in ("stdout", "stderr")]
            try:
                self._process = process = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=said[0],
                    stderr=said[1],
                    process_group=0,  # a Ctrl-C is ours to pass on
                )
            except OSError as error:
                raise ConvergenceFailed(f"{command[0]} cannot be started: {error.strerror}") from None
            _note(self.folder, ProcessId.of(process.pid))
            self._runs.begun(process)
            stdout, stderr = self._follow(process, [self.folder / "stdout", self.folder / "stderr"], tell)
        code = process.poll()
        if code is None or (code != 0 and self._runs.stopping.is_set()):
            raise Interrupted(f"stack {self.stack}: interrupted, since the receiver is being stopped")
        return Ended(code, stdout, stderr)

    def _follow(self, process: subprocess.Popen[bytes], files: Sequence[Path], tell: Progress | None) -> Sequence[str]:
        with ExitStack() as stack:
            lines = [_Lines(stack.enter_context(file.open("rb")), tell) for file in files]
            while True:
                ended = self._runs.has_ended(process)
                for one in lines:
                    one.read(last=ended)
                if ended:
                    return [one.text for one in lines]
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK)


class _Lines:
    """A file that grows."""

    def __init__(self, file: IO[bytes], tell: Progress | None) -> None:
        self._file, self._tell = file, tell
        self._read, self._partial = bytearray(), b""

    @property
    def text(self) -> str:
        """All of it until now."""
        return self._read.decode(errors="replace")

    def read(self, *, last: bool) -> None:
        new = self._file.read()
        self._read += new
        *lines, self._partial = (self._partial + new).split(b"\n")
        for line in [*lines, self._partial] if last and self._partial else lines:
            if self._tell and (said := line.decode(errors="replace").rstrip()):
                self._tell(said)


_CALLS: Final = "calls"
_PROCESS: Final = "process.json"


def _note(folder: Path, process: ProcessId) -> None:
    partial = folder / f"{_PROCESS}.partial"
    partial.write_text(json.dumps([process.pid, process.started]))
    partial.replace(folder / _PROCESS)


def _left(folder: Path) -> ProcessId | None:
    try:
        pid, started = json.loads((folder / _PROCESS).read_text())
        return ProcessId(int(pid), float(started))
    except (OSError, ValueError, TypeError):
        return None


def _clear(folder: Path) -> None:
    call_statistics.calls.add(call_statistics.collect(folder / _CALLS))
    shutil.rmtree(folder, ignore_errors=True)
