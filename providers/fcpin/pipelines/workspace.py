"""The folder that buildah works in. All that a build leaves on this machine is removed when the build ends, in any way.

A watchdog removes it, so that neither an interruption nor `kill -9` leaves a login, files, images or containers behind.
Run as a script this is that watchdog.

buildah has no labels for the containers of a build, but keeps the path of its file of default mounts with each of them.
Every build has a copy of the system's file in its own folder, and its containers are found by that path.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from fcpin.pipelines.watchdog import Ending, await_ending, await_orders, watchdog

_MOUNTS: Final = (
    "~/.config/containers/mounts.conf",
    "/etc/containers/mounts.conf",
    "/usr/share/containers/mounts.conf",
)
"""What buildah mounts into every step, on hosts that have such files; the first one counts."""
_ENDING_SECONDS: Final = 3.0
"""Seconds that programs may take to end after their parent was killed: the grace period of `programs`, and one more."""
_LONGEST_COMMAND: Final = 30.0
"""Seconds for each command of the removal."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder, and the name of an image in buildah's own storage."""

    folder: Path
    image: str

    @classmethod
    def at(cls, folder: str) -> Self:
        return cls(Path(folder), f"localhost/fcpin:{Path(folder).name.rpartition('-')[2]}")

    @property
    def login(self) -> Path:
        """A file in the format of `docker login`."""
        return self.folder / "auth.json"

    @property
    def buildah(self) -> Sequence[str]:
        """The command with the option by which containers of this build are found."""
        return ("buildah", f"--default-mounts-file={self._mounts}")

    @property
    def _mounts(self) -> Path:
        return self.folder / "mounts.conf"

    def create(self) -> None:
        """Raises OSError."""
        homes = _MOUNTS if os.getuid() else _MOUNTS[1:]
        system = next((file for file in map(os.path.expanduser, homes) if Path(file).is_file()), None)
        self._mounts.write_bytes(Path(system).read_bytes() if system else b"")

    def remove(self, *, with_containers: bool) -> None:
        """Remove everything of the build. A build that succeeded has no containers, which are slow to look for."""
        self.login.unlink(missing_ok=True)
        for container in _output("buildah", "containers", "--quiet").split() if with_containers else ():
            mounts = _output("buildah", "inspect", "--type=container", "--format={{.DefaultMountsFilePath}}", container)
            if mounts.strip() == str(self._mounts):
                _output("buildah", "rm", container)
        _output("buildah", "rmi", "--force", self.image)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def workspace() -> Iterator[Workspace]:
    """A workspace that is removed at the end of the block, and soon after this process ends. Raises OSError."""
    space = Workspace.at(tempfile.mkdtemp(prefix="fcpin-build-"))
    with watchdog(__name__, {"folder": str(space.folder)}):
        space.create()
        yield space


def _output(*command: str) -> str:
    """Return nothing if the command fails or takes too long: the removal goes on."""
    with suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LONGEST_COMMAND).stdout
    return ""


def main() -> None:
    """Wait for the end of the block, and remove the workspace."""
    orders = await_orders(sys.stdin.buffer)
    if orders is None:
        return
    space, ending = Workspace.at(orders["folder"]), await_ending(sys.stdin.buffer)
    if ending is Ending.KILLED:
        space.login.unlink(missing_ok=True)
        time.sleep(_ENDING_SECONDS)
    space.remove(with_containers=ending is not Ending.DONE)


if __name__ == "__main__":
    main()
