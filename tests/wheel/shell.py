"""A shell in an empty folder that sees nothing of this repository, for a person's commands one after the other."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from threading import Timer
from typing import Final, Self

_LONGEST: Final = 240.0
"""Seconds until everything that the shell has started is killed."""
_END: Final = "\x1e"
_OURS: Final = re.compile(r"(ALIBABA_?CLOUD|ALICLOUD|FCPIN|PULUMI|PYTHON|PYTEST|VIRTUAL_ENV|COLUMNS|ENGINE)")
"""Variables that the commands must not have from the environment of the tests."""

_INDEX: Final = """\
index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$(python3 -m pip config get global.index-url 2>/dev/null)}}
[ -z "$index" ] || export UV_DEFAULT_INDEX=$index"""
"""Where pip has another index, uv uses it too."""


class Shell:
    """bash; what its commands print is read command by command.

    `python3` is the interpreter of the tests. `pip` is uv where that is on PATH or tools/setup has installed it, and
    installs the versions that the tests run with.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=self._folder,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._timer = Timer(_LONGEST, self._kill)
        self._timer.start()
        self.run(f'python3() {{ {shlex.quote(sys.executable)} "$@"; }}')
        if uv := shutil.which("uv", path=os.pathsep.join((os.environ["PATH"], str(Path(sys.prefix, "uv", "bin"))))):
            self.run(f'pip() {{ {shlex.quote(uv)} pip "$@"; }}')
            self.run(_INDEX)
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._kill()
        with self._bash:
            pass

    def _kill(self) -> None:
        os.killpg(self._bash.pid, signal.SIGKILL)

    def run(self, command: str) -> tuple[str, int]:
        """What it and its children printed, and its exit status."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{command}\nprintf '{_END}%d\\n' $?\n")
        self._bash.stdin.flush()
        output = ""
        for line in self._bash.stdout:
            text, end, status = line.partition(_END)
            output += text
            if end:
                return output, int(status)
        raise AssertionError(f"the shell ended in {command!r}:\n{output}")

    def _environment(self) -> Mapping[str, str]:
        constraints = self._folder.with_name("constraints.txt")
        pins = [f"{each.metadata['Name']}=={each.version}\n" for each in metadata.distributions()]
        constraints.write_text("".join(pin for pin in pins if not pin.startswith("fcpin==")))
        own = Path(sys.prefix) / "bin"
        folders = [folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder) != own]
        return {key: value for key, value in os.environ.items() if not _OURS.match(key)} | {
            "PATH": os.pathsep.join(folders),
            "PIP_CONSTRAINT": str(constraints),
            "UV_CONSTRAINT": str(constraints),
            "PIP_NO_COMPILE": "1",
            "PULUMI_HOME": str(self._folder.with_name("pulumi-home")),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
