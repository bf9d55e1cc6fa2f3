"""The one call of ACR Personal's API (cr, version 2016-06-07) that a registry needs: GetRepoTags."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from fcpin.errors import RegistryDenied, RegistryError, RegistryProtocolError, RegistryUnavailable, WrongShape
from fcpin.http.credentials import has_source
from fcpin.http.errors import CloudError
from fcpin.http.limits import retrying
from fcpin.http.openapi import counted, json_of
from fcpin.image import Repository
from fcpin.json_reader import JsonFields
from fcpin.registry.acr_region import AcrOfRegion

_MAX_PAGE: Final = 10_000


_UNKNOWN: Final = re.compile(r"(?:USER|NAMESPACE|REPO|REPOSITORY)_NOT_EXIST")
"""The codes for what the API does not know. USER_NOT_EXIST: the account has no ACR Personal at all."""


class NoPushTimes(RegistryError):
    """The API knows no such repository."""


class NobodyToAskAs(NoPushTimes):
    """No credentials for Alibaba Cloud's APIs are configured here."""


class PersonalApi(AcrOfRegion):
    """The API of one region; see AcrOfRegion."""

    VERSION = "2016-06-07"

    def tags(self, repository: Repository, page: int, size: int) -> Mapping[str, Any]:
        """`data` of one answer: `total`, `pageSize` and `tags`, whose times are in milliseconds since 1970.

        Raises NoPushTimes when the API knows no such repository, RegistryUnavailable when it does not answer now,
        RegistryError for every other refusal: whether it passes is not known.
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
        if _UNKNOWN.fullmatch(error.code):
            return NoPushTimes(said)
        if error.is_without_credentials and self._credentials is None and not has_source():
            return NobodyToAskAs(said)
        kind = RegistryDenied if error.is_denied or error.status in {401, 403} else RegistryError
        return kind(
            f"{said}; without push times tags would be ordered otherwise, so nothing is selected: check the "
            f"credentials, and that they are allowed cr:ListRepositoryTag, or set push_times: false for the host in "
            "the stack's registries"
        )


def _data(answer: object) -> Mapping[str, Any]:
    """Raises WrongShape."""
    data = JsonFields(JsonFields(answer, "a listing of tags").wire.get("data"), "a listing with data")
    for tag in data.objects("tags", "a tag"):
        for name in ("digest", "status"):
            tag.text(name)
        for name in ("imageUpdate", "imageCreate"):
            tag.text_or_number(name)
    return {**data.wire, "pageSize": data.count("pageSize", limit=_MAX_PAGE)}
