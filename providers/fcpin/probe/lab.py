"""What the experiments work with: an API of Function Compute, a repository, one function; and their removal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fcpin.acr_hosts import acr_host, public_host
from fcpin.clock import Clock
from fcpin.errors import FcpinError, FunctionRejected, InvalidSettings, Problem
from fcpin.fc.client import default_endpoint as fc_endpoint
from fcpin.http.credentials import Profile
from fcpin.http.retries import REGISTRY_RETRY, Retry
from fcpin.image import Repository
from fcpin.probe.api import (
    ACR_PERSONAL_VERSION,
    ACR_VERSION,
    FC_VERSION,
    AcrEnterprise,
    AcrPersonal,
    Api,
)
from fcpin.probe.function import ProbeFunction, UpdateResult
from fcpin.probe.image import BuiltImage, image, index
from fcpin.probe.repository import ProbeRepository
from fcpin.registry.auth import Authenticator, FindLogin, Login, RenewedLogin
from fcpin.registry.distribution import default_endpoint
from fcpin.registry.logins import docker_logins
from fcpin.registry.session import Transport
from fcpin.registry.settings import RegistrySettings, by_registry
from fcpin.settings import Settings, endpoint_of

PREFIX: Final = "fcpin-probe-"
"""Of every function and tag that a probe makes."""
TAGS: Final = ("one", "two", "moving", "breaking", "index")
"""In the order in which they are pushed: neither by name nor the reverse."""


@dataclass
class Lab:
    """One run. *name* begins with PREFIX and is unique."""

    name: str
    functions: Api
    repository: ProbeRepository
    acr: AcrEnterprise | None
    """None where the repository is not one of ACR Enterprise."""
    personal: AcrPersonal | None
    """None where it is not one of ACR Personal."""
    clock: Clock
    deadline: float
    """Seconds to wait for one create or update."""
    _function: ProbeFunction | None = None
    _images: int = 0

    def new_function(self) -> ProbeFunction:
        """The function of the run, which is not created yet."""
        self._function = ProbeFunction(self.name, self.functions, self.clock, self.deadline)
        return self._function

    def function(self) -> ProbeFunction:
        """The function of the run. Raises FunctionRejected if it could not be created."""
        if self._function is None or not self._function.may_exist:
            raise FunctionRejected("the function of the probe could not be created")
        return self._function

    def tag(self, word: str) -> str:
        return f"{self.name}-{word}"

    def image(self, word: str) -> str:
        """The reference that FC takes for the tag of *word*."""
        return self.repository.image(self.tag(word))

    def push_all(self) -> None:
        """One image a tag. Raises RegistryError."""
        for word in TAGS:
            self.repository.push(self._built(word), self.tag(word))

    def new_image(self, platform: str = "linux/amd64") -> BuiltImage:
        """One that the registry does not have."""
        self._images += 1
        return image(f"{self.name} {self._images}", self.now, platform)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def deploy(self, word: str) -> UpdateResult:
        """Update the run's function to the tag of *word*. Raises FunctionRejected when that does not succeed."""
        result = self.function().deploy(self.image(word))
        if not result.succeeded:
            raise FunctionRejected(f"an update to the tag {word} was {result}")
        return result

    def remove(self) -> Iterator[str]:
        """Remove the function, then the tags; yields a sentence for each that could not be removed."""
        try:
            if self._function is not None:
                self._function.remove()
        except FcpinError as error:
            yield str(error)
        try:
            self.repository.remove(self.acr.delete_tag if self.acr else None)
        except FcpinError as error:
            yield str(error)

    @property
    def left(self) -> list[str]:
        """What is not removed yet."""
        functions = [f"function {self.name}"] if self._function is not None and self._function.may_exist else []
        return [*functions, *self.repository.left]

    def _built(self, word: str) -> BuiltImage:
        if word == "index":
            return index([self.new_image("linux/arm64"), self.new_image()])
        return self.new_image()


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a probe runs."""

    settings: Settings
    """Its region is where the function is created."""
    repository: Repository
    deadline: float

    def lab(self, name: str, clock: Clock, retry: Retry = REGISTRY_RETRY) -> Lab:
        """The lab of the run *name*; sends no request. Raises InvalidSettings."""
        region = self.settings.region
        endpoint = endpoint_of(self.settings, region) or fc_endpoint(region)
        functions = Api(endpoint, FC_VERSION, self.settings.credentials, retry)
        host = public_host(self.repository.host)
        registry = by_registry(self.settings.registries).get(host, RegistrySettings())
        enterprise, personal_edition = self._acrs(registry, retry)
        base = (registry.endpoint or default_endpoint(host)).rstrip("/")
        transport = Transport(retry=retry, clock=clock)

        find_login = self._find_login(registry, enterprise, clock)
        repository = ProbeRepository(
            self.repository, base, Authenticator(base, find_login, transport, clock), transport
        )
        return Lab(name, functions, repository, enterprise, personal_edition, clock, self.deadline)

    def _find_login(self, registry: RegistrySettings, enterprise: AcrEnterprise | None, clock: Clock) -> FindLogin:
        if registry.username:
            given = Login("stack config", registry.username, registry.password or "")
            return lambda _path: given
        return RenewedLogin(enterprise.login, clock).find if enterprise else docker_logins(self.repository.host).find

    def _acrs(self, registry: RegistrySettings, retry: Retry) -> tuple[AcrEnterprise | None, AcrPersonal | None]:
        """The client for the repository's edition of ACR, if it is on ACR."""
        host = acr_host(self.repository.host)
        if host is None:
            return None, None
        account = Profile(registry.profile) if registry.profile else self.settings.credentials
        endpoint = self.settings.endpoints.get("cr") or f"cr.{host.region}.aliyuncs.com"
        if host.edition == "personal":
            return None, AcrPersonal(Api(endpoint, ACR_PERSONAL_VERSION, account, retry), self.repository)
        api = Api(endpoint, ACR_VERSION, account, retry)
        return AcrEnterprise(api, host, self.repository, registry.instance_id), None


def check_repository(lab: Lab) -> None:
    """Check before anything is created. Raises InvalidSettings, RegistryError, CloudError."""
    if lab.acr is not None and not lab.acr.has_movable_tags:
        raise InvalidSettings(
            Problem(
                "--repository",
                f"{lab.repository.repository}: TagImmutability is on, and most questions are about tags that move; "
                "name another repository",
            )
        )
