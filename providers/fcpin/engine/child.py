"""The two child processes: the user's program and the dynamic provider plugin, parent and child side.

The first line of the child's standard input is its task as JSON of any size. Nothing else is written to it: when it
closes, the engine has ended, and the child's process group is killed. Run as a script this file is the child.
"""

import contextlib
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, NoReturn, cast


class Child(contextlib.AbstractContextManager["Child"]):
    """A process of this engine, in a process group of its own so that Ctrl-C reaches the engine alone."""

    def __init__(self, kind: str, task: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> None:
        """*task*: what `_run_program` or `_run_plugin` reads; secrets may be in it, and in no argument or variable."""
        unproxied = filter(None, ["127.0.0.1", os.environ.get("no_grpc_proxy") or os.environ.get("no_proxy")])  # noqa: SIM112
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-u", __file__, kind],
            cwd=folder,
            env={**os.environ, "no_grpc_proxy": ",".join(unproxied), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            errors="replace",
            process_group=0,
        )
        self._output = cast("IO[str]", self._process.stdout)
        self._reader: threading.Thread | None = None
        with contextlib.suppress(BrokenPipeError):  # it has ended already; its output has the reason
            stdin = cast("IO[str]", self._process.stdin)
            stdin.write(f"{json.dumps(task)}\n")
            stdin.flush()

    def port(self, show: Callable[[str], None]) -> str:
        """The number that the plugin prints when it is ready, or an empty text when it ended instead."""
        for line in self._output:
            if line.strip().isdigit():
                return line.strip()
            show(line.rstrip())
        return ""

    def pass_on(self, show: Callable[[str], None]) -> threading.Thread:
        """Give every line that it prints from now on to *show*, which is called in the thread."""

        def pump() -> None:
            for line in self._output:
                show(line.rstrip())

        self._reader = threading.Thread(target=pump, daemon=True)
        self._reader.start()
        return self._reader

    def wait(self, show: Callable[[str], None]) -> int:
        """Its exit code, after all that it printed has been passed on to *show*."""
        reader = self.pass_on(show)
        code = self._process.wait()
        reader.join(1)  # a grandchild may hold the pipe open
        return code

    def __exit__(self, *_: object) -> None:
        """End its whole process group: ask, wait two seconds, then kill."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
        with contextlib.suppress(BrokenPipeError):
            cast("IO[str]", self._process.stdin).close()
        if self._reader is None:  # else it reads to the end, and a grandchild may hold the pipe open
            self._output.close()


def _read_task() -> Mapping[str, Any]:
    """Read the task. From here on the standard input is empty, for the user's code and for its children."""
    parent = os.dup(0)
    task = b""
    while not task.endswith(b"\n") and (part := os.read(parent, 2**20)):
        task += part
    with open(os.devnull) as empty:  # noqa: PTH123 - as plain as it gets
        os.dup2(empty.fileno(), 0)

    def end_with_the_engine() -> None:
        with contextlib.suppress(OSError):
            os.read(parent, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=end_with_the_engine, daemon=True).start()
    return dict(json.loads(task or b"{}"))


def _run_plugin(task: Mapping[str, Any]) -> None:
    """`python -m pulumi.dynamic <address of the engine>`."""
    sys.argv = ["", task["engine"]]
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)


def _run_program(task: Mapping[str, Any]) -> NoReturn:
    """What the CLI's pulumi-language-python-exec does: configure the SDK, run the program inside a stack resource.

    `settings` are those of `pulumi.runtime.Settings`, `config` and `secret_keys` the stack's configuration. The CLI
    passes the latter as variables of the environment, where the system allows 128 KB at most.
    """
    import asyncio
    import logging
    from concurrent.futures import ThreadPoolExecutor

    import pulumi
    from pulumi import runtime

    for key, text in task["config"].items():
        runtime.set_config(key, text)  # for threads of the program, which have a context of their own
    runtime.set_all_config(task["config"], task["secret_keys"])
    given = task["settings"]
    runtime.configure(runtime.Settings(**given))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # complaints about what a failed program left unawaited
    sys.argv = ["."]
    runner = asyncio.Runner()
    runner.get_loop().set_default_executor(ThreadPoolExecutor(max_workers=given["parallel"] * 4))
    code = 1
    try:
        runner.run(runtime.run_in_stack(_program))
        code = 0
    except Exception as error:
        unexpected = f"Program failed with an unhandled exception:\n{_users_traceback()}"
        pulumi.log.error(str(error) if isinstance(error, pulumi.RunError) else unexpected)
    os._exit(code)  # threads that still wait for an answer of the engine would hold an ordinary exit up


def _program() -> None:
    runpy.run_path(".", run_name="__main__")


def _users_traceback() -> str:
    """The current traceback from the first frame that is the user's."""
    import traceback

    frames = [os.path.abspath(frame.filename) for frame in traceback.extract_tb(sys.exc_info()[2])]  # noqa: PTH100
    main = os.path.abspath("__main__.py")  # noqa: PTH100 - as the frames spell it
    return traceback.format_exc(limit=-len(frames[frames.index(main) if main in frames else 0 :]))


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - started with -P, so that this directory is not on the path
    {"program": _run_program, "plugin": _run_plugin}[sys.argv[1]](_read_task())
