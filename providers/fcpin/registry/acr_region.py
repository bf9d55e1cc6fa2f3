"""What the two versions of ACR's API share: where that of a region is, as whom it is asked, one client for all."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from fcpin.errors import InvalidSettings, RegistryError
from fcpin.openapi import Account, Retry, check_proxy, cloud_errors, sdk_config
from fcpin.registry.single_flight import SingleFlight
from fcpin.registry.transport import REGISTRY_RETRY

Client = TypeVar("Client")


class AcrOfRegion(ABC, Generic[Client]):
    """Calls the API of one region. Safe to share between threads.

    Without *credentials* the default chain of alibabacloud-credentials is asked at the first call; *endpoint* is
    another address than `cr.<region>.aliyuncs.com`.
    """

    def __init__(
        self,
        region: str,
        *,
        credentials: Account | None = None,
        endpoint: str | None = None,
        retry: Retry = REGISTRY_RETRY,
    ) -> None:
        self._region = region
        self._credentials = credentials
        self._endpoint = endpoint or f"cr.{region}.aliyuncs.com"
        self._retry = retry
        self._clients = SingleFlight[str, Client]()

    @abstractmethod
    def _client_of(self, config: Any) -> Client:
        """An SDK's client, made once. *config* is what `sdk_config` returns."""

    def _client(self) -> Client:
        """Raises RegistryError for an endpoint that cannot be asked, CloudError."""
        return self._clients.get("", self._connect)

    def _connect(self) -> Client:
        try:
            check_proxy(self._endpoint)
            with cloud_errors():
                return self._client_of(sdk_config(self._endpoint, self._region, self._credentials))
        except InvalidSettings as error:
            raise RegistryError(f"ACR API: {error}") from None
