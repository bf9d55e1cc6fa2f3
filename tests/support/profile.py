"""Every Python function that is called while something runs."""

import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType


def calls_during(run: Callable[[], object]) -> Sequence[tuple[str, str]]:
    """File and qualified name of each function called in this process, in any thread, in order."""
    calls: list[tuple[str, str]] = []

    def profile(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            calls.append((frame.f_code.co_filename, frame.f_code.co_qualname))

    before = sys.getprofile()
    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
    return calls
