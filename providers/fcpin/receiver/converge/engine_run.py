"""One run of an engine: a process with a folder of its own, by which the next receiver recognises a cut-off run.

1. The engine writes into files, which are read as they grow. So the process does not need the receiver: killing the
   receiver does not stop a deployment.
2. The folder has the stack's name, and names the process that runs. It is removed when that has ended.
3. The API calls that the plugins counted are added to those of this process.
"""

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import IO, Final, Self, TypeAlias
from urllib.parse import quote

import psutil

from fcpin import call_statistics
from fcpin.clock import Clock, SystemClock
from fcpin.pinned_function.preview_cache import private
from fcpin.receiver.errors import ConvergenceFailed, Interrupted, StackBusy

Progress: TypeAlias = Callable[[str], None]
"""Takes each line that an engine prints, when it prints it."""

_POLL: Final = 0.03
"""Seconds between two reads of what a process has printed."""
_CALLS: Final = "calls"
_PROCESS: Final = "process.json"


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process of this machine: its id and when it started, because ids are reused."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """Of a process that was just started; the start time of one that has ended does not matter."""
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
        """*folder* is created on demand, readable for this user alone; machines must not share it."""
        self._folder, self._clock = folder, clock or SystemClock()
        self._under_way: set[subprocess.Popen[bytes]] = set()
        self._lock = Lock()
        self.stopping, self._given_up = Event(), Event()

    @contextmanager
    def begin(self, stack: str) -> Iterator["Run"]:
        """A run of *stack*. Raises StackBusy while one that a killed receiver began still runs, UnsafeFolder."""
        folder = private(self._folder) / quote(stack, safe="")
        left = _read_process(folder)
        if left is not None and left.is_alive:
            raise StackBusy(
                f"stack {stack}: a run of another receiver (process {left.pid}) is still in progress; the job "
                "continues when it has ended"
            )
        _clear(folder)
        (folder / _CALLS).mkdir(mode=0o700, parents=True)
        run = Run(self, stack, folder, left)
        try:
            yield run
        finally:
            if not run.is_alive:
                _clear(folder)

    def stop(self, seconds: float) -> None:
        """Interrupt every process, and wait at most *seconds* for them. No run can begin any more.

        A process that takes longer ends by itself: the next receiver finds its folder.
        """
        self.stopping.set()
        with self._lock:
            processes = set(self._under_way)
        for process in processes:
            process.send_signal(signal.SIGINT)
        deadline = self._clock.monotonic() + seconds
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - self._clock.monotonic()))
        self._given_up.set()

    def begun(self, process: subprocess.Popen[bytes]) -> None:
        """*process* is interrupted when the receiver is stopped."""
        with self._lock:
            self._under_way.add(process)
            if self.stopping.is_set():
                process.send_signal(signal.SIGINT)

    def has_ended(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether *process* is no longer waited for."""
        if process.poll() is None:
            return self._given_up.is_set()
        with self._lock:
            self._under_way.discard(process)
        return True


class Run:
    """The folder of one run, and its processes one after the other."""

    def __init__(self, runs: Runs, stack: str, folder: Path, killed: ProcessId | None) -> None:
        self._runs, self.stack = runs, stack
        self.folder = folder
        self.killed = killed
        """A process that a killed receiver began on the stack, and that was killed too: its lock may be left."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether its process still runs, although it is no longer waited for."""
        return self._process is not None and self._process.poll() is None

    def execute(
        self, command: Sequence[str], cwd: Path, environment: Mapping[str, str], progress: Progress | None = None
    ) -> Ended:
        """Run *command* to its end. Raises ConvergenceFailed when it cannot be started.

        Raises Interrupted when the receiver was stopped meanwhile, unless the command succeeded.
        """
        if self._runs.stopping.is_set():
            raise Interrupted(f"stack {self.stack}: not started, because the receiver is being stopped")
        environment = {**environment, call_statistics.FOLDER: str(self.folder / _CALLS)}
        with ExitStack() as files:
            output = [files.enter_context((self.folder / name).open("w+b")) for name in ("stdout", "stderr")]
            try:
                self._process = process = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output[0],
                    stderr=output[1],
                    process_group=0,  # Ctrl-C reaches the receiver alone
                )
            except OSError as error:
                raise ConvergenceFailed(f"{command[0]} cannot be started: {error.strerror}") from None
            _write_process(self.folder, ProcessId.of(process.pid))
            self._runs.begun(process)
            stdout, stderr = self._follow(process, [self.folder / "stdout", self.folder / "stderr"], progress)
        code = process.poll()
        if code is None or (code != 0 and self._runs.stopping.is_set()):
            raise Interrupted(f"stack {self.stack}: interrupted, because the receiver is being stopped")
        return Ended(code, stdout, stderr)

    def _follow(
        self, process: subprocess.Popen[bytes], files: Sequence[Path], progress: Progress | None
    ) -> Sequence[str]:
        with ExitStack() as stack:
            lines = [_Lines(stack.enter_context(file.open("rb")), progress) for file in files]
            while True:
                ended = self._runs.has_ended(process)
                for one in lines:
                    one.read(last=ended)
                if ended:
                    return [one.text for one in lines]
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL)


class _Lines:
    """A file that grows."""

    def __init__(self, file: IO[bytes], progress: Progress | None) -> None:
        self._file, self._progress = file, progress
        self._read, self._partial = bytearray(), b""

    @property
    def text(self) -> str:
        return self._read.decode(errors="replace")

    def read(self, *, last: bool) -> None:
        new = self._file.read()
        self._read += new
        *lines, self._partial = (self._partial + new).split(b"\n")
        for line in [*lines, self._partial] if last and self._partial else lines:
            if self._progress and (text := line.decode(errors="replace").rstrip()):
                self._progress(text)


def _write_process(folder: Path, process: ProcessId) -> None:
    partial = folder / f"{_PROCESS}.partial"
    partial.write_text(json.dumps([process.pid, process.started]))
    partial.replace(folder / _PROCESS)


def _read_process(folder: Path) -> ProcessId | None:
    try:
        pid, started = json.loads((folder / _PROCESS).read_text())
        return ProcessId(int(pid), float(started))
    except (OSError, ValueError, TypeError):
        return None


def _clear(folder: Path) -> None:
    call_statistics.calls.add(call_statistics.collect(folder / _CALLS))
    shutil.rmtree(folder, ignore_errors=True)
