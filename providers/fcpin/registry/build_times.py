"""Build times on disk, by digest: the content of a digest never changes, so nothing here is ever stale.

One small file a digest, written whole or not at all, so that runs at the same time need no lock. A folder that cannot
be read or written is not an error: the times are read from the registry again.
"""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from fcpin.image import Digest

MOST: Final = 20_000
"""Files that are kept; when there are more, the older half goes."""
_NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class BuildTime:
    """The build time of one image."""

    created: datetime | None
    """None for an image without one."""


class BuildTimes:
    """A folder of them. Safe to share between threads and processes."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self._folder = folder
        self._most = most

    @classmethod
    def of_user(cls, environment: Mapping[str, str] = os.environ) -> Self | None:
        """In the user's cache (XDG Base Directory specification); None where the user has no home."""
        given = environment.get("XDG_CACHE_HOME") or ""
        if Path(given).is_absolute():
            return cls(Path(given) / "fcpin" / "build-times")
        with suppress(RuntimeError):
            return cls(Path.home() / ".cache" / "fcpin" / "build-times")
        return None

    def get(self, digest: Digest) -> BuildTime | None:
        """None for a digest that is not kept."""
        try:
            text = self._file(digest).read_text("ascii")
            created = None if text == _NONE else datetime.fromisoformat(text)
        except (OSError, ValueError):
            return None
        return BuildTime(created) if created is None or created.tzinfo else None

    def put(self, digest: Digest, found: BuildTime) -> None:
        """Keep it. A failure to write is ignored."""
        text = found.created.isoformat() if found.created else _NONE
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, partial = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(text)
            Path(partial).replace(self._file(digest))

    def trim(self) -> None:
        """Make room, if there are too many. To be called once a run: it reads the whole folder."""
        with suppress(OSError):
            files = sorted((entry.stat().st_mtime, entry.path) for entry in os.scandir(self._folder))
            if len(files) > self._most:
                for _, path in files[: len(files) - self._most // 2]:
                    Path(path).unlink(missing_ok=True)

    def _file(self, digest: Digest) -> Path:
        return self._folder / digest.removeprefix("sha256:")
