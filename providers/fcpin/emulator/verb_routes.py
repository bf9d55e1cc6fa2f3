"""The verbs over HTTP: `POST /_emulator/<verb>`, arguments and answer in JSON."""

import inspect
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fcpin.emulator.account import Account
from fcpin.emulator.errors import EmulatorError
from fcpin.emulator.fc.instances import InvokeResult
from fcpin.emulator.verbs import NAMES, Verbs
from fcpin.emulator.wire import WireRequest, WireResponse


class VerbRoutes:
    """Carries out verbs, and reports on the emulator itself."""

    def __init__(self, account: Account, verbs: Verbs) -> None:
        self._account = account
        self._known: dict[str, Callable[..., Any]] = {name: getattr(verbs, name) for name in NAMES} | {
            "calls": self._calls,
            "clear_calls": account.calls.clear,
            "about": self._about,
        }

    def answer(self, name: str, request: WireRequest) -> WireResponse:
        """`{"result": …}`, or 400 with `{"error": …}` when it cannot be done."""
        self._account.runs.settle()
        try:
            result = self._carry_out(name, _arguments(request))
        except EmulatorError as error:
            return WireResponse.of_json({"error": str(error)}, 400)
        return WireResponse.of_json({"result": result})

    def _carry_out(self, name: str, arguments: dict[str, Any]) -> Any:
        verb = self._known.get(name)
        if verb is None:
            raise EmulatorError(f"verb {name!r}: there is none of that name; known: {', '.join(self._known)}")
        try:
            inspect.signature(verb).bind(**arguments)
        except TypeError as error:
            raise EmulatorError(f"verb {name}: {error}; it takes {inspect.signature(verb)}") from None
        result = verb(**arguments)
        return asdict(result) if isinstance(result, InvokeResult) else result

    def _about(self) -> dict[str, str]:
        first = self._account.state.instances[0]
        certificate = self._account.state.token_certificate
        return {"instance_id": first.id, "enterprise_host": first.host(), "token_certificate": certificate}

    def _calls(self) -> list[dict[str, str]]:
        return [asdict(call) | {"time": call.time.isoformat()} for call in self._account.calls]


def _arguments(request: WireRequest) -> dict[str, Any]:
    """Raises EmulatorError. The content type keeps pages in a browser from calling verbs."""
    if request.header("content-type").partition(";")[0] != "application/json":
        raise EmulatorError("a verb takes a body of content type application/json")
    try:
        arguments = json.loads(request.body or b"{}")
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        raise EmulatorError("the arguments of a verb are one JSON object")
    return arguments
