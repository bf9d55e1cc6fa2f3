"""CPU time: medians, taken in turns so that a busy machine slows all alike."""

import gc
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

_ENVIRONMENT: Final = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
"""With bytecode, as installed packages have it."""


def medians(calls: Mapping[str, Callable[[], object]], rounds: int) -> Mapping[str, float]:
    """Seconds of CPU for each of *calls*. Without the garbage collector, as timeit does."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, call in calls.items():
                begun = time.process_time()
                answer = call()
                taken[name].append(time.process_time() - begun)
                del answer  # what it takes to throw it away is the next one's luck otherwise
    finally:
        gc.enable()
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def processes(programs: Mapping[str, Sequence[str]], rounds: int) -> Mapping[str, float]:
    """Seconds of CPU for a Python of its own with each of these arguments."""
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, arguments in programs.items():
            before = _of_children()
            with suppress(subprocess.CalledProcessError):
                subprocess.run(
                    [sys.executable, *arguments],
                    env=_ENVIRONMENT,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    check=True,
                )
            taken[name].append(_of_children() - before)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def _of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
