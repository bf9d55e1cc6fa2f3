"""`fcpin receiver`: accept webhooks and run jobs, run jobs only, or check the configuration."""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

import click

from fcpin.cli.group import FAILED, DefaultGroup
from fcpin.errors import InvalidSettings, Problem

if TYPE_CHECKING:
    from fcpin.receiver.assembly import Receiver
    from fcpin.receiver.settings.model import ReceiverSettings

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_BACKLOG: Final = 512


@click.group(cls=DefaultGroup, default="serve")
def command() -> None:
    """Deploy what registries report as pushed (docs/receiver.md).

    Without a command: serve.
    """


_config = click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    default=Path("receiver.yaml"),
    help="The configuration (default: receiver.yaml).",
)


@command.command()
@_config
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", help="Address to listen on (default: 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, help="0 takes a free one (default: 8080).")
def serve(config: Path, host: str, port: int) -> None:
    """Accept webhooks and run jobs (default)."""
    from fcpin.receiver.settings.read import read_settings
    from fcpin.receiver.web.limits import Limits
    from fcpin.receiver.web.server import server

    settings, limits = read_settings(config), Limits()
    with listen(host, port) as listener:
        receiver = _assemble(settings)
        web = server(receiver.app(limits), limits, receiver.metrics.counters.rejected)
        ended = _on_signals()
        thread = threading.Thread(target=_run, args=(lambda: web.run(sockets=[listener]), ended), name="receiver-http")
        receiver.start()
        thread.start()
        click.echo(f"receiver ready: {url_of(listener)}")
        ended.get()
        receiver.hang_up()
        web.should_exit = True
        thread.join()
        receiver.stop()


@command.command()
@_config
def work(config: Path) -> None:
    """Run jobs only (needs a shared store)."""
    from fcpin.receiver.settings.read import read_settings

    settings = read_settings(config)
    if settings.redis is None:
        raise InvalidSettings(Problem("redis", "is required by `work`; use `serve` where one receiver does both"))
    receiver = _assemble(settings)
    ended = _on_signals()
    receiver.start()
    click.echo("receiver ready: runs jobs only")
    ended.get()
    receiver.stop()


@command.command()
@_config
def check(config: Path) -> int:
    """Validate the configuration and print the webhook URLs.

    Nothing is deployed or sent. Exit status: 0 everything is well, 1 a check found a problem, 2 wrong configuration.
    """
    from fcpin.cli.output import write_rows
    from fcpin.doctor.result import Status
    from fcpin.receiver.config_check import check_config
    from fcpin.receiver.settings.read import read_settings

    results = list(check_config(read_settings(config)))
    rows = [(one.status.value, one.name, "; ".join(filter(None, (one.detail, one.remedy)))) for one in results]
    write_rows(("STATUS", "CHECK", "FOUND"), rows)
    return FAILED if any(one.status is Status.PROBLEM for one in results) else 0


@command.command()
def schema() -> None:
    """Print the JSON schema of the configuration."""
    from fcpin.receiver.settings.read import receiver_schema

    click.echo(json.dumps(receiver_schema(), indent=2))


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
    """With brackets round an address of IPv6."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _assemble(settings: "ReceiverSettings") -> "Receiver":
    """Raises FcpinError where the engine or the store is missing."""
    from fcpin.clock import SystemClock
    from fcpin.receiver.assembly import Receiver, find_converger
    from fcpin.receiver.ledger.ledger import open_ledger
    from fcpin.receiver.logs import configure_logging
    from fcpin.receiver.settings.environment import secret_variables
    from fcpin.receiver.settings.secrets import secrets_of

    configure_logging(secrets_of(settings))
    converger = find_converger(settings)
    for name in secret_variables(settings):  # no child process inherits them
        os.environ.pop(name, None)
    return Receiver(settings, open_ledger(settings), converger, SystemClock())


def _on_signals() -> "SimpleQueue[None]":
    """Gets an entry when the process is to end. A queue may be put to while it is waited for, in a handler too."""
    ended = SimpleQueue[None]()
    for number in _SIGNALS:
        signal.signal(number, lambda *_: ended.put(None))
    return ended


def _run(serve: Callable[[], None], ended: "SimpleQueue[None]") -> None:
    try:
        serve()
    finally:
        ended.put(None)


if __name__ == "__main__":
    from fcpin.cli import main

    sys.exit(main(["receiver", *sys.argv[1:]]))
