"""What runs inside the two child processes: the user's program, and the dynamic provider plugin.

Started as a script, before the engine has done its own imports: the child does the slow imports meanwhile and then
waits on its standard input for one line of JSON, its settings. That pipe is also the tether: when it closes, the
engine has ended, however that came about, and the child's process group ends with it.
"""

import contextlib
import json
import os
import runpy
import signal
import sys
import threading
from typing import Any, NoReturn


def _settings() -> dict[str, Any]:
    """The one line. After it the standard input is empty, for the user's code and for what that starts."""
    line = sys.stdin.readline()
    if not line:
        sys.exit(1)
    settings: dict[str, Any] = json.loads(line)
    os.environ.update(settings.pop("environment"))
    tether = os.dup(0)
    with open(os.devnull) as empty:  # noqa: PTH123 - pathlib would be one more import before the slow ones
        os.dup2(empty.fileno(), 0)
    threading.Thread(target=_end_with_the_engine, args=(tether,), daemon=True).start()
    return settings


def _end_with_the_engine(tether: int) -> None:
    with contextlib.suppress(OSError):
        os.read(tether, 1)
    os.killpg(0, signal.SIGKILL)


def run_plugin() -> None:
    """`python -m pulumi.dynamic <address of the engine>`."""
    settings = _settings()
    sys.argv = ["", settings["engine"]]
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)


def run_program() -> NoReturn:
    """What the CLI's pulumi-language-python-exec does: configure the SDK, run the program inside a stack resource."""
    import asyncio
    import logging
    from concurrent.futures import ThreadPoolExecutor

    import pulumi
    from pulumi import runtime

    settings = _settings()
    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    engine = settings.pop("engine")
    runtime.configure(runtime.Settings(monitor=engine, engine=engine, organization="organization", **settings))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # complaints about what a failed program left unawaited
    sys.argv = ["."]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(max_workers=settings["parallel"] * 4))
    code = 1
    try:
        loop.run_until_complete(runtime.run_in_stack(_program))
        code = 0
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
    except Exception:
        pulumi.log.error(f"Program failed with an unhandled exception:\n{_users_traceback()}")
    sys.stdout.flush()
    sys.stderr.flush()
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
    {"program": run_program, "plugin": run_plugin}[sys.argv[1]]()
