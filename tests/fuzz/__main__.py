"""`python -m tests.fuzz MINUTES [KIND…]`: as many inputs as the time allows, other ones in each run.

Prints a line per kind: inputs, and the first failure with its smallest input. Exit status 1 when there is one.
"""

# ruff: noqa: T201 - what is printed here is what the command is for

import argparse
import os
import random
import sys
import time
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.feeding import Broken, feed
from tests.fuzz.kinds import KINDS_OF_INPUT, Kind

BATCH = 200


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make fuzz ARGS='MINUTES [KIND…]'", description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=1.0, help="for all kinds together (default 1)")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(kind.name for kind in KINDS_OF_INPUT))
    given_ = parser.parse_args(arguments)
    chosen = [kind for kind in KINDS_OF_INPUT if not given_.kinds or kind.name in given_.kinds]
    if unknown := {*given_.kinds} - {kind.name for kind in chosen}:
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    number = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(2**32))
    print(f"seed {number}; FUZZ_SEED={number} makes the same inputs")
    failed = 0
    for kind in chosen:
        inputs, failure = fuzz(kind, 60 * given_.minutes / len(chosen), number)
        print(f"{kind.name:<18}{inputs:>8} inputs  {'FAILED' if failure else 'ok'}", flush=True)
        if failure:
            failed += 1
            print(failure, flush=True)
    return 1 if failed else 0


def fuzz(kind: Kind, seconds: float, number: int) -> tuple[int, str]:
    """The number of inputs, and the first failure or an empty string."""
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:

        @seed(number + count)
        @settings(
            max_examples=BATCH,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )
        @given(kind.inputs)
        def run(value: Any) -> None:
            nonlocal count
            count += 1
            feed(kind, value)

        try:
            run()
        except Broken as error:
            return count, str(error)
        except BaseExceptionGroup as errors:
            return count, "\n".join(map(str, errors.exceptions))
    return count, ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
