"""The `fcpin` command line: try a policy on a list of tags, or on a real registry, before a stack relies on it.

Exit status: 0 a tag was chosen or the current one is kept, 1 the registry did not answer as it should, 2 the policy or
the input is wrong, 3 no tag qualifies.
"""

import io
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, BinaryIO, Final, TextIO

from fcpin.cli.ending import INTERRUPTED, end_at_once
from fcpin.cli.programs import PROGRAMS, run

if TYPE_CHECKING:
    from fcpin.cli.command import Streams

REGISTRY_FAILED: Final = 1
WRONG_INPUT: Final = 2
_PIPE_CLOSED: Final = 141
_MOST_PROBLEMS: Final = 20

__all__ = ["main"]


def main(
    argv: Sequence[str] | None = None,
    *,
    stdin: BinaryIO | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """Run one command; the exit status. The streams are the process's own unless given.

    Without *argv* the process is this command: an interrupt ends it at once, with one line. Raises SystemExit as
    argparse does, for `--help` and for unknown options.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    if words and words[0] in PROGRAMS:
        return run(words[0], words[1:])
    if argv is None:
        end_at_once()
    from fcpin.cli.arguments import parse  # after that: to import every command takes a moment
    from fcpin.cli.command import Streams

    stdin, stdout, stderr = (
        stdin or (sys.stdin.buffer if sys.stdin else io.BytesIO()),
        stdout or sys.stdout,
        stderr or sys.stderr,
    )
    if isinstance(stdout, TextIOWrapper):
        stdout.reconfigure(errors="backslashreplace")  # a tag must not fail for want of a letter in the terminal
    return _run(parse(argv), Streams(stdin, stdout, stderr), is_process=argv is None)


def _run(arguments: Namespace, streams: "Streams", *, is_process: bool) -> int:
    from fcpin.errors import FcpinError, InvalidInput

    stdout, stderr = streams.stdout, streams.stderr
    try:
        status: int = arguments.run(arguments, streams)
        stdout.flush()
    except InvalidInput as error:
        for problem in error.problems[:_MOST_PROBLEMS]:
            print(f"fcpin {arguments.command}: {problem}", file=stderr)
        if (more := len(error.problems) - _MOST_PROBLEMS) > 0:
            print(f"fcpin {arguments.command}: and {more} more", file=stderr)
        return WRONG_INPUT
    except FcpinError as error:
        print(f"fcpin {arguments.command}: {error}", file=stderr)
        return REGISTRY_FAILED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except KeyboardInterrupt:
        print(f"fcpin {arguments.command}: interrupted", file=stderr, flush=True)
        if is_process:
            os._exit(INTERRUPTED)  # an ordinary exit would wait for threads, and they for the network
        return INTERRUPTED
    return status
