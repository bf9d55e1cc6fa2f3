"""A function of the probe's own: made, updated, called and removed, with every answer as it came."""

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
from fcpin.probe.api import Api, Said

VERSION: Final = "2023-03-30"
CPU: Final = 0.05
MEMORY_MB: Final = 128
_SETTINGS: Final[Wire] = {
    "runtime": RUNTIME,
    "handler": DEFAULT_HANDLER,
    "description": "made by fcpin probe; may be deleted",
    "cpu": CPU,
    "memorySize": MEMORY_MB,
    "diskSize": 512,
    "timeout": 5,
    "instanceConcurrency": 1,
    "internetAccess": False,
}
_FUNCTIONS: Final = f"/{VERSION}/functions"
_NOT_FOUND: Final = "FunctionNotFound"
_DELETE_ATTEMPTS: Final = 5
_DELETE_PAUSE: Final = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a CreateFunction or UpdateFunction."""

    said: Said
    function: Function | None
    """As it was when nothing was under way any more; None when the request was refused."""
    seconds: float
    """From the request until then, to the precision of polling."""

    @property
    def succeeded(self) -> bool:
        return self.function is not None and Readiness.of(self.function) is Readiness.READY

    @property
    def digest(self) -> Digest | None:
        return self.function.digest if self.function else None

    def __str__(self) -> str:
        if self.function is None:
            return str(self.said)
        if not self.succeeded:
            status = f"state {self.function.state}, last update {self.function.last_update_status}"
            return f"accepted, and then failed ({status}; {self.function.reason})"
        return f"accepted, runs {short(self.digest)}" if self.digest else "accepted, without a resolvedImageUri"


class ProbeFunction:
    """The function *name*. Raises CloudError, NotNow, DeadlineExceeded, WrongShape."""

    def __init__(self, name: str, api: Api, clock: Clock, deadline: float) -> None:
        self.name = name
        self._api = api
        self._clock = clock
        self._waiter = Waiter(clock, deadline)
        self.may_exist = False
        """Since before CreateFunction was sent, until it is known to be gone."""

    def create(self, container: Wire) -> Outcome:
        """CreateFunction; waits for what becomes of it."""
        self.may_exist = True
        body = {**_SETTINGS, "functionName": self.name, "customContainerConfig": container}
        outcome = self._outcome("CreateFunction", "POST", _FUNCTIONS, body)
        self.may_exist = outcome.said.is_success
        return outcome

    def update(self, body: Wire) -> Outcome:
        """UpdateFunction with exactly this body; waits for what becomes of it."""
        return self._outcome("UpdateFunction", "PUT", self._path(), body)

    def deploy(self, image: str, **container: object) -> Outcome:
        """UpdateFunction with this `customContainerConfig`."""
        return self.update({"customContainerConfig": {"image": image, **container}})

    def send_update(self, body: Wire) -> Said:
        """UpdateFunction, without waiting."""
        return self._api.call("UpdateFunction", "PUT", self._path(), body=body)

    def settle(self, said: Said) -> Function:
        """Wait until nothing is under way; *said* is the last answer that told of the function."""
        return self._waiter.outcome(Function.answered(said.body, self.name), self.get)

    def get(self) -> Function:
        """Raises FunctionRejected when FC does not tell."""
        said = self._api.call("GetFunction", "GET", self._path())
        if not said.is_success:
            raise FunctionRejected(f"function {self.name}: GetFunction {said}")
        return Function.answered(said.body, self.name)

    def listed(self) -> Function | None:
        """What ListFunctions tells of it; None when it is not among the first 100 of its prefix."""
        said = self._api.call("ListFunctions", "GET", _FUNCTIONS, query={"prefix": self.name, "limit": 100})
        found = said.fields("a listing").objects("functions", "a function", required=said.is_success)
        return next((Function.listed(one.wire) for one in found if one.text("functionName") == self.name), None)

    def invoke(self) -> Said:
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
        """Delete it. Raises FunctionRejected when FC does not."""
        if not self.may_exist:
            return
        for _ in range(_DELETE_ATTEMPTS):
            said = self._api.call("DeleteFunction", "DELETE", self._path())
            if said.is_success or said.code == _NOT_FOUND:
                self.may_exist = False
                return
            self._clock.sleep(_DELETE_PAUSE)  # it may be an update that has to end first
        raise FunctionRejected(f"function {self.name}: DeleteFunction {said}")

    def _outcome(self, action: str, method: str, path: str, body: Wire) -> Outcome:
        started = self._clock.monotonic()
        said = self._api.call(action, method, path, body=body)
        function = self.settle(said) if said.is_success else None
        return Outcome(said, function, self._clock.monotonic() - started)

    def _path(self) -> str:
        return f"{_FUNCTIONS}/{quote(self.name, safe='')}"
