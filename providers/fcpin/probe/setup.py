"""Put a lab together from settings: whom to ask, as whom, about which repository."""

from dataclasses import dataclass

from fcpin.clock import Clock
from fcpin.errors import InvalidSettings, Problem
from fcpin.fc.client import default_endpoint as fc_endpoint
from fcpin.http.credentials import Profile
from fcpin.http.limits import REGISTRY_RETRY, Retry
from fcpin.image import Repository, acr_host
from fcpin.probe import acr, function, personal
from fcpin.probe.acr import Acr
from fcpin.probe.api import Api
from fcpin.probe.lab import Lab
from fcpin.probe.personal import Personal
from fcpin.probe.repository import ProbeRepository
from fcpin.registry.auth import Authenticator
from fcpin.registry.distribution import default_endpoint
from fcpin.registry.logins import FindLogin, Login, RenewedLogin, docker_logins
from fcpin.registry.settings import RegistrySettings, by_registry, public_host
from fcpin.registry.transport import Transport
from fcpin.settings import Settings, endpoint_of


@dataclass(frozen=True, slots=True)
class Plan:
    """What a probe is to be made of."""

    settings: Settings
    """Whose region is where the functions are made."""
    repository: Repository
    deadline: float

    def lab(self, name: str, clock: Clock, retry: Retry = REGISTRY_RETRY) -> Lab:
        """*name* is that of the run. Asks nobody anything yet. Raises InvalidSettings."""
        region = self.settings.region
        endpoint = endpoint_of(self.settings, region) or fc_endpoint(region)
        functions = Api(endpoint, function.VERSION, self.settings.credentials, retry)
        host = public_host(self.repository.host)
        said = by_registry(self.settings.registries).get(host, RegistrySettings())
        enterprise, personal_edition = self._acrs(said, retry)
        base = (said.endpoint or default_endpoint(host)).rstrip("/")
        transport = Transport(retry=retry, clock=clock)

        find_login = self._find_login(said, enterprise, clock)
        repository = ProbeRepository(
            self.repository, base, Authenticator(base, find_login, transport, clock), transport
        )
        return Lab(name, functions, repository, enterprise, personal_edition, clock, self.deadline)

    def _find_login(self, said: RegistrySettings, enterprise: Acr | None, clock: Clock) -> FindLogin:
        if said.username:
            given = Login("stack config", said.username, said.password or "")
            return lambda _path: given
        return RenewedLogin(enterprise.login, clock).find if enterprise else docker_logins(self.repository.host).find

    def _acrs(self, said: RegistrySettings, retry: Retry) -> tuple[Acr | None, Personal | None]:
        """The edition of ACR that has the repository, if one has."""
        host = acr_host(self.repository.host)
        if host is None:
            return None, None
        account = Profile(said.profile) if said.profile else self.settings.credentials
        endpoint = self.settings.endpoints.get("cr") or f"cr.{host.region}.aliyuncs.com"
        if host.edition == "personal":
            return None, Personal(Api(endpoint, personal.VERSION, account, retry), self.repository)
        api = Api(endpoint, acr.VERSION, account, retry)
        return Acr(api, host, self.repository, said.instance_id), None


def check(lab: Lab) -> None:
    """What can be known before anything is made. Raises InvalidSettings, RegistryError, CloudError."""
    if lab.acr is not None and not lab.acr.has_movable_tags:
        raise InvalidSettings(
            Problem(
                "--repository",
                f"{lab.repository.repository}: TagImmutability is on, and most questions are about tags that move; "
                "name another repository",
            )
        )
