"""The account: state, clock and the APIs over them."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from threading import RLock

from fcpin.clock import Clock
from fcpin.emulator.acr.model import AcrInstance
from fcpin.emulator.acr.routes import AcrRoutes, PersonalRoutes
from fcpin.emulator.acr.service import ContainerRegistry
from fcpin.emulator.calls import ApiCall, CallLog, Faults
from fcpin.emulator.devs.routes import DevsRoutes
from fcpin.emulator.devs.runs import OwnDestination, RemoteDestination, TaskRunner
from fcpin.emulator.devs.service import ServerlessDevs
from fcpin.emulator.fc.images import Images, OwnSource, RemoteSource
from fcpin.emulator.fc.instances import FunctionInstances
from fcpin.emulator.fc.routes import FcRoutes
from fcpin.emulator.fc.service import REGION, FunctionCompute
from fcpin.emulator.fc.triggers import Triggers
from fcpin.emulator.fc.versions import Versions
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.oci.auth import Gate, TokenKey, Tokens
from fcpin.emulator.oci.remote import RemoteRegistry
from fcpin.emulator.oci.routes import OciRoutes, Storage
from fcpin.emulator.oci.store import RegistryStore
from fcpin.emulator.persistence import StateStorage
from fcpin.emulator.signatures import AccessKey, SignatureVerifier
from fcpin.emulator.state import EmulatorClock, Ids, State

ACCESS_KEY = AccessKey("emulator", "emulator-secret")
REGISTRY_LOGIN = ("emulator", "emulator-password")
INSTANCE_NAME = "demo"


class Account:
    """All access is under `lock`, except for requests to another registry."""

    def __init__(
        self,
        knobs: Knobs,
        registries: Mapping[str, str],
        storage: StateStorage,
        machine: Clock,
        random: Random,
    ) -> None:
        self.knobs = knobs
        self.storage = storage
        self.lock = RLock()
        self.calls = CallLog()
        self.faults = Faults()
        self.state: State = storage.load()
        self.blobs: MutableMapping[str, bytes] = storage.blobs
        self.ids = Ids(random)
        self.clock = EmulatorClock(machine, self.state.clock_offset)
        self._initialize(machine.now())

        key = TokenKey.from_pem(self.state.signing_key, self.state.token_certificate)
        self.tokens = Tokens(key, self.clock.now, self.clock.machine_now, knobs.oci_token_seconds)
        self.store = RegistryStore(self.state, self.blobs, self.clock, self.ids)
        self.gate = Gate(self.state, self.store, self.tokens, REGISTRY_LOGIN, self.clock.now)
        self.remotes: dict[str, RemoteRegistry] = {}
        self._sources: dict[str, RemoteSource] = {}
        self._destinations: dict[str, RemoteDestination] = {}
        for host, url in registries.items():
            self.add_registry(host, url)
        images = Images(OwnSource(self.store), self._sources, knobs)
        self.functions = FunctionCompute(self.state, images, self.gate.is_login, self.clock, self.ids, knobs, self.lock)
        self.instances = FunctionInstances(images, self.clock, self.ids, knobs, random)
        verifier = SignatureVerifier(AccessKeys(self.state), self.clock.gateway_now, self.clock.now)
        self.versions = Versions(self.clock)
        triggers = Triggers(self.clock, self.ids)
        self.fc = FcRoutes(self.functions, self.versions, triggers, self.instances, verifier, self.clock, self.ids)
        registry = ContainerRegistry(self.state, self.store, self.clock, self.ids, knobs)
        self.acr = AcrRoutes(registry, verifier, self.ids, knobs)
        self.personal = PersonalRoutes(self.store, verifier, self.ids, knobs)
        own = OwnDestination(self.store, self.changing)
        self.runs = TaskRunner(self.state, own, self._destinations, self.clock, self.ids, knobs, self.changing)
        self.pipelines = ServerlessDevs(self.state, self.runs, self.clock, self.ids, knobs)
        self.devs = DevsRoutes(self.pipelines, verifier, self.ids)
        self.oci = OciRoutes(self.store, self.gate, knobs, Storage(self.store, self.ids.hex(32)))

    def _initialize(self, now: datetime) -> None:
        """Give a new account its token key and its Enterprise instance."""
        if not self.state.signing_key:
            key = TokenKey.generate(now)
            self.state.signing_key, self.state.token_certificate = key.private_pem(), key.certificate_pem()
        if not self.state.instances:
            self.add_instance(INSTANCE_NAME)
        self.storage.save(self.state)

    def add_registry(self, host: str, url: str) -> None:
        """Resolve images of *host* in the registry at *url*."""
        self.remotes[host] = RemoteRegistry(host, url, self.tokens)
        self._sources[host] = RemoteSource(self.remotes[host])
        self._destinations[host] = RemoteDestination(self.remotes[host])

    def add_instance(self, name: str) -> AcrInstance:
        instance = AcrInstance(self.ids.acr("cri"), name, REGION, self.clock.now_ms())
        self.state.instances.append(instance)
        return instance

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock, and store the state afterwards: before the response is sent."""
        with self.lock:
            try:
                yield
            finally:
                self.storage.save(self.state)

    def record(self, action: str, target: str) -> None:
        self.calls.add(ApiCall(action, target, datetime.fromtimestamp(self.clock.now(), UTC)))

    def close(self) -> None:
        for remote in self.remotes.values():
            remote.close()
        self.storage.close()


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
