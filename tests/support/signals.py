"""Processes that are to be interrupted, wherever the tests themselves run."""

import signal


def as_in_a_terminal() -> None:
    """For `preexec_fn`. Under nohup, or in the background of a script, these signals are ignored by inheritance."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
