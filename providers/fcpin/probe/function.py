"""A function of the probe, and the responses to its creation, updates and calls."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from fcpin.clock import Clock
from fcpin.errors import FunctionRejected
from fcpin.fc.model import RUNTIME, Function
from fcpin.fc.readiness import Readiness, Waiter
from fcpin.fc.runtime_config import DEFAULT_HANDLER
from fcpin.image import Digest, short
from fcpin.json_reader import Wire
from fcpin.probe.api import FC_VERSION, Api, ApiResponse

CPU: Final = 0.05
MEMORY_MB: Final = 128
_SETTINGS: Final[Wire] = {
    "runtime": RUNTIME,
    "handler": DEFAULT_HANDLER,
    "description": "created by fcpin probe; may be deleted",
    "cpu": CPU,
    "memorySize": MEMORY_MB,
    "diskSize": 512,
    "timeout": 5,
    "instanceConcurrency": 1,
    "internetAccess": False,
}
_FUNCTIONS: Final = f"/{FC_VERSION}/functions"
_NOT_FOUND: Final = "FunctionNotFound"
_DELETE_ATTEMPTS: Final = 5
_DELETE_PAUSE: Final = 3.0


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """The result of a CreateFunction or UpdateFunction."""

    response: ApiResponse
    function: Function | None
    """After the operation has ended; None when the request was rejected."""

    @property
    def succeeded(self) -> bool:
        return self.function is not None and Readiness.of(self.function) is Readiness.READY

    @property
    def digest(self) -> Digest | None:
        return self.function.digest if self.function else None

    def __str__(self) -> str:
        if self.function is None:
            return str(self.response)
        if not self.succeeded:
            status = f"state {self.function.state}, last update {self.function.last_update_status}"
            return f"accepted, and then failed ({status}; {self.function.reason})"
        return f"accepted, runs {short(self.digest)}" if self.digest else "accepted, without a resolvedImageUri"


class ProbeFunction:
    """The function *name*. Raises CloudError, ApiUnavailable, DeadlineExceeded, WrongShape."""

    def __init__(self, name: str, api: Api, clock: Clock, deadline: float) -> None:
        self.name = name
        self._api = api
        self._clock = clock
        self._waiter = Waiter(clock, deadline)
        self.may_exist = False
        """From the moment before CreateFunction until the function is known to be deleted."""

    def create(self, container: Wire) -> UpdateResult:
        """CreateFunction, until the operation has ended."""
        self.may_exist = True
        body = {**_SETTINGS, "functionName": self.name, "customContainerConfig": container}
        result = self._result("CreateFunction", "POST", _FUNCTIONS, body)
        self.may_exist = result.response.is_success
        return result

    def update(self, body: Wire) -> UpdateResult:
        """UpdateFunction with exactly this body, until the operation has ended."""
        return self._result("UpdateFunction", "PUT", self._path(), body)

    def deploy(self, image: str, **container: object) -> UpdateResult:
        """UpdateFunction with this `customContainerConfig`."""
        return self.update({"customContainerConfig": {"image": image, **container}})

    def get(self) -> Function:
        """Raises FunctionRejected when FC rejects the request."""
        response = self._api.call("GetFunction", "GET", self._path())
        if not response.is_success:
            raise FunctionRejected(f"function {self.name}: GetFunction {response}")
        return Function.answered(response.body, self.name)

    def invoke(self) -> ApiResponse:
        return self._api.call("InvokeFunction", "POST", f"{self._path()}/invocations")

    def becomes_failed(self, seconds: float) -> bool:
        """Whether the function's state becomes Failed within *seconds*."""
        end = self._clock.monotonic() + seconds
        while True:
            if self.get().state == "Failed":
                return True
            if self._clock.monotonic() >= end:
                return False
            self._clock.sleep(min(1.0, seconds))

    def remove(self) -> None:
        """Raises FunctionRejected when FC does not delete it."""
        if not self.may_exist:
            return
        for _ in range(_DELETE_ATTEMPTS):
            response = self._api.call("DeleteFunction", "DELETE", self._path())
            if response.is_success or response.code == _NOT_FOUND:
                self.may_exist = False
                return
            self._clock.sleep(_DELETE_PAUSE)  # an update may have to end first
        raise FunctionRejected(f"function {self.name}: DeleteFunction {response}")

    def _result(self, action: str, method: str, path: str, body: Wire) -> UpdateResult:
        response = self._api.call(action, method, path, body=body)
        if not response.is_success:
            return UpdateResult(response, None)
        return UpdateResult(response, self._waiter.outcome(Function.answered(response.body, self.name), self.get))

    def _path(self) -> str:
        return f"{_FUNCTIONS}/{quote(self.name, safe='')}"
