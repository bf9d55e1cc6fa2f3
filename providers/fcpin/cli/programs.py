"""The programs under `fcpin`: each takes all words that follow, and has its own signals.

`python -m fcpin.receiver` is `fcpin receiver`.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final

EXTRAS: Final = {"engine": "", "emulator": "emulator", "receiver": "receiver"}
"""By program, the extra of fcpin that must be installed for it."""
_MISSING: Final = 2


def run(name: str, arguments: Sequence[str]) -> int:
    """Return the exit status of `main(arguments)` of the program's package; 2 where its extra is not installed."""
    if EXTRAS[name]:
        from fcpin.extras import ExtraMissing, require  # importlib.metadata: 30 ms

        try:
            require(EXTRAS[name])
        except ExtraMissing as error:
            sys.stderr.write(f"fcpin {name}: {error}\n")
            return _MISSING
    main: Callable[[Sequence[str]], int] = import_module(f"fcpin.{name}.__main__").main
    return main(arguments)
