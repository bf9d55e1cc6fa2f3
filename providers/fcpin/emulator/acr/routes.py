"""ACR over HTTP: RPC style, the action in a header or a parameter, parameters in the query or a form."""

import re
from typing import Any

from fcpin.emulator.acr.model import AcrError, GatewayError, Params, not_exist, rejected, response
from fcpin.emulator.acr.service import ContainerRegistry
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.oci.model import RepositoryRecord, Tag
from fcpin.emulator.oci.store import RegistryStore, digest_of
from fcpin.emulator.signatures import SignatureVerifier
from fcpin.emulator.state import Ids
from fcpin.emulator.wire import ApiError, WireRequest, WireResponse

VERSION = "2018-12-01"


class AcrRoutes:
    """Answers a call of API version 2018-12-01."""

    def __init__(self, service: ContainerRegistry, verifier: SignatureVerifier, ids: Ids, knobs: Knobs) -> None:
        self._operations = service.operations()
        self._verifier = verifier
        self._ids = ids
        self._knobs = knobs

    def action(self, request: WireRequest) -> tuple[str, str]:
        """The action by which the call is recorded, and its target."""
        given = dict(request.parameters)
        namespace = given.get("RepoNamespaceName") or given.get("NamespaceName")
        repository = given.get("RepoId") or "/".join(filter(None, (namespace, given.get("RepoName"))))
        target = f"{repository}:{given['Tag']}" if given.get("Tag") else repository
        return _action(request), target or given.get("InstanceName", "")

    def answer(self, request: WireRequest) -> WireResponse:
        """Raises AcrError, GatewayError."""
        self._verifier.admit(request, rejected)
        action, version = _action(request), request.header("x-acs-version") or request.param("Version")
        operation = self._operations.get(action)
        if version != VERSION or operation is None:
            message = f"the emulator does not have {action} of version {version}"
            raise GatewayError(404, "InvalidAction.NotFound", message)
        body = operation(Params(dict(request.parameters)))
        success = {"Code": "success", "IsSuccess": True, "RequestId": self._ids.acr_request()}
        return WireResponse.of_json({**success, **body})

    def failed(self, error: ApiError) -> WireResponse:
        """The response of an error; the knob acr_not_exist selects its form."""
        hidden = isinstance(error, AcrError) and self._knobs.acr_not_exist == "not-success"
        return response(error, self._ids.acr_request(), status=200 if hidden else None)


def _action(request: WireRequest) -> str:
    return request.header("x-acs-action") or request.param("Action")


PREFIX = "/repos/"
PERSONAL_VERSION = "2016-06-07"
ACTION = "GetRepoTags"
_TAGS = re.compile(r"/repos/(?P<path>[^/]+/[^/]+)/tags")
_DEFAULT_PAGE = 30
_LARGEST_PAGE = 100


class PersonalRoutes:
    """Answers GetRepoTags. Raises AcrError, GatewayError."""

    def __init__(self, store: RegistryStore, verifier: SignatureVerifier, ids: Ids, knobs: Knobs) -> None:
        self._store = store
        self._verifier = verifier
        self._ids = ids
        self._knobs = knobs

    def action(self, request: WireRequest) -> tuple[str, str]:
        """The action by which the call is recorded, and its target."""
        match = _TAGS.fullmatch(request.path)
        if match is None or request.method != "GET":
            return request.header("x-acs-action") or f"{request.method} {request.path}", ""
        return ACTION, match["path"]

    def answer(self, request: WireRequest) -> WireResponse:
        self._verifier.admit(request, rejected)
        match = _TAGS.fullmatch(request.path)
        if match is None or request.method != "GET" or request.header("x-acs-version") != PERSONAL_VERSION:
            raise GatewayError(
                404, "InvalidAction.NotFound", f"the emulator does not have {request.method} {request.path}"
            )
        params = Params({"PageNo": request.param("Page"), "PageSize": request.param("PageSize")})
        page = params.page(_DEFAULT_PAGE, _LARGEST_PAGE)
        tags = sorted(self._repository(match["path"]).tags.values(), key=lambda tag: tag.pushed_ms, reverse=True)
        data = {
            "total": len(tags),
            "page": page.number,
            "pageSize": page.size,
            "tags": [self._view(tag) for tag in page.cut(tags)],
        }
        return WireResponse.of_json({"data": data, "requestId": self._ids.acr_request()})

    def failed(self, error: ApiError) -> WireResponse:
        body = {"code": error.code, "message": error.message, "requestId": self._ids.acr_request()}
        return WireResponse.of_json(body, error.status, error.headers)

    def _repository(self, path: str) -> RepositoryRecord:
        repository = None if self._knobs.acr_personal == "unknown" else self._store.find(path)
        if repository is None:
            raise not_exist("REPO", path)
        return repository

    def _view(self, tag: Tag) -> dict[str, Any]:
        digest = digest_of(tag.digest.encode()) if self._knobs.acr_personal == "namesake" else tag.digest
        return {
            "tag": tag.name,
            "digest": digest.removeprefix("sha256:") if self._knobs.digest_prefix == "bare" else digest,
            "imageId": tag.image_id,
            "imageCreate": tag.created_ms,
            "imageUpdate": tag.pushed_ms,
            "imageSize": tag.size,
            "status": tag.status,
        }
