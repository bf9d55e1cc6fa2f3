"""The two child processes, the user's program and the dynamic provider plugin, from both ends.

The standard input is the tether: nothing is ever written to it, and when it closes, the engine has ended, however that
came about, and the child's process group ends with it. Run as a script this is the child.
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
from typing import IO, NoReturn, cast


class Child(contextlib.AbstractContextManager["Child"]):
    """A process of this engine, in a process group of its own so that Ctrl-C reaches the engine alone."""

    def __init__(self, kind: str, argument: str, folder: Path, environment: Mapping[str, str]) -> None:
        unproxied = filter(None, ["127.0.0.1", os.environ.get("no_grpc_proxy") or os.environ.get("no_proxy")])  # noqa: SIM112
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-u", __file__, kind, argument],
            cwd=folder,
            env={**os.environ, "no_grpc_proxy": ",".join(unproxied), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            errors="replace",
            process_group=0,
        )
        self._output = cast("IO[str]", self._process.stdout)

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

        reader = threading.Thread(target=pump, daemon=True)
        reader.start()
        return reader

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
        cast("IO[str]", self._process.stdin).close()


def _hold_to_the_engine() -> None:
    """From here on the standard input is empty, for the user's code and for what that starts."""
    tether = os.dup(0)
    with open(os.devnull) as empty:  # noqa: PTH123 - as plain as it gets
        os.dup2(empty.fileno(), 0)

    def end_with_it() -> None:
        with contextlib.suppress(OSError):
            os.read(tether, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=end_with_it, daemon=True).start()


def _run_plugin(engine: str) -> None:
    """`python -m pulumi.dynamic <address of the engine>`."""
    sys.argv = ["", engine]
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)


def _run_program(settings: str) -> NoReturn:
    """What the CLI's pulumi-language-python-exec does: configure the SDK, run the program inside a stack resource.

    *settings* are those of `pulumi.runtime.Settings`, as JSON.
    """
    import asyncio
    import logging
    from concurrent.futures import ThreadPoolExecutor

    import pulumi
    from pulumi import runtime

    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    given = json.loads(settings)
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
    _hold_to_the_engine()
    {"program": _run_program, "plugin": _run_plugin}[sys.argv[1]](sys.argv[2])
