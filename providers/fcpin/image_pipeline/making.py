"""Building inside a plugin process, which may be told to end at any time."""

import threading
from pathlib import Path
from typing import Final

from fcpin.build.making import Maker
from fcpin.clients import builders
from fcpin.clock import SystemClock
from fcpin.errors import BuildCanceled
from fcpin.registry.registries import Registries
from fcpin.settings import Get, Settings

_SLICE: Final = 0.5


class PluginClock(SystemClock):
    """The machine's clock, in a process that may be told to end: sleep raises BuildCanceled then.

    Pulumi's plugin waits for its calls when it is interrupted, and nobody tells them.
    """

    def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:
            if not threading.main_thread().is_alive():
                raise BuildCanceled("interrupted: the build was broken off")
            super().sleep(min(_SLICE, left))


def maker(get: Get, registries: Registries) -> Maker:
    """Builds by the pipelines that the stack's configuration leads to, or here. Raises InvalidSettings."""
    clock = PluginClock()
    return Maker(builders(Settings.read(get), registries, Path(), clock), registries, clock)
