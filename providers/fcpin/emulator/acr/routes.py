"""ACR over HTTP: RPC style, the action in a header or a parameter, parameters in the query or a form."""

from fcpin.emulator.acr import errors
from fcpin.emulator.acr.params import Params
from fcpin.emulator.acr.service import ContainerRegistry
from fcpin.emulator.errors import ApiError
from fcpin.emulator.ids import Ids
from fcpin.emulator.knobs import Knobs
from fcpin.emulator.signatures import Verifier
from fcpin.emulator.wire import WireRequest, WireResponse

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
        given = dict(request.parameters)
        namespace = given.get("RepoNamespaceName") or given.get("NamespaceName")
        repository = given.get("RepoId") or "/".join(filter(None, (namespace, given.get("RepoName"))))
        target = f"{repository}:{given['Tag']}" if given.get("Tag") else repository
        return _action(request), target or given.get("InstanceName", "")

    def answer(self, request: WireRequest) -> WireResponse:
        """Raises AcrError, GatewayError."""
        self._verifier.admit(request, errors.refused)
        action, version = _action(request), request.header("x-acs-version") or request.param("Version")
        operation = self._operations.get(action)
        if version != VERSION or operation is None:
            message = f"the emulator does not have {action} of version {version}"
            raise errors.GatewayError(404, "InvalidAction.NotFound", message)
        body = operation(Params(dict(request.parameters)))
        success = {"Code": "success", "IsSuccess": True, "RequestId": self._ids.acr_request()}
        return WireResponse.of_json({**success, **body})

    def failed(self, error: ApiError) -> WireResponse:
        """An error on the wire; of something that does not exist, as the knob says."""
        hidden = isinstance(error, errors.AcrError) and self._knobs.acr_not_exist == "not-success"
        return errors.response(error, self._ids.acr_request(), status=200 if hidden else None)


def _action(request: WireRequest) -> str:
    return request.header("x-acs-action") or request.param("Action")
