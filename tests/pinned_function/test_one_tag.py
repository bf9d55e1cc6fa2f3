"""One tag travels through one update by few files and few moves between them."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

import fcpin
from fcpin.emulator import Emulator
from tests.support.instant import INSTANT
from tests.support.plugin import Plugin
from tests.support.profile import calls_during

PACKAGE: Final = f"{Path(fcpin.__file__).parent}/"
NOT_COUNTED: Final = ("emulator/", "call_statistics.py")
_COMPREHENSIONS: Final = ("<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>", "<lambda>", "<module>")
MOST_FILES: Final = 35
MOST_MOVES: Final = 250


def product_calls(run: Callable[[], object]) -> list[tuple[str, str]]:
    """File and function of every call in the package while *run* runs, in order."""
    ours = [
        (file.removeprefix(PACKAGE), name)
        for file, name in calls_during(run)
        if file.startswith(PACKAGE) and not name.endswith(_COMPREHENSIONS)
    ]
    return [call for call in ours if not call[0].startswith(NOT_COUNTED)]


def test_an_update_over_two_tags_is_short() -> None:
    with Emulator(knobs=INSTANT).serve() as cloud:
        plugin = Plugin(cloud)
        config = {"cpu": 0.5, "memory_size": 512, "disk_size": 512}
        wanted = {"repository": f"{cloud.enterprise_host}/shop/app", "policy": {"family": {"name": "main"}}}
        cloud.push("shop/app", "main-1")
        plugin.up(**wanted, config=config)
        cloud.push("shop/app", "main-2")
        calls = product_calls(lambda: plugin.up(**wanted, config=config))
    assert plugin.outputs["tag"] == "main-2"
    files = Counter(file for file, _ in calls)
    moves = Counter((one[0], next_[0]) for one, next_ in pairwise(calls) if one[0] != next_[0])
    assert len(files) <= MOST_FILES, files
    assert moves.total() <= MOST_MOVES, moves.most_common(40)
    assert Counter(calls)["policy/policy.py", "Policy.from_spec"] == 1
