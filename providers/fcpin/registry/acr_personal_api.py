"""The one call of ACR Personal's API (cr, version 2016-06-07) that a registry needs: GetRepoTags.

The SDK of that version throws the body of its answers away, so the generic client signs and sends it.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from fcpin.errors import RegistryError, RegistryProtocolError, RegistryUnavailable
from fcpin.image import Repository
from fcpin.openapi import CloudError, counted, retrying, send
from fcpin.registry.acr_region import AcrOfRegion

_VERSION: Final = "2016-06-07"


class NoPushTimes(RegistryError):
    """The API does not tell about the repository: it knows none of that name, or these credentials may not ask."""


class NobodyToAskAs(NoPushTimes):
    """There are no credentials for Alibaba Cloud's APIs."""


class PersonalApi(AcrOfRegion[Any]):
    """The API of one region; see AcrOfRegion."""

    def tags(self, repository: Repository, page: int, size: int) -> Mapping[str, Any]:
        """`data` of one answer: `total`, `pageSize` and `tags`, whose times are in milliseconds since 1970.

        Raises NoPushTimes when the API refuses, RegistryUnavailable when it does not answer now.
        """
        return retrying(lambda: self._once(repository, {"Page": str(page), "PageSize": str(size)}), self._retry)

    def _once(self, repository: Repository, query: Mapping[str, str]) -> Mapping[str, Any]:
        path = f"/repos/{quote(repository.path)}/tags"
        try:
            client = self._client()
            with counted("cr", "GetRepoTags"):
                answer = send(client, "GetRepoTags", _VERSION, "GET", path, query=query)
        except CloudError as error:
            raise self._refusal(error, repository) from None
        data = (answer.get("body") or {}).get("data")
        if not isinstance(data, dict):
            raise RegistryProtocolError(f"{repository}: GetRepoTags at {self._endpoint} answered without data")
        return data

    def _client_of(self, config: Any) -> Any:
        from alibabacloud_tea_openapi.client import Client

        return Client(config)

    def _refusal(self, error: CloudError, repository: Repository) -> RegistryError:
        said = f"{repository}: GetRepoTags at {self._endpoint} answered {error}"
        if error.is_temporary:
            unavailable = RegistryUnavailable(said)
            unavailable.retry_after = error.retry_after
            return unavailable
        return (NobodyToAskAs if error.is_without_credentials else NoPushTimes)(said)
