"""What the two versions of ACR's API share: where that of a region is, and with which credentials it is called."""

from functools import cached_property
from typing import ClassVar

from fcpin.errors import InvalidSettings, RegistryError
from fcpin.http.credentials import Account
from fcpin.http.limits import REGISTRY_RETRY, Limits, Retry
from fcpin.http.openapi import OpenApi


class AcrOfRegion:
    """Calls the API of one region. Safe to share between threads.

    Without *credentials* the default chain of alibabacloud-credentials is used at the first call; *endpoint* is
    another address than `cr.<region>.aliyuncs.com`.
    """

    VERSION: ClassVar[str]

    def __init__(
        self,
        region: str,
        *,
        credentials: Account | None = None,
        endpoint: str | None = None,
        retry: Retry = REGISTRY_RETRY,
        limits: Limits | None = None,
    ) -> None:
        self._credentials = credentials
        self._endpoint = endpoint or f"cr.{region}.aliyuncs.com"
        self._retry = retry
        self._limits = limits

    @cached_property
    def _api(self) -> OpenApi:
        """Raises RegistryError for an endpoint that is not valid."""
        try:
            return OpenApi(self._endpoint, self.VERSION, self._credentials, limits=self._limits)
        except InvalidSettings as error:
            raise RegistryError(f"ACR API at {self._endpoint}: {error}") from None
