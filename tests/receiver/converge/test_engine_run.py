"""A run of an engine: read line by line, interrupted when the receiver stops, found by the next receiver."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fcpin import call_statistics
from fcpin.call_statistics import Call, Outcome
from fcpin.pinned_function.preview_cache import UnsafeFolder
from fcpin.receiver.converge.engine_run import Ended, ProcessId, Run, Runs
from fcpin.receiver.errors import ConvergenceFailed, Interrupted, StackBusy

WAITS = (
    "import signal, time; signal.signal(signal.SIGINT, lambda *_: exit(8)); print('here', flush=True); time.sleep(60)"
)
RECEIVER = """
import os, sys
from pathlib import Path
from fcpin.receiver.converge.engine_run import Runs

with Runs(Path(sys.argv[1])).begin("dev") as run:
    run.execute([sys.executable, "-c", sys.argv[2]], Path.cwd(), os.environ, lambda _: print("read", flush=True))
"""
IGNORES = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs")


def python(run: Run, code: str, progress: Callable[[str], None] | None = None) -> Ended:
    return run.execute([sys.executable, "-c", code], Path.cwd(), os.environ, progress)


class Worker:
    """Another thread that runs *code* to its end; what it raised is kept."""

    def __init__(self, runs: Runs, code: str) -> None:
        self.raised: Exception | None = None
        self._runs, self._code, self._began = runs, code, threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        assert self._began.wait(10)

    def _work(self) -> None:
        try:
            with self._runs.begin("dev") as run:
                python(run, self._code, lambda _: self._began.set())
        except Exception as error:
            self.raised = error

    def end(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()


def test_lines_are_read_while_the_process_runs(runs: Runs) -> None:
    lines = list[str]()
    code = "import sys; print('one\\ntwo', flush=True); sys.stdin.read(); print('grüße', file=sys.stderr); print('end', end=''); exit(3)"
    with runs.begin("dev") as run:
        ended = python(run, code, lines.append)
    assert lines[:2] == ["one", "two"]
    assert sorted(lines[2:]) == ["end", "grüße"]
    assert (ended.code, ended.stdout, ended.stderr) == (3, "one\ntwo\nend", "grüße\n")


def test_a_program_that_is_not_there(runs: Runs) -> None:
    with pytest.raises(ConvergenceFailed, match="nowhere"), runs.begin("dev") as run:
        run.execute(["nowhere"], Path.cwd(), os.environ)


def test_api_calls_of_its_processes_are_counted(runs: Runs) -> None:
    count = "from fcpin.call_statistics import Outcome, calls; calls.count('fc', 'TestOfRuns', Outcome.OK)"
    with runs.begin("dev") as run:
        python(run, count)
    assert call_statistics.calls.counts()[Call("fc", "TestOfRuns", Outcome.OK)] == 1


def test_the_folder_is_private_and_removed_with_the_run(runs: Runs, tmp_path: Path) -> None:
    with runs.begin("organization/shop/dev") as run:
        assert run.folder.parent == tmp_path / "runs"
        assert (tmp_path / "runs").stat().st_mode & 0o077 == 0
    assert list((tmp_path / "runs").iterdir()) == []
    (tmp_path / "runs").chmod(0o755)
    with pytest.raises(UnsafeFolder), runs.begin("dev"):
        pass


def test_a_receiver_that_stops_interrupts_its_runs(runs: Runs, tmp_path: Path) -> None:
    worker = Worker(runs, WAITS)
    runs.stop(10)
    worker.end()
    assert isinstance(worker.raised, Interrupted)
    assert list((tmp_path / "runs").iterdir()) == []
    with pytest.raises(Interrupted, match="not started"), runs.begin("dev") as run:
        python(run, "")


def test_a_process_that_ignores_the_interrupt_is_left_to_the_next_receiver(runs: Runs, tmp_path: Path) -> None:
    worker = Worker(runs, IGNORES)
    runs.stop(0.05)
    worker.end()
    assert isinstance(worker.raised, Interrupted)
    pid, _ = json.loads((tmp_path / "runs" / "dev" / "process.json").read_text())
    successor = Runs(tmp_path / "runs")
    with pytest.raises(StackBusy, match=f"process {pid}"), successor.begin("dev"):
        pass
    os.kill(pid, signal.SIGKILL)
    runs.stop(10)
    with successor.begin("dev") as run:
        assert run.killed is not None
        assert run.killed.pid == pid


def test_a_killed_receiver_does_not_stop_a_run(tmp_path: Path) -> None:
    go_on, done = tmp_path / "go-on", tmp_path / "done"
    for pipe in (go_on, done):
        os.mkfifo(pipe)
    work = f"print('line', flush=True); open({str(go_on)!r}).read(); print('line', flush=True); open({str(done)!r}, 'w').write('done')"
    command = [sys.executable, "-c", RECEIVER, str(tmp_path / "runs"), work]
    receiver = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert receiver.stdout is not None
    assert receiver.stdout.readline() == b"read\n"
    receiver.kill()
    receiver.communicate()
    go_on.write_text("")
    assert done.read_text() == "done"


def test_a_reused_process_id_is_another_process() -> None:
    mine = ProcessId.of(os.getpid())
    assert mine.is_alive
    assert not ProcessId(mine.pid, mine.started - 1).is_alive
    assert not ProcessId.of(2**22 - 1).is_alive
