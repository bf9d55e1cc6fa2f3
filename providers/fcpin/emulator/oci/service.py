"""The registry as one service: the distribution API, its token endpoint and the storage behind it."""

from fcpin.emulator.errors import ApiError
from fcpin.emulator.oci import errors
from fcpin.emulator.oci.auth import Gate
from fcpin.emulator.oci.routes import OciRoutes, Storage
from fcpin.emulator.wire import WireRequest, WireResponse


class RegistryService:
    """Answers everything that is neither Function Compute's nor ACR's."""

    def __init__(self, routes: OciRoutes, gate: Gate, storage: Storage) -> None:
        self._routes = routes
        self._gate = gate
        self._storage = storage

    def action(self, request: WireRequest) -> tuple[str, str]:
        """What the call is recorded as, and what it is about."""
        if request.path == "/auth":
            return f"{request.method} token", " ".join(request.params("scope"))
        if request.path.startswith("/_storage/"):
            return f"{request.method} storage", request.path.removeprefix("/_storage/")
        return self._routes.action(request)

    def answer(self, request: WireRequest) -> WireResponse:
        """Raises OciError."""
        if request.path == "/auth" and request.method == "GET":
            return self._gate.token(request)
        if request.path.startswith("/_storage/"):
            return self._storage.answer(request)
        return self._routes.answer(request)

    def failed(self, error: ApiError) -> WireResponse:
        return errors.response(error)
