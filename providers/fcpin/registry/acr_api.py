"""The calls of ACR's API (cr, version 2018-12-01) that a registry needs, with its failures as ours.

Made by alibabacloud-cr20181201, whose models stop here and in `acr_enterprise`. The API answers HTTP 200 to some
failures, so `IsSuccess` is checked on every answer.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fcpin.errors import RegistryDenied, RegistryError, RegistryUnavailable, RepositoryNotFound, TagNotFound
from fcpin.openapi import CloudError, counted, retrying
from fcpin.registry.acr_region import AcrOfRegion

Operations = Mapping[str, Callable[[Mapping[str, object]], Any]]
"""What the SDK's client can be asked, by the API's name of it."""

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


class AcrApi(AcrOfRegion[Operations]):
    """The API of one region; see AcrOfRegion."""

    def call(self, action: str, asked: str, missing: type[RegistryError], **parameters: object) -> Any:
        """The SDK's body of a successful answer; *parameters* as the API names them.

        Raises RegistryError, with *asked* in its message; *missing* when the API says that there is no such thing.
        """
        return retrying(lambda: self._attempt(action, asked, missing, parameters), self._retry)

    def _attempt(self, action: str, asked: str, missing: type[RegistryError], parameters: Mapping[str, object]) -> Any:
        try:
            operation = self._client()[action]
            with counted("cr", action):
                return _successful(operation(parameters), action)
        except CloudError as error:
            raise self._refusal(error, action, asked, missing) from None

    def _client_of(self, config: Any) -> Operations:
        from alibabacloud_cr20181201 import models
        from alibabacloud_cr20181201.client import Client

        client = Client(config)
        return {
            "ListInstance": lambda p: client.list_instance(models.ListInstanceRequest().from_map(p)).body,
            "GetRepository": lambda p: client.get_repository(models.GetRepositoryRequest().from_map(p)).body,
            "ListRepoTag": lambda p: client.list_repo_tag(models.ListRepoTagRequest().from_map(p)).body,
            "GetRepoTag": lambda p: client.get_repo_tag(models.GetRepoTagRequest().from_map(p)).body,
            "CreateRepoTag": lambda p: client.create_repo_tag(models.CreateRepoTagRequest().from_map(p)).body,
            "DeleteRepoTag": lambda p: client.delete_repo_tag(models.DeleteRepoTagRequest().from_map(p)).body,
            "GetAuthorizationToken": lambda p: (
                client.get_authorization_token(models.GetAuthorizationTokenRequest().from_map(p)).body
            ),
        }

    def _refusal(self, error: CloudError, action: str, asked: str, missing: type[RegistryError]) -> RegistryError:
        said = f"{asked}: {action} at {self._endpoint} answered {error}"
        if error.is_temporary:
            return RegistryUnavailable(said)
        if error.is_denied or error.status in {401, 403}:
            return RegistryDenied(f"{said}; the credentials must be valid and allowed {_PERMISSIONS[action]}")
        if error.code.endswith(_ABSENT):
            return (TagNotFound if error.code.startswith(_ABSENT_TAG) else RepositoryNotFound)(said)
        return (missing if error.status == 404 else RegistryError)(said)


def _successful(body: Any, action: str) -> Any:
    if body is not None and body.is_success is True:
        return body
    code = getattr(body, "code", None) or "NoAnswer"
    raise CloudError(str(code), 200, f"{action} did not succeed", request_id=str(getattr(body, "request_id", "") or ""))
