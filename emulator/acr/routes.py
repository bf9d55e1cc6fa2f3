"""ACR over HTTP: RPC style, the action in a header, all parameters in the query."""

from emulator.acr import errors
from emulator.acr.params import Params
from emulator.acr.service import ContainerRegistry
from emulator.acs3 import Verifier
from emulator.errors import ApiError
from emulator.ids import Ids
from emulator.knobs import Knobs
from emulator.wire import WireRequest, WireResponse

VERSION = "2018-12-01"


class AcrRoutes:
    """Answers a call of API version 2018-12-01."""

    def __init__(self, service: ContainerRegistry, verifier: Verifier, ids: Ids, knobs: Knobs) -> None:
        self._operations = service.operations()
        self._verifier = verifier
        self._ids = ids
        self._knobs = knobs

    def action(self, request: WireRequest) -> tuple[str, str]:
        """What the call is recorded as, and what it is about."""
        name = "/".join(filter(None, (request.param("RepoNamespaceName"), request.param("RepoName"))))
        repository = request.param("RepoId") or name
        target = f"{repository}:{request.param('Tag')}" if request.param("Tag") else repository
        return request.header("x-acs-action") or request.param("Action"), target or request.param("InstanceName")

    def answer(self, request: WireRequest) -> WireResponse:
        """Raises AcrError, GatewayError."""
        self._verifier.admit(request, errors.refused)
        action = request.header("x-acs-action")
        operation = self._operations.get(action)
        if request.header("x-acs-version") != VERSION or operation is None:
            message = f"the emulator does not have {action} of version {request.header('x-acs-version')}"
            raise errors.GatewayError(404, "InvalidAction.NotFound", message)
        body = operation(Params(dict(request.query)))
        success = {"Code": "success", "IsSuccess": True, "RequestId": self._ids.acr_request()}
        return WireResponse.of_json({**success, **body})

    def failed(self, error: ApiError) -> WireResponse:
        """An error on the wire; of something that does not exist, as the knob says."""
        hidden = isinstance(error, errors.AcrError) and self._knobs.acr_not_exist == "not-success"
        return errors.response(error, self._ids.acr_request(), status=200 if hidden else None)
