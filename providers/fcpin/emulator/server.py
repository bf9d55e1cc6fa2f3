"""Serve an account on loopback: uvicorn in a thread of its own."""

import asyncio
import ipaddress
import logging
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from fcpin.clock import Clock, SystemClock
from fcpin.emulator.account import ACCESS_KEY, REGISTRY_LOGIN, Account
from fcpin.emulator.app import ABORT, application
from fcpin.emulator.calls import Calls
from fcpin.emulator.knobs import Knobs, read_facts
from fcpin.emulator.persistence import InFile, InMemory
from fcpin.emulator.verbs import Verbs
from fcpin.emulator.wire import EmulatorError


class Emulator(Verbs):
    """A whole account, served over HTTP while in `serve()`.

    *registries*: URL by host name of registries elsewhere, as `add_registry` takes them; any other host is our own.
    *state*: file to keep everything in; without one it is gone with the process.
    *facts*: file of `fcpin probe`, whose knobs hold where *knobs* are not given.
    """

    def __init__(
        self,
        *,
        knobs: Knobs | None = None,
        registries: Mapping[str, str] | None = None,
        state: Path | None = None,
        facts: Path | None = None,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        keeper = InFile(state) if state else InMemory()
        knobs = knobs or (read_facts(facts) if facts else Knobs())
        super().__init__(
            Account(knobs, registries or {}, keeper, clock or SystemClock(), random or Random())  # noqa: S311 - names, no secrets of value
        )
        self.access_key_id = ACCESS_KEY.id
        self.access_key_secret = ACCESS_KEY.secret
        self.username, self.password = REGISTRY_LOGIN
        self.address = ""
        """`host:port`, while served."""

    @contextmanager
    def serve(self, host: str = "127.0.0.1", port: int = 0) -> Iterator[Self]:
        """Serve until the block ends, on a free port by default. Raises EmulatorError, OSError."""
        try:
            with serve(self._account, host, port) as self.address:
                yield self
        finally:
            self.address = ""
            self._account.close()

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def calls(self) -> Calls:
        """Every API call that arrived; verbs are none."""
        return self._account.calls

    @property
    def token_certificate(self) -> str:
        """PEM. A registry that trusts it takes the emulator's tokens."""
        return self._account.state.token_certificate

    @property
    def instance_id(self) -> str:
        """Of the Enterprise instance `demo`."""
        return self._account.state.instances[0].id

    @property
    def enterprise_host(self) -> str:
        """Host name of the Enterprise instance's registry."""
        return self._account.state.instances[0].host()


_HTTP_LOG = logging.getLogger("fcpin.emulator.http")
"""Of calls that end with the emulator itself, such as a slow one: of no interest to a reader."""
_HTTP_LOG.addHandler(logging.NullHandler())
_HTTP_LOG.propagate = False


def check_loopback(host: str) -> None:
    """Raises EmulatorError for a host that others could reach: the credentials are public knowledge."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise EmulatorError(f"host {host}: the emulator serves loopback only, such as 127.0.0.1; its keys are public")


@contextmanager
def serve(account: Account, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve until the block ends; gives `host:port`. Raises EmulatorError, OSError when the port is taken."""
    check_loopback(host)
    listener = socket.create_server((host, port), backlog=512)
    config = uvicorn.Config(
        application(account),
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="emulator", daemon=True)
    thread.start()
    try:
        yield f"{host}:{listener.getsockname()[1]}"
    finally:
        server.stop()
        thread.join()


class _Server(uvicorn.Server):
    """Starts and stops at once, where uvicorn looks ten times a second whether it should."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._running = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self._running.set()

    async def main_loop(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._running.set()
        await self._stopped.wait()

    def stop(self) -> None:
        """Called from another thread."""
        self._running.wait()
        if self._loop is not None and self._stopped is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopped.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for task in list(self.server_state.tasks):
            task.cancel()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)
        for one in sockets or []:
            one.close()
        await asyncio.sleep(0)


class _OneWrite(asyncio.Transport):
    """Sends what is written in one go of the event loop at once: head and body of an answer in one system call."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []

    def write(self, data: Any) -> None:
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)

    def _flush(self) -> None:
        if self._waiting and not self._transport.is_closing():
            self._transport.write(b"".join(self._waiting))
        self._waiting.clear()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)


class _Protocol(H11Protocol):
    """Lets the application break its own connection, for the fault of that name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app_state = {ABORT: self._abort}
        self.logger = _HTTP_LOG

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # asyncio does this only for sockets that name their protocol; without it every answer waits 40 ms for an ACK.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(_OneWrite(transport, self.loop))

    def _abort(self) -> None:
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            # Linger for no time: the peer gets a reset and not an orderly end.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
