"""The emulator in this process: `with Emulator().serve() as cloud`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Self

from fcpin.clock import Clock, SystemClock
from fcpin.emulator.account import ACCESS_KEY, REGISTRY_LOGIN, Account
from fcpin.emulator.calls import Calls
from fcpin.emulator.facts import read_facts
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.persistence import InFile, InMemory
from fcpin.emulator.server import serve
from fcpin.emulator.verbs import Verbs


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
