"""The provider in this process, called as an engine calls it: check, diff, then create or update; read to refresh."""

from dataclasses import dataclass, field
from typing import Any, Final

from fcpin.emulator import Emulator
from fcpin.fc.client import FunctionClient
from fcpin.http.credentials import Credentials
from fcpin.http.limits import Limits
from fcpin.http.retries import Retry
from fcpin.pinned_function.approvals import Approvals
from fcpin.pinned_function.deployer import Deployer
from fcpin.pinned_function.health import Health
from fcpin.pinned_function.preview_cache import PreviewCache
from fcpin.pinned_function.provider import PinnedFunctionProvider
from fcpin.pinned_function.resolver import Resolver
from fcpin.pinned_function.services import Duplicates, Services
from fcpin.pinned_function.verify_pin import Verifier
from fcpin.registry.registries import Registries
from fcpin.registry.settings import RegistrySettings
from fcpin.stack.drift_scan import DriftScan, Finding
from fcpin.stack.stack import StackPin
from tests.support.clock import ManualClock

REGION: Final = "cn-hangzhou"
PATH: Final = "shop/app"
CONFIG: Final = {"cpu": 0.5, "memory_size": 512, "disk_size": 512}
_ID: Final = "id"
_AT_ONCE: Final = Retry(attempts=2, seconds=5, first_wait=0, longest_wait=0)


def client_of(cloud: Emulator, url: str = "", limits: Limits | None = None) -> FunctionClient:
    """A client of *cloud*'s Function Compute, at the proxy *url* where one is given."""
    credentials = Credentials(cloud.access_key_id, cloud.access_key_secret)
    return FunctionClient(REGION, endpoint=url or cloud.url, credentials=credentials, retry=_AT_ONCE, limits=limits)


def wanted(cloud: Emulator, **changes: Any) -> dict[str, Any]:
    """The inputs of an owned function on the newest tag of the family `main`; a value of None removes one."""
    inputs = {
        "repository": f"{cloud.enterprise_host}/{PATH}",
        "policy": {"family": {"name": "main"}},
        "config": CONFIG,
        **changes,
    }
    return {key: value for key, value in inputs.items() if value is not None}


def deployed(cloud: Emulator, function: str = "checkout") -> str:
    """Tag and digest that the function runs: `main-1@sha256:…`."""
    container = cloud.function(function)["customContainerConfig"]
    return f"{container['image'].rpartition(':')[2]}@{container['resolvedImageUri'].partition('@')[2]}"


class SharedClock(ManualClock):
    """Time passes in *cloud* too."""

    def __init__(self, cloud: Emulator) -> None:
        super().__init__()
        self._cloud = cloud

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._cloud.advance(seconds)


class CheckFailed(AssertionError):
    """The provider's check reported problems; nothing was changed."""


@dataclass
class Plugin:
    """One resource of a stack, and the cloud that it lives in. Every verb is a run of its own."""

    cloud: Emulator
    clock: ManualClock = field(default_factory=ManualClock)
    log: list[str] = field(default_factory=list)
    """Every line of the log of every run."""
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    """The state; empty while there is no resource."""
    approvals: Approvals | None = None
    """What may be deployed; None for whatever the policy chooses."""
    client: FunctionClient | None = None
    """Of Function Compute; None for an ordinary one."""
    url: str = ""
    """Of a proxy before the cloud; empty for none."""
    limits: Limits | None = None
    """Of each request; None for those of users."""
    min_age_bypass: bool = False

    @property
    def log_text(self) -> str:
        """Everything that the runs logged."""
        return "\n".join(self.log)

    def preview(self, **wanted: Any) -> dict[str, Any]:
        """The inputs as check leaves them. Fails the test when the provider finds something wrong with them."""
        return self._checked(self._provider(), wanted)

    def up(self, **wanted: Any) -> dict[str, Any]:
        """Deploy; the outputs."""
        provider = self._provider()
        inputs = self._checked(provider, wanted)
        if not self.outputs:
            self.outputs = provider.create(inputs).outs or {}
        elif self._changes(provider, inputs):
            self.outputs = provider.update(_ID, self.outputs, inputs).outs or {}
        self.inputs = inputs
        return self.outputs

    def changes(self, **wanted: Any) -> bool:
        """Whether a preview shows any."""
        provider = self._provider()
        return self._changes(provider, self._checked(provider, wanted))

    def refresh(self) -> bool:
        """Take over what the function is now; whether that changed the inputs."""
        read = self._provider().read(_ID, self.outputs)
        before, self.inputs, self.outputs = self.inputs, dict(read.inputs or {}), dict(read.outs or {})
        return before != self.inputs

    def destroy(self) -> None:
        self._provider().delete(_ID, self.outputs)
        self.inputs, self.outputs = {}, {}

    def survey(self) -> Finding:
        """What `fcpin drift` finds."""
        services = self.services()
        pin = StackPin.read({"urn": "urn:pulumi:p::s::t::checkout", "outputs": self.outputs})
        return DriftScan(services.client_for, services.registries, self.clock.now()).of([pin])[0]

    def _checked(self, provider: PinnedFunctionProvider, wanted: dict[str, Any]) -> dict[str, Any]:
        news = {"function_name": "checkout", "region": REGION, "owner": "o/p/s::checkout", **wanted}
        checked = provider.check(self.inputs, news)
        if checked.failures:
            raise CheckFailed("; ".join(str(failure.reason) for failure in checked.failures))
        return checked.inputs

    def _changes(self, provider: PinnedFunctionProvider, inputs: dict[str, Any]) -> bool:
        return provider.diff(_ID, self.outputs, inputs).changes is not False

    def _provider(self) -> PinnedFunctionProvider:
        provider = PinnedFunctionProvider()
        provider._services = self.services()
        return provider

    def services(self) -> Services:
        """The clients of one run."""
        cloud, url = self.cloud, self.url or self.cloud.url
        write = lambda severity, message: self.log.append(f"{severity}: {message}")  # noqa: E731
        credentials = Credentials(cloud.access_key_id, cloud.access_key_secret)
        login = RegistrySettings(endpoint=url, username=cloud.username, password=cloud.password)
        hosts = {cloud.enterprise_host: RegistrySettings(endpoint=url)}
        hosts |= {f"{name}.{REGION}.aliyuncs.com": login for name in ("registry", "registry-intl")}
        registries = Registries(hosts, credentials=credentials, cr_endpoint=url, retry=_AT_ONCE, limits=self.limits)
        client = self.client or client_of(cloud, url, self.limits)

        def client_for(region: str, profile: str = "") -> FunctionClient:
            return client

        cache = PreviewCache(None, None)
        resolver = Resolver(registries, (), cache, write, self.clock.now(), min_age_bypass=self.min_age_bypass)
        return Services(
            REGION,
            client_for,
            registries,
            resolver,
            Deployer(client_for, resolver, Verifier(registries, write), self.clock, write),
            Duplicates(),
            Health(client_for, resolver),
            write,
            cache,
            self.approvals,
        )
