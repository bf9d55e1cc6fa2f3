"""Where buildah works. What a build has made on this machine goes when the build ends, however that came about.

A small process of its own session tidies up when the pipe from here says so, or closes: neither an interruption nor
`kill -9` leaves a login, files, images or containers behind. Run as a script this is that process.

buildah has no labels for the containers of a build. What it tells of each is its file of default mounts, so every
build has a copy of the system's in its own folder, and knows its containers by that.
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

_DONE: Final = b"done\n"
_FAILED: Final = b"failed\n"
_MOUNTS: Final = (
    "~/.config/containers/mounts.conf",
    "/etc/containers/mounts.conf",
    "/usr/share/containers/mounts.conf",
)
"""What buildah mounts into every step, on hosts that have such files; the first one counts."""
_ENDING: Final = 3.0
"""Seconds that programs may take to end whose process was killed, as `process` ends them."""
_LONGEST: Final = 30.0
"""Seconds for each command of the tidying."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """A folder, and the name of an image in buildah's own storage."""

    folder: Path
    image: str

    @classmethod
    def at(cls, folder: str) -> Self:
        return cls(Path(folder), f"localhost/fcpin:{Path(folder).name.rpartition('-')[2]}")

    @property
    def login(self) -> Path:
        """As `docker login` leaves it."""
        return self.folder / "auth.json"

    @property
    def buildah(self) -> Sequence[str]:
        """The command, so that what it makes is known to be of this build."""
        return ("buildah", f"--default-mounts-file={self._mark}")

    @property
    def _mark(self) -> Path:
        return self.folder / "mounts.conf"

    def furnish(self) -> None:
        """Raises OSError."""
        homes = _MOUNTS if os.getuid() else _MOUNTS[1:]
        system = next((file for file in map(os.path.expanduser, homes) if Path(file).is_file()), None)
        self._mark.write_bytes(Path(system).read_bytes() if system else b"")

    def tidy(self, *, is_whole: bool) -> None:
        """Remove all there is of it. After a build that went to its end there are no containers."""
        self.login.unlink(missing_ok=True)
        for container in () if is_whole else _said("buildah", "containers", "--quiet").split():
            told = _said("buildah", "inspect", "--type=container", "--format={{.DefaultMountsFilePath}}", container)
            if told.strip() == str(self._mark):
                _said("buildah", "rm", container)
        _said("buildah", "rmi", "--force", self.image)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def workplace() -> Iterator[Workplace]:
    """One that is gone at the end of the block, and soon after this process is. Raises OSError."""
    place = Workplace.at(tempfile.mkdtemp(prefix="fcpin-build-"))
    with subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, str(place.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        word = _FAILED
        try:
            place.furnish()
            yield place
            word = _DONE
        finally:
            with suppress(OSError):  # it was killed itself
                process.stdin.write(word)
                process.stdin.close()
            process.wait()  # which an interruption would not


def _said(*command: str) -> str:
    """Nothing where it fails, or takes too long: there is nobody to tell."""
    with suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LONGEST).stdout
    return ""


def main(folder: str) -> None:
    """Wait for the word, or that the pipe closes without one: then whoever was to say it was killed."""
    place, word = Workplace.at(folder), sys.stdin.buffer.readline()
    if not word:
        place.login.unlink(missing_ok=True)
        time.sleep(_ENDING)
    place.tidy(is_whole=word == _DONE)


if __name__ == "__main__":
    main(sys.argv[1])
