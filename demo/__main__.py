"""`python -m demo [--engine auto|embedded|pulumi]`; `make demo` calls it."""

import argparse
import shutil
import sys
import time
from typing import Final

from demo.narrator import DemoFailed, Narrator
from demo.registry import registries
from demo.stack import ROOT, Engine, Stack
from demo.story import tell

FOLDER: Final = ROOT / ".demo"
_SPOKEN: Final[dict[Engine, str]] = {
    "pulumi": "Engine: the Pulumi CLI.",
    "embedded": "Engine: the embedded one, because no Pulumi CLI is on PATH or ENGINE=embedded was given.",
}


def main() -> int:
    """Exit code 0 when everything happened as told."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--engine", choices=("auto", "embedded", "pulumi"), default="auto")
    wanted = parser.parse_args().engine
    found = shutil.which("pulumi")
    if wanted == "pulumi" and found is None:
        sys.stderr.write("demo: --engine pulumi: the Pulumi CLI is not on PATH\n")
        return 2
    engine: Engine = "pulumi" if found and wanted != "embedded" else "embedded"
    narrator = Narrator(folder=FOLDER)
    narrator.say(_SPOKEN[engine])
    started = time.monotonic()
    try:
        play(narrator, engine)
    except DemoFailed as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    narrator.say(f"\nEverything happened as told, in {time.monotonic() - started:.0f} s. State and logs: .demo/")
    return 0


def play(narrator: Narrator, engine: Engine) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with registries(FOLDER, narrator) as places:
        stack = Stack(FOLDER, engine, narrator, places)
        stack.prepare()
        tell(narrator, places, stack)


if __name__ == "__main__":
    sys.exit(main())
