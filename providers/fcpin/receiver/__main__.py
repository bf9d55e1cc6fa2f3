"""`fcpin receiver`: hear of pushes and converge stacks, or only the latter, or look whether it would work."""

import argparse
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from fcpin.cli.columns import write_rows
from fcpin.cli.programs import run
from fcpin.clock import SystemClock
from fcpin.doctor.line import Status
from fcpin.errors import FcpinError, InvalidInput, InvalidSettings, Problem
from fcpin.receiver.settings.model import ReceiverSettings
from fcpin.receiver.settings.read import read_settings

if TYPE_CHECKING:
    from fcpin.receiver.assembly import Receiver

_WRONG_SETTINGS: Final = 2
_FAILED: Final = 1
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_GREATEST_PORT: Final = 65535
_BACKLOG: Final = 512


def main(arguments: Sequence[str]) -> int:
    """0 when it was stopped or all is well, 1 for what failed or is not well, 2 for settings that cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        return _COMMANDS[options.command](options)
    except InvalidInput as error:
        for problem in error.problems:
            sys.stderr.write(f"receiver: {problem}\n")
        return _WRONG_SETTINGS
    except FcpinError as error:
        sys.stderr.write(f"receiver: {error}\n")
        return _FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fcpin receiver",
        description="Hears of pushes, and converges the stacks whose pins they concern (docs/receiver.md).",
    )
    parser.add_argument(
        "command",
        nargs="?",
        default="serve",
        choices=tuple(_COMMANDS),
        help="serve: hear and work (default); work: work only, beside others that hear, over one Redis; check: whether "
        "it would work here, and at which URLs it would hear; schema: of the configuration, for editors",
    )
    parser.add_argument(
        "--config", type=Path, default=Path("receiver.yaml"), metavar="FILE", help="default %(default)s"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to serve on (default %(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="0 takes a free one (default %(default)s)")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _GREATEST_PORT:
        raise argparse.ArgumentTypeError(f"expected 0 to {_GREATEST_PORT}, got {text}")
    return int(text)


def _serve(options: argparse.Namespace) -> int:
    from fcpin.receiver.web.limits import Limits
    from fcpin.receiver.web.server import server

    settings, limits = read_settings(options.config), Limits()
    with listen(options.host, options.port) as listener:
        receiver = _assemble(settings)
        web = server(receiver.app(limits), limits, receiver.metrics.counted.rejected)
        ended = _on_signals()
        thread = threading.Thread(target=_run, args=(lambda: web.run(sockets=[listener]), ended), name="receiver-http")
        receiver.start()
        thread.start()
        sys.stdout.write(f"receiver ready: {url_of(listener)}\n")
        sys.stdout.flush()
        ended.get()
        receiver.hang_up()
        web.should_exit = True
        thread.join()
        receiver.stop()
    return 0


def listen(host: str, port: int) -> socket.socket:
    """On IPv6 where *host* is an address of it; `::` takes IPv4 too. Raises InvalidSettings."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        raise InvalidSettings(
            Problem(f"--host {host} --port {port}", f"cannot listen there: {error.strerror}")
        ) from None


def url_of(listener: socket.socket) -> str:
    """Where it listens, with brackets round an address of IPv6."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _work(options: argparse.Namespace) -> int:
    settings = read_settings(options.config)
    if settings.redis is None:
        raise InvalidSettings(Problem("redis", "is required to work beside others; alone `serve` works too"))
    receiver = _assemble(settings)
    ended = _on_signals()
    receiver.start()
    sys.stdout.write("receiver ready: it works, and hears nothing\n")
    sys.stdout.flush()
    ended.get()
    receiver.stop()
    return 0


def _check(options: argparse.Namespace) -> int:
    from fcpin.receiver.examination import examine

    lines = list(examine(read_settings(options.config)))
    rows = [(line.status.value, line.name, "; ".join(filter(None, (line.detail, line.remedy)))) for line in lines]
    write_rows(sys.stdout, ("STATUS", "CHECK", "FOUND"), rows, [""] * len(rows))
    return _FAILED if any(line.status is Status.PROBLEM for line in lines) else 0


def _schema(_: argparse.Namespace) -> int:
    from fcpin.receiver.settings.read import receiver_schema

    sys.stdout.write(f"{json.dumps(receiver_schema(), indent=2)}\n")
    return 0


def _assemble(settings: ReceiverSettings) -> "Receiver":
    """Raises FcpinError where the engine or the store is missing."""
    from fcpin.receiver.assembly import Receiver, find_converger
    from fcpin.receiver.ledger.opening import open_ledger
    from fcpin.receiver.logs import configure_logging
    from fcpin.receiver.settings.environment import secret_variables
    from fcpin.receiver.settings.secrets import secrets_of

    configure_logging(secrets_of(settings))
    converger = find_converger(settings)
    for name in secret_variables(settings):  # no child process inherits them, whatever starts it
        os.environ.pop(name, None)
    return Receiver(settings, open_ledger(settings), converger, SystemClock())


def _on_signals() -> "SimpleQueue[None]":
    """Gets something when the process is to end. A queue may be put to while it is waited for, in a handler too."""
    ended = SimpleQueue[None]()
    for number in _SIGNALS:
        signal.signal(number, lambda *_: ended.put(None))
    return ended


def _run(serve: Callable[[], None], ended: "SimpleQueue[None]") -> None:
    try:
        serve()
    finally:
        ended.put(None)


_COMMANDS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "serve": _serve,
    "work": _work,
    "check": _check,
    "schema": _schema,
}

if __name__ == "__main__":
    sys.exit(run("receiver", sys.argv[1:]))
