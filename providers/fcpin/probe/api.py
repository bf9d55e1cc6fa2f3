"""Calls of Alibaba Cloud's APIs that return the response as it came, rejections included.

The clients of `fcpin.fc` and `fcpin.registry` interpret responses; here the response is what is examined.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from fcpin.acr_hosts import AcrHost
from fcpin.errors import FcpinError, RegistryError, RepositoryNotFound, WrongShape
from fcpin.http.credentials import Account
from fcpin.http.errors import CloudError, is_temporary_code
from fcpin.http.openapi import OpenApi
from fcpin.http.retries import Retry, repeating
from fcpin.image import Repository
from fcpin.json_reader import JsonFields, Wire, read_json
from fcpin.registry.acr_api import moment
from fcpin.registry.auth import Login

if TYPE_CHECKING:
    from fcpin.http.exchange import Response

FC_VERSION: Final = "2023-03-30"
ACR_VERSION: Final = "2018-12-01"
ACR_PERSONAL_VERSION: Final = "2016-06-07"
_SHOWN: Final = 200
_ABSENT: Final = "NOT_EXIST"
_PAGE: Final = 100
_PAGES: Final = 100


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """One response."""

    status: int
    """Of HTTP."""
    body: Wire = field(repr=False)
    """Empty for a rejection, and for a response that is not a JSON object."""
    code: str = ""
    """Of a rejection; empty for a success."""
    message: str = ""

    @property
    def is_success(self) -> bool:
        return not self.code

    def fields(self, what: str) -> JsonFields:
        """The body as *what*. Its methods raise WrongShape."""
        return JsonFields(self.body, what)

    def __str__(self) -> str:
        if self.is_success:
            return "accepted"
        response = f": {self.message[:_SHOWN]}" if self.message else ""
        return f"rejected with HTTP {self.status} {self.code}{response}"


class ApiUnavailable(FcpinError):
    """The API throttles, fails temporarily, or cannot be reached."""

    temporary = True


class Api:
    """One version of one API. The SDK, which signs, is imported at the first call.

    `call` raises CloudError for missing rights and for responses that are not the API's, and ApiUnavailable for
    temporary failures after the retries.
    """

    def __init__(self, endpoint: str, version: str, account: Account | None, retry: Retry) -> None:
        self.endpoint = endpoint
        self._api = OpenApi(endpoint, version, account)
        self._retry = retry

    def call(
        self,
        action: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: Wire | None = None,
    ) -> ApiResponse:
        """Call *path*, which is escaped. Raises CloudError, ApiUnavailable."""
        return repeating(self._retry)(lambda: self._once(action, method, path, query, body))

    def _once(
        self, action: str, method: str, path: str, query: Mapping[str, object] | None, body: Wire | None
    ) -> ApiResponse:
        try:
            sent = {key: str(value) for key, value in (query or {}).items()}
            return _response(self._api.send(action, method, path, query=sent, body=body))
        except CloudError as error:
            where = f"{action} at {self.endpoint}: {error.message}"
            if is_temporary_code(error.code) or (error.is_temporary and not error.is_from_api):
                raise ApiUnavailable(f"{where} ({error.code})") from None
            if error.is_denied or not error.is_from_api:
                raise CloudError(error.code, error.status, where, request_id=error.request_id) from None
            return ApiResponse(error.status, {}, error.code, error.message)


def _response(response: "Response") -> ApiResponse:
    """ACR rejects with HTTP 200 and `IsSuccess: false`; an invocation may do so with a `Code`.

    An invocation returns the response of the function, which need not be JSON.
    """
    try:
        body = read_json(response.body)
    except ValueError:
        body = None
    wire: Wire = body if isinstance(body, dict) else {}
    rejected = wire.get("IsSuccess") is False or ("Code" in wire and "IsSuccess" not in wire)
    code = str(wire.get("Code") or "NotSuccessful") if rejected else ""
    return ApiResponse(response.status, wire, code, str(wire.get("Message") or ""))


class AcrEnterprise:
    """A *repository* of ACR Enterprise, of the instance at *host*; *instance_id* saves a lookup.

    Raises CloudError, ApiUnavailable.
    """

    def __init__(self, api: Api, host: AcrHost, repository: Repository, instance_id: str | None = None) -> None:
        self._api = api
        self._host = host
        self._repository = repository
        self._given_instance_id = instance_id

    @property
    def instance_name(self) -> str:
        return self._host.instance_name

    @cached_property
    def instance_id(self) -> str:
        """Raises RepositoryNotFound."""
        if self._given_instance_id:
            return self._given_instance_id
        for instance in listed(self.instances(self.instance_name), "Instances", "an instance"):
            if instance.text("InstanceName") == self.instance_name:
                return instance.text("InstanceId", required=True)
        raise RepositoryNotFound(
            f"{self._host.public_host}: these credentials see no ACR Enterprise instance named {self.instance_name!r}"
        )

    def instances(self, name: str) -> ApiResponse:
        """ListInstance by *name*."""
        return self._send("ListInstance", "POST", {"InstanceName": name, "PageNo": 1, "PageSize": 100})

    @cached_property
    def has_movable_tags(self) -> bool:
        """Whether TagImmutability is off. Raises RepositoryNotFound."""
        return self._found.flag("TagImmutability") is not True

    def call(self, action: str, method: str = "POST", **parameters: object) -> ApiResponse:
        """A call about the repository, by its id."""
        query = {"InstanceId": self.instance_id, "RepoId": self._found.text("RepoId", required=True), **parameters}
        return self._send(action, method, query)

    def delete_tag(self, tag: str) -> None:
        """DeleteRepoTag; a tag that does not exist counts as deleted. Raises RegistryError."""
        response = self.call("DeleteRepoTag", Tag=tag)
        if not response.is_success and not response.code.endswith(_ABSENT):
            raise RegistryError(f"{self._repository}:{tag}: DeleteRepoTag {response}")

    def login(self) -> Login:
        """A temporary one, by GetAuthorizationToken. Raises RegistryError."""
        response = self._send("GetAuthorizationToken", "POST", {"InstanceId": self.instance_id})
        if not response.is_success:
            raise RegistryError(f"{self._host.public_host}: GetAuthorizationToken {response}")
        login = response.fields("a login")
        username, password = (login.text(name, required=True) for name in ("TempUsername", "AuthorizationToken"))
        expires = moment(login.text_or_number("ExpireTime"))
        return Login("GetAuthorizationToken", username, password, expires=expires)

    @cached_property
    def _found(self) -> JsonFields:
        namespace, _, name = self._repository.path.partition("/")
        query = {"InstanceId": self.instance_id, "RepoNamespaceName": namespace, "RepoName": name}
        response = self._send("GetRepository", "POST", query)
        if not response.is_success:
            raise RepositoryNotFound(f"{self._repository}: GetRepository {response}; create the repository first")
        return response.fields("a repository")

    def _send(self, action: str, method: str, query: Mapping[str, object]) -> ApiResponse:
        """Raises WrongShape for a response without IsSuccess."""
        response = self._api.call(action, method, "/", query=query)
        if response.is_success and response.fields(f"a response of {action}").flag("IsSuccess") is None:
            raise WrongShape(
                f"{action} at {self._api.endpoint}: expected a response with IsSuccess, got one without it"
            )
        return response


def listed(response: ApiResponse, key: str, what: str) -> Sequence[JsonFields]:
    """The objects of a listing; none for a rejection. Raises WrongShape."""
    return response.fields(f"a listing of {key}").objects(key, what) if response.is_success else ()


class AcrPersonal:
    """A *repository* of ACR Personal, by its path, which is all that the API takes.

    Raises CloudError, ApiUnavailable.
    """

    def __init__(self, api: Api, repository: Repository) -> None:
        self._api = api
        self._path = f"/repos/{quote(repository.path)}/tags"

    def tag(self, name: str) -> tuple[ApiResponse, JsonFields | None]:
        """The last response of GetRepoTags, and the entry of the tag *name*; None where no page lists it."""
        for response in self._responses():
            listed = response.fields("a listing").object("data").objects("tags", "a tag", required=response.is_success)
            found = next((tag for tag in listed if tag.wire.get("tag") == name), None)
            if found is not None or not listed:
                break
        return response, found

    def _responses(self) -> Iterator[ApiResponse]:
        for number in range(1, _PAGES):
            yield self._api.call("GetRepoTags", "GET", self._path, query={"Page": number, "PageSize": _PAGE})
