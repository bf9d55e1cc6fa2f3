"""Container Registry Personal Edition (API version 2016-06-07): ROA style, lower-case keys, times as numbers."""

import re
from typing import Any

from fcpin.emulator.acr import errors
from fcpin.emulator.acr.params import Params
from fcpin.emulator.errors import ApiError
from fcpin.emulator.ids import Ids
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.oci.model import Repository, Tag
from fcpin.emulator.oci.store import Store, digest_of
from fcpin.emulator.signatures import Verifier
from fcpin.emulator.wire import WireRequest, WireResponse

PREFIX = "/repos/"
VERSION = "2016-06-07"
ACTION = "GetRepoTags"
_TAGS = re.compile(r"/repos/(?P<path>[^/]+/[^/]+)/tags")
_DEFAULT_PAGE = 30
_LARGEST_PAGE = 100


class PersonalRoutes:
    """Answers GetRepoTags. Raises AcrError, GatewayError."""

    def __init__(self, store: Store, verifier: Verifier, ids: Ids, knobs: Knobs) -> None:
        self._store = store
        self._verifier = verifier
        self._ids = ids
        self._knobs = knobs

    def action(self, request: WireRequest) -> tuple[str, str]:
        """What the call is recorded as, and what it is about."""
        match = _TAGS.fullmatch(request.path)
        if match is None or request.method != "GET":
            return request.header("x-acs-action") or f"{request.method} {request.path}", ""
        return ACTION, match["path"]

    def answer(self, request: WireRequest) -> WireResponse:
        self._verifier.admit(request, errors.refused)
        match = _TAGS.fullmatch(request.path)
        if match is None or request.method != "GET" or request.header("x-acs-version") != VERSION:
            raise errors.GatewayError(
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

    def _repository(self, path: str) -> Repository:
        repository = None if self._knobs.acr_personal == "unknown" else self._store.find(path)
        if repository is None:
            raise errors.not_exist("REPO", path)
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
