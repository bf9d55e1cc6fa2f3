"""The one call of ACR Personal's API (cr, version 2016-06-07) that a registry needs: GetRepoTags."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from fcpin.errors import RegistryDenied, RegistryError, RegistryProtocolError, RegistryUnavailable, WrongShape
from fcpin.image import Repository
from fcpin.json_fields import JsonFields
from fcpin.openapi import CloudError, counted, json_of, retrying
from fcpin.registry.acr_region import AcrOfRegion

_MAX_PAGE: Final = 10_000


class NoPushTimes(RegistryError):
    """The API does not tell about the repository: it knows none of that name, or these credentials may not ask."""


class NobodyToAskAs(NoPushTimes):
    """There are no credentials for Alibaba Cloud's APIs."""


class PersonalApi(AcrOfRegion):
    """The API of one region; see AcrOfRegion."""

    VERSION = "2016-06-07"

    def tags(self, repository: Repository, page: int, size: int) -> Mapping[str, Any]:
        """`data` of one answer: `total`, `pageSize` and `tags`, whose times are in milliseconds since 1970.

        Raises NoPushTimes when the API refuses, RegistryUnavailable when it does not answer now.
        """
        return retrying(lambda: self._once(repository, {"Page": str(page), "PageSize": str(size)}), self._retry)

    def _once(self, repository: Repository, query: Mapping[str, str]) -> Mapping[str, Any]:
        path = f"/repos/{quote(repository.path)}/tags"
        try:
            with counted("cr", "GetRepoTags"):
                return _data(json_of(self._api.call("GetRepoTags", "GET", path, query=query)))
        except CloudError as error:
            raise self._refusal(error, repository) from None
        except WrongShape as error:
            raise RegistryProtocolError(f"{repository}: GetRepoTags at {self._endpoint}: {error}") from None

    def _refusal(self, error: CloudError, repository: Repository) -> RegistryError:
        said = f"{repository}: GetRepoTags at {self._endpoint} answered {error}"
        if error.is_malformed:
            return RegistryProtocolError(said)
        if error.is_temporary:
            unavailable = RegistryUnavailable(said)
            unavailable.retry_after = error.retry_after
            return unavailable
        if not error.is_from_api and not error.is_without_credentials:
            return (RegistryDenied if error.is_denied else RegistryError)(said)
        return (NobodyToAskAs if error.is_without_credentials else NoPushTimes)(said)


def _data(answer: object) -> Mapping[str, Any]:
    """Raises WrongShape."""
    data = JsonFields(JsonFields(answer, "a listing of tags").wire.get("data"), "a listing with data")
    for tag in data.objects("tags", "a tag"):
        for name in ("digest", "status"):
            tag.text(name)
        for name in ("imageUpdate", "imageCreate"):
            tag.text_or_number(name)
    return {**data.wire, "pageSize": data.count("pageSize", limit=_MAX_PAGE)}
