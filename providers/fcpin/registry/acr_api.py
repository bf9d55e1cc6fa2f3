"""The calls of ACR's API (cr, version 2018-12-01) that a registry needs, with its failures as ours.

The API answers HTTP 200 to some failures, so `IsSuccess` is checked on every answer.
"""

from collections.abc import Mapping
from typing import Any, Final

from fcpin.errors import (
    RegistryDenied,
    RegistryError,
    RegistryProtocolError,
    RegistryUnavailable,
    RepositoryNotFound,
    TagNotFound,
    WrongShape,
    one_line,
)
from fcpin.http.errors import CloudError
from fcpin.http.limits import retrying
from fcpin.http.openapi import counted, json_of
from fcpin.json_reader import JsonFields
from fcpin.registry.acr_answers import OPERATIONS
from fcpin.registry.acr_region import AcrOfRegion

_READS: Final = frozenset({"GetRepoTag"})
"""Sent by GET, as the SDK does; all others by POST."""
_ABSENT: Final = "NOT_EXIST"
_ABSENT_TAG: Final = ("TAG_", "REPO_TAG_", "IMAGE_", "ARTIFACT_")
_PERMISSIONS: Final[Mapping[str, str]] = {
    "ListInstance": "cr:ListInstance",
    "GetRepository": "cr:GetRepository",
    "ListRepoTag": "cr:ListRepositoryTag",
    "GetRepoTag": "cr:GetRepositoryTag, cr:ListRepositoryTag and cr:GetRepoTag (ACR's documents differ), on "
    "repository/<instance id> as well",
    "CreateRepoTag": "cr:CreateRepoTag",
    "DeleteRepoTag": "cr:DeleteRepositoryTag",
    "GetAuthorizationToken": "cr:GetAuthorizationToken",
}
"""The RAM actions that each call needs."""


class AcrApi(AcrOfRegion):
    """The API of one region; see AcrOfRegion."""

    VERSION = "2018-12-01"

    def call(self, action: str, asked: str, missing: type[RegistryError], **parameters: object) -> Any:
        """The answer of a successful call, see acr_answers; *parameters* as the API names them.

        Raises RegistryError, with *asked* in its message; *missing* when the API says that there is no such thing.
        """
        return retrying(lambda: self._attempt(action, asked, missing, parameters), self._retry)

    def _attempt(self, action: str, asked: str, missing: type[RegistryError], parameters: Mapping[str, object]) -> Any:
        operation = OPERATIONS[action]
        query = {name: str(value) for name, value in parameters.items()}
        try:
            with counted("cr", action):
                answer = self._api.call(action, "GET" if action in _READS else "POST", "/", query=query)
                return operation.result(_successful(JsonFields(json_of(answer), operation.what), action), parameters)
        except CloudError as error:
            raise self._refusal(error, action, asked, missing) from None
        except WrongShape as error:
            raise RegistryProtocolError(f"{asked}: {action} at {self._endpoint}: {error}") from None

    def _refusal(self, error: CloudError, action: str, asked: str, missing: type[RegistryError]) -> RegistryError:
        said = f"{asked}: {action} at {self._endpoint} answered {error}"
        if error.is_malformed:
            return RegistryProtocolError(said)
        if error.is_temporary:
            unavailable = RegistryUnavailable(said)
            unavailable.retry_after = error.retry_after
            return unavailable
        if error.is_denied or error.status in {401, 403}:
            return RegistryDenied(f"{said}; the credentials must be valid and allowed {_PERMISSIONS[action]}")
        if error.code.endswith(_ABSENT):
            return (TagNotFound if error.code.startswith(_ABSENT_TAG) else RepositoryNotFound)(said)
        # A page of a proxy is not an absence.
        return (missing if error.status == 404 and error.is_from_api else RegistryError)(said)


def _successful(answer: JsonFields, action: str) -> JsonFields:
    success = answer.flag("IsSuccess")
    if success is None:
        raise WrongShape("expected an answer with IsSuccess, got an object without it")
    if not success:
        code, request_id = one_line(answer.text("Code"))[:200], one_line(answer.text("RequestId"))[:200]
        raise CloudError(code or "NoCode", 200, f"{action} did not succeed", request_id=request_id)
    return answer
