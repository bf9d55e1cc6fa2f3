"""`python -m demo [--engine auto|embedded|pulumi]`; `make demo` calls it."""

import sys
from typing import Final

from demo.narrator import Narrator
from demo.registry import registries
from demo.stack import ROOT, Engine, Stack
from demo.stage import perform
from demo.story import tell

FOLDER: Final = ROOT / ".demo"


def play(narrator: Narrator, engine: Engine) -> None:
    with registries(FOLDER, narrator) as places:
        stack = Stack(FOLDER, engine, narrator, places)
        stack.prepare()
        tell(narrator, places, stack)


if __name__ == "__main__":
    sys.exit(perform(__doc__, FOLDER, play))
