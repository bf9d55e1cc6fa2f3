"""What is round every story: the engine that plays it, a fresh folder, and how it ended."""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from demo.narrator import DemoFailed, Narrator
from demo.stack import Engine

_SPOKEN: Final[dict[Engine, str]] = {
    "pulumi": "Engine: the Pulumi CLI.",
    "embedded": "Engine: the embedded one, because no Pulumi CLI is on PATH or ENGINE=embedded was given.",
}


def perform(about: str, folder: Path, play: Callable[[Narrator, Engine], None], needed: Sequence[str] = ()) -> int:
    """Exit code 0 when everything happened as told, 1 when not, 2 where a program of Debian or the CLI is missing."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--engine", choices=("auto", "embedded", "pulumi"), default="auto")
    wanted = parser.parse_args().engine
    if missing := [program for program in needed if not shutil.which(program)]:
        sys.stderr.write(f"demo: {', '.join(missing)} is not on PATH; on Debian: apt-get install {' '.join(missing)}\n")
        return 2
    if wanted == "pulumi" and not shutil.which("pulumi"):
        sys.stderr.write("demo: --engine pulumi: the Pulumi CLI is not on PATH\n")
        return 2
    engine: Engine = "pulumi" if shutil.which("pulumi") and wanted != "embedded" else "embedded"
    narrator, started = Narrator(folder=folder), time.monotonic()
    narrator.say(_SPOKEN[engine])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        play(narrator, engine)
    except DemoFailed as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    seconds = time.monotonic() - started
    narrator.say(f"\nEverything happened as told, in {seconds:.0f} s. State and logs: {folder.name}/")
    return 0
