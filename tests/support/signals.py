"""Processes that are to be interrupted, wherever the tests themselves run."""

import signal
import subprocess
from collections.abc import Sequence
from typing import Any


def interruptible(arguments: Sequence[Any], **options: Any) -> "subprocess.Popen[Any]":
    """`Popen` of a process that signals can interrupt; under nohup it would inherit that they are ignored.

    No `preexec_fn`: it would run in a fork of this process, in which gRPC may have threads.
    """
    ignored = [one for one in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    try:
        return subprocess.Popen(arguments, **options)
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
