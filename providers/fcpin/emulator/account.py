"""The account: state, clock and services, put together once."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from threading import RLock

from fcpin.clock import Clock
from fcpin.emulator.acr.model import Instance
from fcpin.emulator.acr.routes import AcrRoutes, PersonalRoutes
from fcpin.emulator.acr.service import ContainerRegistry
from fcpin.emulator.calls import Call, Calls, Faults
from fcpin.emulator.clock import EmulatorClock
from fcpin.emulator.devs.routes import DevsRoutes
from fcpin.emulator.devs.runs import OwnDestination, RemoteDestination, Runs
from fcpin.emulator.devs.service import ServerlessDevs
from fcpin.emulator.fc.images import Images, OwnSource, RemoteSource
from fcpin.emulator.fc.instances import Instances
from fcpin.emulator.fc.routes import FcRoutes
from fcpin.emulator.fc.service import REGION, FunctionCompute
from fcpin.emulator.fc.triggers import Triggers
from fcpin.emulator.fc.versions import Versions
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.oci.auth import Gate, TokenKey, Tokens
from fcpin.emulator.oci.remote import RemoteRegistry
from fcpin.emulator.oci.routes import OciRoutes, Storage
from fcpin.emulator.oci.store import Store
from fcpin.emulator.persistence import Keeper
from fcpin.emulator.signatures import AccessKey, Verifier
from fcpin.emulator.state import Ids, State

ACCESS_KEY = AccessKey("emulator", "emulator-secret")
REGISTRY_LOGIN = ("emulator", "emulator-password")
INSTANCE_NAME = "demo"


class Account:
    """Everything behind the wire. All access to it is under `lock`, except for requests to another registry."""

    def __init__(
        self,
        knobs: Knobs,
        registries: Mapping[str, str],
        keeper: Keeper,
        machine: Clock,
        random: Random,
    ) -> None:
        self.knobs = knobs
        self.keeper = keeper
        self.lock = RLock()
        self.calls = Calls()
        self.faults = Faults()
        self.state: State = keeper.load()
        self.blobs: MutableMapping[str, bytes] = keeper.blobs
        self.ids = Ids(random)
        self.clock = EmulatorClock(machine, self.state.clock_offset)
        self._furnish(machine.now())

        key = TokenKey.from_pem(self.state.signing_key, self.state.token_certificate)
        self.tokens = Tokens(key, self.clock.now, self.clock.machine_now, knobs.oci_token_seconds)
        self.store = Store(self.state, self.blobs, self.clock, self.ids)
        self.gate = Gate(self.state, self.store, self.tokens, REGISTRY_LOGIN, self.clock.now)
        self.remotes: dict[str, RemoteRegistry] = {}
        self._sources: dict[str, RemoteSource] = {}
        self._destinations: dict[str, RemoteDestination] = {}
        for host, url in registries.items():
            self.add_registry(host, url)
        images = Images(OwnSource(self.store), self._sources, knobs)
        self.functions = FunctionCompute(self.state, images, self.gate.is_login, self.clock, self.ids, knobs, self.lock)
        self.instances = Instances(images, self.clock, self.ids, knobs, random)
        verifier = Verifier(AccessKeys(self.state), self.clock.gateway_now, self.clock.now)
        self.versions = Versions(self.clock)
        triggers = Triggers(self.clock, self.ids)
        self.fc = FcRoutes(self.functions, self.versions, triggers, self.instances, verifier, self.clock, self.ids)
        registry = ContainerRegistry(self.state, self.store, self.clock, self.ids, knobs)
        self.acr = AcrRoutes(registry, verifier, self.ids, knobs)
        self.personal = PersonalRoutes(self.store, verifier, self.ids, knobs)
        own = OwnDestination(self.store, self.changing)
        self.runs = Runs(self.state, own, self._destinations, self.clock, self.ids, knobs, self.changing)
        self.pipelines = ServerlessDevs(self.state, self.runs, self.clock, self.ids, knobs)
        self.devs = DevsRoutes(self.pipelines, verifier, self.ids)
        self.storage = Storage(self.store, self.ids.hex(32))
        self.oci = OciRoutes(self.store, self.gate, knobs, self.storage)

    def _furnish(self, now: datetime) -> None:
        """What a new account has from the start."""
        if not self.state.signing_key:
            key = TokenKey.generate(now)
            self.state.signing_key, self.state.token_certificate = key.private_pem(), key.certificate_pem()
        if not self.state.instances:
            self.add_instance(INSTANCE_NAME)
        self.keeper.save(self.state)

    def add_registry(self, host: str, url: str) -> None:
        """Images of *host* are in the registry at *url* from now on."""
        self.remotes[host] = RemoteRegistry(host, url, self.tokens)
        self._sources[host] = RemoteSource(self.remotes[host])
        self._destinations[host] = RemoteDestination(self.remotes[host])

    def add_instance(self, name: str) -> Instance:
        instance = Instance(self.ids.acr("cri"), name, REGION, self.clock.now_ms())
        self.state.instances.append(instance)
        return instance

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Under the lock; a change is stored before the answer is sent."""
        with self.lock:
            try:
                yield
            finally:
                self.keeper.save(self.state)

    def record(self, action: str, target: str) -> None:
        self.calls.add(Call(action, target, datetime.fromtimestamp(self.clock.now(), UTC)))

    def close(self) -> None:
        for remote in self.remotes.values():
            remote.close()
        self.keeper.close()


class AccessKeys(Mapping[str, AccessKey]):
    """The account's own key and every temporary one."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __getitem__(self, key_id: str) -> AccessKey:
        if key_id == ACCESS_KEY.id:
            return replace(ACCESS_KEY, active=self._state.key_active)
        temporary = self._state.sts_keys[key_id]
        return AccessKey(temporary.id, temporary.secret, temporary.security_token, temporary.expires)

    def __iter__(self) -> Iterator[str]:
        yield ACCESS_KEY.id
        yield from self._state.sts_keys

    def __len__(self) -> int:
        return 1 + len(self._state.sts_keys)
