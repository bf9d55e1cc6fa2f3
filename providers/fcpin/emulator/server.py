"""Serve an account on loopback: uvicorn in a thread of its own."""

import asyncio
import ipaddress
import logging
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from fcpin.clock import Clock, SystemClock
from fcpin.emulator.account import ACCESS_KEY, REGISTRY_LOGIN, Account
from fcpin.emulator.app import ABORT, application
from fcpin.emulator.calls import CallLog
from fcpin.emulator.knobs import Knobs, read_facts
from fcpin.emulator.persistence import FileStorage, MemoryStorage
from fcpin.emulator.verbs import Verbs
from fcpin.emulator.wire import EmulatorError


class Emulator(Verbs):
    """An account that is served over HTTP in a `with emulator.serve()` block.

    *registries*: URL by host name, as in `add_registry`; images of any other host are in the emulator's own registry.
    *state*: file for the state; without one the state is lost with the process.
    *facts*: file of `fcpin probe`, which sets the knobs if *knobs* is not given.
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
        storage = FileStorage(state) if state else MemoryStorage()
        knobs = knobs or (read_facts(facts) if facts else Knobs())
        super().__init__(
            Account(knobs, registries or {}, storage, clock or SystemClock(), random or Random())  # noqa: S311 - names, no secrets of value
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
    def calls(self) -> CallLog:
        """Every API call that arrived. Verbs are not API calls."""
        return self._account.calls

    @property
    def token_certificate(self) -> str:
        """PEM. A registry that trusts it accepts the emulator's tokens."""
        return self._account.state.token_certificate

    @property
    def instance_id(self) -> str:
        """Of the Enterprise instance `demo`."""
        return self._account.state.instances[0].id

    @cached_property
    def enterprise_host(self) -> str:
        """Host name of the Enterprise instance's registry."""
        return self._account.state.instances[0].host()


_HTTP_LOG = logging.getLogger("fcpin.emulator.http")
"""uvicorn's log of calls that the end of the emulator interrupts: discarded."""
_HTTP_LOG.addHandler(logging.NullHandler())
_HTTP_LOG.propagate = False


def check_loopback(host: str) -> None:
    """Raises EmulatorError for an address that other machines can reach: the emulator's credentials are public."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise EmulatorError(f"host {host}: the emulator serves loopback only, such as 127.0.0.1; its keys are public")


@contextmanager
def serve(account: Account, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve until the block ends; yields `host:port`. Raises EmulatorError, OSError when the port is taken."""
    check_loopback(host)
    listener = socket.create_server((host, port), backlog=512)
    config = uvicorn.Config(
        application(account),
        http=_AbortableProtocol,
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
    """Starts and stops at once. uvicorn polls ten times a second."""

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
    """Joins the writes of one turn of the event loop: head and body of a response in one system call."""

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


class _AbortableProtocol(H11Protocol):
    """Lets the application reset its own connection, for the fault `reset`."""

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
            # Linger for no time: the peer receives a reset instead of an orderly end.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
